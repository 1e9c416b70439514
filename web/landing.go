// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/version"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/changes"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/query"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

//go:embed landing.html
var landingHTML string

var landingTemplate = page.New(landingHTML)

// latestChanges is how many changes the page shows.
const latestChanges = 5

type landingPage struct {
	page.Frame

	Version string
	Links   []landingLink
	// Details are of single recordings; nil: they are off.
	Details *landingDetails
}

// The landingDetails are the latest changes, and how many recordings have exposed files. Neither
// hosts nor titles are among them: other pages show those.
type landingDetails struct {
	Exposed                        int
	ExposedAddress, ChangesAddress string
	Latest                         []changes.Row
}

// A landingLink leads to a page. Its address is relative, so that it holds below the
// prefix of a proxy.
type landingLink struct {
	Address, Text, Description string
}

// serveLanding serves the page at /, which leads to the others.
func (o Options) serveLanding(w http.ResponseWriter, r *http.Request) {
	values, err := query.Parse(r.URL.RawQuery, []string{page.ParamLang, page.ParamRefresh})
	if err == nil {
		err = page.CheckParams(values)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	frame := page.NewFrame(r, page.Start, values, time.Now(), landingTexts, o.Recordings != nil)
	var details *landingDetails
	if o.Recordings != nil && o.Changes != nil {
		details, err = o.findDetails(r.Context(), values, frame.Language)
	}
	if err != nil { // The client has gone, or seems to.
		http.Error(w, "Finding the latest changes took too long: try again later.", http.StatusServiceUnavailable)
		return
	}
	page.Serve(w, o.Logger, landingTemplate, landingPage{
		Frame:   frame,
		Version: version.Info(),
		Links:   o.landingLinks(frame.Text),
		Details: details,
	})
}

// findDetails returns the details of recordings for the page of a query.
func (o Options) findDetails(
	ctx context.Context, values url.Values, language wecom.Language,
) (*landingDetails, error) {
	exposed := collector.RecordingQuery{RecordingQuery: poll.RecordingQuery{Limit: 1}}
	exposed.Exposed = new(true)
	_, totals, err := o.Recordings.Recordings(ctx, exposed)
	if err != nil {
		return nil, fmt.Errorf("finding exposed recordings: %w", err)
	}
	latest, err := changes.Latest(ctx, o.Changes, latestChanges, values, language)
	if err != nil {
		return nil, fmt.Errorf("finding the latest changes: %w", err)
	}
	return &landingDetails{
		Exposed:        totals.Recordings,
		ExposedAddress: page.Address(page.Recordings, values, map[string]string{"exposed": "true"}),
		ChangesAddress: page.Address(page.Changes, values, nil),
		Latest:         latest,
	}, nil
}

func (o Options) landingLinks(text map[string]string) []landingLink {
	var links []landingLink
	add := func(path, key string) {
		links = append(links, landingLink{
			// Without the dot, a colon in the path would end the scheme of an address.
			Address:     "./" + strings.TrimPrefix(path, "/"),
			Text:        text[key],
			Description: text[key+"Description"],
		})
	}
	add(o.TelemetryPath, "metrics")
	add(pathTargets, "targets")
	if o.Recordings != nil {
		add(pathRecordings, "recordings")
	}
	if o.Changes != nil {
		add(pathChanges, "changes")
	}
	add(pathReady, "ready")
	add(pathHealthy, "healthy")
	if o.Pprof {
		add(pathPprof+"/", "profiles")
	}
	return links
}

var landingTexts = map[wecom.Language]map[string]string{
	wecom.English: {
		"title":                 "Start",
		"description":           "Prometheus exporter for the cloud recordings of WeCom (企业微信) meetings",
		"version":               "Version",
		"metrics":               "Metrics",
		"metricsDescription":    "what Prometheus scrapes",
		"targets":               "Targets",
		"targetsDescription":    "how polling goes: who is asked for, and what fails",
		"exposed":               "Recordings with exposed files:",
		"latest":                "Latest changes",
		"noChanges":             "There are none yet.",
		"isExposed":             "exposed",
		"gone":                  "removed from WeCom",
		"becomes":               "then",
		"allChanges":            "all changes",
		"recordings":            "Recordings",
		"recordingsDescription": "which recordings stand behind the metrics",
		"changes":               "Changes",
		"changesDescription":    "what was shared, opened up or removed, and when",
		"ready":                 "Ready",
		"readyDescription":      "whether the first round of polls is over",
		"healthy":               "Healthy",
		"healthyDescription":    "whether the process lives",
		"profiles":              "Profiles",
		"profilesDescription":   "CPU, memory and goroutines, for go tool pprof",
	},
	wecom.Chinese: {
		"title":                 "首页",
		"description":           "企业微信会议云录制的 Prometheus exporter",
		"version":               "版本",
		"metrics":               "指标",
		"metricsDescription":    "供 Prometheus 抓取",
		"targets":               "目标",
		"targetsDescription":    "轮询情况：查询了谁，哪些失败",
		"exposed":               "含暴露文件的录制：",
		"latest":                "最近变更",
		"noChanges":             "暂无。",
		"isExposed":             "暴露",
		"gone":                  "已从企业微信删除",
		"becomes":               "变为",
		"allChanges":            "全部变更",
		"recordings":            "录制",
		"recordingsDescription": "指标背后是哪些录制",
		"changes":               "变更",
		"changesDescription":    "何时开启、放宽或关闭了共享，删除了哪些录制",
		"ready":                 "就绪",
		"readyDescription":      "首轮轮询是否已结束",
		"healthy":               "存活",
		"healthyDescription":    "进程是否存活",
		"profiles":              "性能剖析",
		"profilesDescription":   "CPU、内存与协程，供 go tool pprof 使用",
	},
}
