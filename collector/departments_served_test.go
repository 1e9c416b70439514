// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector_test

import (
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// departed returns a directory of li in a department below the root, wang in department 3, and
// zhao in the root.
func departed(li int) wecomtest.Directory {
	d := rig.Staff("li", "wang", "zhao")
	d.Departments = append(d.Departments,
		wecomtest.Department{ID: 2, ParentID: 1}, wecomtest.Department{ID: 3, ParentID: 1})
	d.Members[0].Departments, d.Members[1].Departments = []int{li}, []int{3}
	return d
}

// withDepartments returns a configuration that discovers members, with their departments.
func withDepartments(names map[int64]string) *config.Config {
	cfg := rig.Discovering(true, false)
	cfg.Metrics.Departments = true
	cfg.Corps[0].Departments = names
	return cfg
}

// What discovery finds is published, though no recording has changed; a discovery that finds
// nothing new is not.
func TestDepartmentsAreServed(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(rig.Recorded("r1", "li", 5*rig.Day), rig.Recorded("r2", "wang", 5*rig.Day), rig.Recorded("r3", "leaver", 5*rig.Day))
		server.SetDirectory(departed(2))
		r := rig.Start(t, server, withDepartments(map[int64]string{2: "销售部"}))
		r.Wait(time.Minute)
		r.Expect(map[string]string{
			`wecom_host_info{department="销售部",host="li"}`:   "1",
			`wecom_host_info{department="3",host="wang"}`:   "1",
			`wecom_host_info{department="1",host="zhao"}`:   "-", // No host.
			`wecom_host_info{department="1",host="leaver"}`: "-",
		})
		version := r.Collector.Snapshot().Version
		r.Wait(90 * time.Minute)
		if now := r.Collector.Snapshot().Version; now != version {
			t.Errorf("nothing has changed, and %d snapshots were published", now-version)
		}

		server.SetDirectory(departed(3))
		r.Wait(time.Hour)
		r.Expect(map[string]string{
			`wecom_host_info{department="销售部",host="li"}`: "-",
			`wecom_host_info{department="3",host="li"}`:   "1",
		})
		if now := r.Collector.Snapshot().Version; now != version+1 {
			t.Errorf("%d snapshots were published, want one", now-version)
		}
		if n := calls(server); n["department/list"]+n["user/get"]+n["user/list"]+n["user/list_id"] > 0 {
			t.Errorf("departments took calls of their own: %v", n)
		}
	})
}

// calls returns how often each endpoint was called.
func calls(server *wecomtest.Server) map[string]int {
	n := map[string]int{}
	for _, req := range server.Requests() {
		n[req.Endpoint]++
	}
	return n
}

func TestDepartmentsOverReloads(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(rig.Recorded("r1", "li", 5*rig.Day), rig.Recorded("r2", "wang", 5*rig.Day))
		server.SetDirectory(departed(2))
		r := rig.Start(t, server, rig.Discovering(true, false))
		r.Wait(time.Minute)
		number, name := `wecom_host_info{department="2",host="li"}`, `wecom_host_info{department="Sales",host="li"}`
		r.Expect(map[string]string{number: "-", name: "-"})
		r.Reload(withDepartments(nil))
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{number: "1", name: "-"})
		r.Reload(withDepartments(map[int64]string{2: "Sales"}))
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{number: "-", name: "1"})
		r.Reload(rig.Discovering(true, false))
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{number: "-", name: "-"})
	})
}

// Corps with users of the same IDs, and departments of the same numbers, stay apart.
func TestDepartmentsOfTwoCorps(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(rig.Recorded("r1", "li", 5*rig.Day))
		server.SetDirectory(departed(2))
		cfg := withDepartments(map[int64]string{2: "Sales"})
		globex := cfg.Corps[0]
		globex.Name, globex.Departments = "globex", map[int64]string{2: "R&D"}
		initech := rig.ConfigOf("li").Corps[0]
		initech.Name = "initech"
		cfg.Corps = append(cfg.Corps, globex, initech)
		r := rig.Start(t, server, cfg)
		r.Wait(time.Minute)
		r.Expect(map[string]string{
			`wecom_host_info{department="Sales",host="li"}`:                "1",
			`wecom_host_info{corp="globex",department="R&D",host="li"}`:    "1",
			`wecom_host_info{corp="globex",department="Sales",host="li"}`:  "-",
			`wecom_host_info{corp="initech",department="2",host="li"}`:     "-",
			`wecom_host_info{corp="initech",department="Sales",host="li"}`: "-",
			`wecom_recordings{corp="initech",host="li",state="completed"}`: "1",
		})
	})
}

// After a restart, departments come with the first discovery.
func TestDepartmentsAfterARestart(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := wecomtest.New(wecomtest.Config{})
		server.Put(rig.Recorded("r1", "li", 5*rig.Day))
		server.SetDirectory(departed(2))
		info, files := `wecom_host_info{department="2",host="li"}`, `wecom_recording_files{host="li"}`
		r := rig.Start(t, server, rig.Storing(dir, withDepartments(nil)))
		r.StopAfter(time.Minute)
		away := rig.Start(t, rig.Away, rig.Storing(dir, withDepartments(nil)))
		away.Expect(map[string]string{info: "-", files: "1"})
		away.Stop()
		again := rig.Start(t, server, rig.Storing(dir, withDepartments(nil)))
		again.Wait(10 * time.Second)
		again.Expect(map[string]string{info: "1", files: "1"})
	})
}
