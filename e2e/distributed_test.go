// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e && distributed

package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	distributedMembers    = 300
	recordingsOfEach      = 20
	distributedPatience   = 2 * time.Minute
	distributedPolls      = 10 * time.Second
	distributedJob        = "wecom-recording-exporter"
	distributedReceivers  = 2
	distributedShards     = 3
	distributedBudget     = 6000 // of all shards together; the simulated WeCom allows 10,000
	distributedRecordings = distributedMembers * recordingsOfEach
)

// A shard is one of the processes that poll a company together.
type shard struct {
	*exporter

	dir string
}

// A fleet is a company that is polled twice: by shards, whose agents write to a distributed
// store with a ruler, and by one process, which a Prometheus with the same rules scrapes.
type fleet struct {
	t       *testing.T
	company *simulation
	shards  []*shard

	one       *exporter
	reference *prometheus // scrapes it
	receivers []string    // addresses for agents to write to
	store     *prometheus // answers as a Prometheus does
	ruler     *prometheus
}

// TestDistributed compares the totals of the distributed store with those of the one process,
// by host and by recording rule: at first, with a shard that was killed and came back, and after
// a fourth shard was added as docs/sharding.md describes.
func TestDistributed(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.startStore()
	f.startShards(distributedShards)
	f.awaitEqual("three shards")

	f.shards[1].kill(t)
	f.happen("while a shard is down", 40)
	f.awaitMissing(distributedShards - 1)
	f.startShard(1, distributedShards)
	f.awaitEqual("a shard was killed and is back")

	for _, s := range f.shards {
		s.signal(t, syscall.SIGTERM)
		s.await(t, patience)
	}
	f.startShards(distributedShards + 1)
	f.happen("after a fourth shard was added", 40)
	f.awaitEqual("a fourth shard was added")
	f.awaitRules()
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	members := make([]string, distributedMembers)
	server := wecomtest.New(wecomtest.Config{})
	for i := range members {
		members[i] = fmt.Sprintf("member%03d", i)
		for j := range recordingsOfEach {
			server.Put(distributedRecording(members[i], j, time.Now().Add(-time.Duration(j+1)*day)))
		}
	}
	server.SetDirectory(rig.Staff(members...))
	f := &fleet{t: t, company: serveSimulation(t, "127.0.0.1:0", server)}
	f.one = launch(t, freeAddress(t), f.env(), f.args(t.TempDir(), distributedBudget)...)
	f.reference = startPrometheus(t, scraping(t, shippedRules, map[string]*exporter{distributedJob: f.one}))
	return f
}

// distributedRecording is one of 1,000 bytes and more, of which every third is shared with everybody.
func distributedRecording(member string, n int, start time.Time) wecomtest.Recording {
	start = start.Truncate(time.Second)
	id := fmt.Sprintf("%s-%d", member, n)
	file := wecomtest.File{ID: "wf-" + id, Start: start, End: start.Add(time.Second), Size: int64(1000 + n)}
	if n%3 == 0 {
		file.Shares = []wecomtest.Share{{On: true}}
	}
	return wecomtest.Recording{
		ID: id, MeetingID: "hy-" + id, MeetingCode: "code-" + id, Creator: member, Host: member, Title: "周会",
		MeetingStart: start, Files: []wecomtest.File{file},
	}
}

func (f *fleet) env() []string {
	return f.company.credentials("WECOM_AGENT_ID=" + strconv.Itoa(wecomtest.DefaultAgentID))
}

func (f *fleet) args(dir string, budget int) []string {
	return []string{
		"--target.discover=members", "--storage.path=" + dir, "--poll.interval=" + distributedPolls.String(),
		"--poll.idle-interval=" + distributedPolls.String(), fmt.Sprint("--poll.max-requests-per-minute=", budget),
	}
}

// startShards starts all shards of a total. Those that there were keep their stores.
func (f *fleet) startShards(total int) {
	f.t.Helper()
	for len(f.shards) < total {
		f.shards = append(f.shards, &shard{dir: f.t.TempDir()})
	}
	for i := range f.shards {
		f.startShard(i, total)
	}
	for _, s := range f.shards {
		s.awaitStatus(f.t, "/-/ready", 200)
	}
}

// startShard starts a shard, and an agent that scrapes it the first time.
func (f *fleet) startShard(ordinal, total int) {
	f.t.Helper()
	s := f.shards[ordinal]
	isNew := s.exporter == nil
	var address string
	if isNew {
		address = freeAddress(f.t)
	} else {
		address = s.address
	}
	s.exporter = launch(f.t, address, f.env(), append(f.args(s.dir, distributedBudget/total),
		fmt.Sprint("--shard.ordinal=", ordinal), fmt.Sprint("--shard.total=", total))...)
	if isNew {
		f.startAgent(ordinal)
	}
}

// startAgent starts a Prometheus agent that scrapes a shard, and writes to one of the receivers.
func (f *fleet) startAgent(ordinal int) {
	f.t.Helper()
	config := fmt.Sprintf("global: {scrape_interval: 1s}\nscrape_configs:\n"+
		"- {job_name: %s, static_configs: [{targets: ['%s']}]}\nremote_write:\n- {url: 'http://%s/api/v1/receive'}\n",
		distributedJob, f.shards[ordinal].address, f.receivers[ordinal%len(f.receivers)])
	start(f.t, nil, tool(f.t, "PROMETHEUS"), "--agent", "--config.file="+writeFile(f.t, "agent.yml", config),
		"--storage.remote.flush-deadline=1s", "--storage.agent.path="+f.t.TempDir(), "--web.listen-address="+freeAddress(f.t))
}

// startStore starts receivers that share the series among them, a querier over them, and a ruler
// with the shipped rules.
func (f *fleet) startStore() {
	f.t.Helper()
	ring := make([]map[string]string, distributedReceivers)
	endpoints := make([]string, distributedReceivers)
	for i := range endpoints {
		endpoints[i] = freeAddress(f.t)
		ring[i] = map[string]string{"address": endpoints[i]}
	}
	hashring, err := json.Marshal([]map[string]any{{"endpoints": ring}})
	if err != nil {
		f.t.Fatal(err)
	}
	for i, endpoint := range endpoints {
		f.receivers = append(f.receivers, freeAddress(f.t))
		f.thanos("receive", "--grpc-address="+endpoint, "--remote-write.address="+f.receivers[i],
			"--tsdb.path="+f.t.TempDir(), fmt.Sprintf("--label=receiver=\"%d\"", i),
			"--receive.hashrings-file="+writeFile(f.t, "hashring.json", string(hashring)), "--receive.local-endpoint="+endpoint,
			"--receive.hashrings-algorithm=ketama", "--receive.capnproto-address="+freeAddress(f.t))
	}
	rules, err := filepath.Abs(shippedRules)
	if err != nil {
		f.t.Fatal(err)
	}
	ruling := freeAddress(f.t)
	f.store = f.thanos("query", "--grpc-address="+freeAddress(f.t),
		"--endpoint="+endpoints[0], "--endpoint="+endpoints[1], "--endpoint="+ruling)
	f.ruler = f.thanos("rule", "--grpc-address="+ruling, "--data-dir="+f.t.TempDir(), "--rule-file="+rules,
		"--query="+f.store.url, "--label=ruler=\"0\"", "--eval-interval=1s")
}

// thanos starts a component of it. What it answers is at the URL.
func (f *fleet) thanos(component string, args ...string) *prometheus {
	f.t.Helper()
	address := freeAddress(f.t)
	args = append([]string{component, "--log.level=warn", "--http-address=" + address, "--http-grace-period=1s", "--grpc-grace-period=1s"}, args...)
	return &prometheus{process: start(f.t, nil, tool(f.t, "THANOS"), args...), url: "http://" + address}
}

// happen adds recordings that began after counting did, and removes as many that were there.
func (f *fleet) happen(what string, n int) {
	f.t.Helper()
	f.t.Logf("%s: %d recordings appear, and as many are deleted", what, n)
	<-time.After(time.Second) // WeCom's times are whole seconds: none may be before the birth of a ledger.
	offset := recordingsOfEach + len(f.company.Requests())
	for i := range n {
		member := fmt.Sprintf("member%03d", (i*7)%distributedMembers)
		f.company.Put(distributedRecording(member, offset+i, time.Now()))
		f.company.Remove(fmt.Sprintf("member%03d-%d", (i*11)%distributedMembers, 1+len(f.shards)))
	}
}

// awaitMissing waits until as many shards are up.
func (f *fleet) awaitMissing(up int) {
	f.t.Helper()
	f.store.awaitQuery(f.t, fmt.Sprintf(`count by (job) (up{job=%q} == 1)`, distributedJob), map[string]float64{distributedJob: float64(up)})
}

// comparedByHost are compared host by host with what the one process serves.
var comparedByHost = []string{
	"wecom_recordings", "wecom_recording_files", "wecom_recording_bytes", "wecom_recording_exposed_files",
	"wecom_recordings_discovered_total", "wecom_recording_discovered_bytes_total",
}

// comparedAsSums are compared as sums by corp.
var comparedAsSums = []string{
	"wecom_recordings_removed_total", "wecom_recording_sharing_changes_total", "wecom_recording_file_size_bytes_sum",
	"wecom_recording_file_size_bytes_count", "wecom_recording_sharing_files", "wecom_poll_targets",
}

// totals returns what a Prometheus, or what answers like one, says of both.
func totals(t *testing.T, p *prometheus) (map[string]float64, error) {
	t.Helper()
	all := map[string]float64{}
	for _, name := range comparedByHost {
		found, err := p.query(t, "host", "sum by (host) ("+name+")")
		if err != nil {
			return nil, err
		}
		for host, value := range found {
			all[name+" of "+host] = value
		}
	}
	for _, name := range comparedAsSums {
		found, err := p.query(t, "corp", "sum by (corp) ("+name+")")
		if err != nil {
			return nil, err
		}
		all[name] = found["default"]
	}
	return all, nil
}

// awaitEqual waits until both have observed everything, and logs how long that took.
func (f *fleet) awaitEqual(when string) {
	f.t.Helper()
	begin := time.Now()
	want := float64(distributedRecordings)
	var compared map[string]float64
	eventually(f.t, distributedPatience, func() error {
		reference, err := totals(f.t, f.reference)
		if err != nil {
			return err
		}
		stored, err := totals(f.t, f.store)
		if err != nil {
			return err
		}
		recordings := 0.0
		for name, value := range reference {
			if strings.HasPrefix(name, "wecom_recordings of ") {
				recordings += value
			}
		}
		if recordings != want || reference["wecom_poll_targets"] != distributedMembers {
			return fmt.Errorf("the one process has %v recordings of %v targets", recordings, reference["wecom_poll_targets"])
		}
		if diff := cmp.Diff(reference, stored); diff != "" {
			return fmt.Errorf("(-one process +store):\n%s", diff)
		}
		compared = stored
		return nil
	})
	f.t.Logf("distributed: %s: %d totals are equal after %.0f s: recordings %d, discovered %v, removed %v", when, len(compared),
		time.Since(begin).Seconds(), distributedRecordings, compared["wecom_recording_file_size_bytes_count"], compared["wecom_recordings_removed_total"])
}

// awaitRules waits until each recording rule that looks at one moment has the same value in the
// ruler of the store as in the Prometheus of the one process.
func (f *fleet) awaitRules() {
	f.t.Helper()
	rules := map[string]bool{}
	for _, rule := range f.reference.rules(f.t) {
		if strings.Contains(rule.Name, ":") && !strings.ContainsAny(rule.Query, "[") && !strings.Contains(rule.Query, " offset ") {
			rules[rule.Name] = true
		}
	}
	compared := 0
	for name := range rules {
		eventually(f.t, distributedPatience, func() error {
			reference, err := f.reference.vector(f.t, name)
			if err != nil {
				return err
			}
			stored, err := f.store.vector(f.t, name)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(reference, stored); diff != "" {
				return fmt.Errorf("%s (-one process +store):\n%s", name, diff)
			}
			compared += len(stored)
			return nil
		})
	}
	if compared < 10 {
		f.t.Errorf("only %d values of rules were compared", compared)
	}
	f.t.Logf("distributed: %d values of %d recording rules are equal in the ruler of the store", compared, len(rules))
}

// vector returns the values of a metric by its labels, but for those that a store adds.
func (p *prometheus) vector(t *testing.T, name string) (map[string]float64, error) {
	t.Helper()
	a, err := get(t.Context(), newClient(), p.url+"/api/v1/query?"+url.Values{"query": {name}}.Encode())
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string `json:"metric"`
				Value  [2]any            `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(a.body, &answer); err != nil {
		return nil, fmt.Errorf("%s: %w", a.body, err)
	}
	values := map[string]float64{}
	for _, sample := range answer.Data.Result {
		delete(sample.Metric, "ruler")
		delete(sample.Metric, "tenant_id")
		var value float64
		if _, err := fmt.Sscan(fmt.Sprint(sample.Value[1]), &value); err != nil {
			return nil, err
		}
		values[fmt.Sprint(sample.Metric)] = value
	}
	return values, nil
}
