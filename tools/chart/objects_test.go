// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"helm.sh/helm/v3/pkg/chartutil"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"
)

// TestCopies compares the rules and dashboards in the chart with those that it has copies of.
// Helm reads no file outside of a chart, and not every tool that deploys from git follows links.
func TestCopies(t *testing.T) {
	t.Parallel()
	for source, folder := range map[string]string{
		root + "/alerts/*.rules.yml": "rules",
		root + "/dashboards/*.json":  "dashboards",
	} {
		want, got := contents(t, source), contents(t, chartPath+"/files/"+folder+"/*")
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("run make chart-files: %s differ (-source +chart):\n%s", folder, diff)
		}
	}
}

// contents returns the files that match a pattern, by their names.
func contents(t *testing.T, pattern string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
	}
	found := map[string]string{}
	for _, path := range paths {
		found[filepath.Base(path)] = readFile(t, path)
	}
	return found
}

// TestPrometheusRule compares the rules as Kubernetes decodes them with the shipped file. Their
// templates, such as {{ $labels.corp }}, are not Helm's.
func TestPrometheusRule(t *testing.T) {
	t.Parallel()
	rule := only[*monitoringv1.PrometheusRule](t, objects(t, valueSets(t)["shards"]))
	var want monitoringv1.PrometheusRuleSpec
	if err := yaml.UnmarshalStrict([]byte(readFile(t, root+"/alerts/wecom-recording.rules.yml")), &want); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, rule.Spec); diff != "" {
		t.Errorf("the rules differ (-file +chart):\n%s", diff)
	}
	if text := fmt.Sprint(rule.Spec.Groups); !strings.Contains(text, "{{ $labels.corp }}") {
		t.Error("no rule has a template")
	}
	if role := rule.Labels["role"]; role != "alert-rules" {
		t.Errorf("the label role is %q", role)
	}
}

// TestDashboards compares each ConfigMap with the file of the dashboard.
func TestDashboards(t *testing.T) {
	t.Parallel()
	values := valueSets(t)["shards"]
	files := contents(t, root+"/dashboards/*.json")
	for languages, want := range map[string]int{"[en]": 2, "[zh-CN]": 2, "[en, zh-CN]": 4} {
		changes, err := chartutil.ReadValues([]byte("dashboards: {languages: " + languages + "}"))
		if err != nil {
			t.Fatal(err)
		}
		values := chartutil.MergeTables(changes, values)
		found := map[string]string{}
		for _, m := range each[*corev1.ConfigMap](objects(t, values)) {
			if m.Labels["grafana_dashboard"] != "1" || m.Annotations["grafana_folder"] != "WeCom" {
				continue
			}
			maps.Copy(found, m.Data)
		}
		if len(found) != want {
			t.Errorf("%s: %d dashboards, want %d", languages, len(found), want)
		}
		for name, content := range found {
			if content != strings.TrimSuffix(files[name], "\n") || !json.Valid([]byte(content)) {
				t.Errorf("%s: %s differs from the dashboard", languages, name)
			}
		}
	}
}

// TestSecretIsInNoArgument renders secrets and looks for them outside of Secrets.
func TestSecretIsInNoArgument(t *testing.T) {
	t.Parallel()
	for name, values := range valueSets(t) {
		rendered := objects(t, values)
		for _, o := range rendered {
			if o.kind() != "Secret" && strings.Contains(o.text, "made-up") {
				t.Errorf("%s: %s %s has a secret", name, o.kind(), o.GetName())
			}
		}
		c := container(t, rendered)
		for _, e := range c.Env {
			if e.Name == "WECOM_API_SECRET" || e.Name == "WECOM_RECORDING_EXPORTER_WECOM_API_SECRET" {
				t.Errorf("%s: the container has the variable %s", name, e.Name)
			}
		}
		// A mounted file does not change with its Secret, a folder does.
		for _, m := range c.VolumeMounts {
			if m.SubPath != "" || m.SubPathExpr != "" {
				t.Errorf("%s: %s is mounted by a subPath", name, m.MountPath)
			}
		}
	}
}

// TestHardening checks what Kubernetes calls restricted, for every set of values.
func TestHardening(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, values := range valueSets(t) {
		template := podTemplate(t, objects(t, values))
		want := &corev1.SecurityContext{
			AllowPrivilegeEscalation: &no,
			ReadOnlyRootFilesystem:   &yes,
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		}
		if diff := gocmp.Diff(want, template.Spec.Containers[0].SecurityContext); diff != "" {
			t.Errorf("%s: the container (-want +got):\n%s", name, diff)
		}
		user, policy := int64(65532), corev1.FSGroupChangeOnRootMismatch
		wantPod := &corev1.PodSecurityContext{
			RunAsNonRoot:        &yes,
			RunAsUser:           &user,
			RunAsGroup:          &user,
			FSGroup:             &user,
			FSGroupChangePolicy: &policy,
			SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		}
		if diff := gocmp.Diff(wantPod, template.Spec.SecurityContext); diff != "" {
			t.Errorf("%s: the pod (-want +got):\n%s", name, diff)
		}
		if token := template.Spec.AutomountServiceAccountToken; token == nil || *token {
			t.Errorf("%s: the pod has a token", name)
		}
		// With a Service named like the exporter's variables, the exporter would not start.
		if links := template.Spec.EnableServiceLinks; links == nil || *links {
			t.Errorf("%s: the pod has variables of Services", name)
		}
		if period := template.Spec.TerminationGracePeriodSeconds; period == nil || *period != 10 {
			t.Errorf("%s: the pod does not have 10 s to stop", name)
		}
	}
}

func TestWorkload(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, changes string

		kind    string
		pods    int32
		volume  bool
		budget  string
		total   string
		ordinal bool
		pdb     bool
	}{
		{
			name: "one pod with a volume", changes: "{}",
			kind: "StatefulSet", pods: 1, volume: true, budget: "1200",
		},
		{
			name: "one pod without a volume", changes: "persistence: {enabled: false}",
			kind: "Deployment", pods: 1, budget: "1200",
		},
		{
			name: "shards with volumes", changes: "shards: 4",
			kind: "StatefulSet", pods: 4, volume: true, budget: "300", total: "4", ordinal: true, pdb: true,
		},
		{
			name: "shards without volumes", changes: "{shards: 2, persistence: {enabled: false}}",
			kind: "StatefulSet", pods: 2, budget: "600", total: "2", ordinal: true, pdb: true,
		},
		{
			name: "a budget that shards do not divide", changes: "{shards: 7, poll: {maxRequestsPerMinute: 1000}}",
			kind: "StatefulSet", pods: 7, volume: true, budget: "142", total: "7", ordinal: true, pdb: true,
		},
		{
			name: "no disruption budget", changes: "{shards: 3, podDisruptionBudget: {enabled: false}}",
			kind: "StatefulSet", pods: 3, volume: true, budget: "400", total: "3", ordinal: true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rendered := objects(t, with(t, c.changes))
			if kind := workload(rendered); kind != c.kind {
				t.Fatalf("the pods belong to a %s, want a %s", kind, c.kind)
			}
			if c.kind == "StatefulSet" {
				set := only[*appsv1.StatefulSet](t, rendered)
				if *set.Spec.Replicas != c.pods || set.Spec.PodManagementPolicy != appsv1.ParallelPodManagement {
					t.Errorf("%d pods, %s", *set.Spec.Replicas, set.Spec.PodManagementPolicy)
				}
				if hasVolume := len(set.Spec.VolumeClaimTemplates) == 1; hasVolume != c.volume {
					t.Errorf("%d volumes a pod", len(set.Spec.VolumeClaimTemplates))
				}
				if !slices.ContainsFunc(each[*corev1.Service](rendered), func(s *corev1.Service) bool {
					return s.Name == set.Spec.ServiceName && s.Spec.ClusterIP == corev1.ClusterIPNone && s.Spec.PublishNotReadyAddresses
				}) {
					t.Errorf("no headless Service is called %s", set.Spec.ServiceName)
				}
			} else {
				spec := only[*appsv1.Deployment](t, rendered).Spec
				if *spec.Replicas != 1 || spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType {
					t.Errorf("%d pods, %s", *spec.Replicas, spec.Strategy.Type)
				}
			}
			for flag, want := range map[string]string{
				"--poll.max-requests-per-minute": c.budget,
				"--shard.total":                  c.total,
			} {
				if got := argument(container(t, rendered), flag); got != want {
					t.Errorf("%s is %q, want %q", flag, got, want)
				}
			}
			if hasPath := argument(container(t, rendered), "--storage.path") != ""; hasPath != c.volume {
				t.Errorf("--storage.path is set: %t", hasPath)
			}
			isOrdinal := func(e corev1.EnvVar) bool {
				return e.Name == "WECOM_RECORDING_EXPORTER_SHARD_ORDINAL" &&
					e.ValueFrom.FieldRef.FieldPath == "metadata.labels['"+appsv1.PodIndexLabel+"']"
			}
			if hasOrdinal := slices.ContainsFunc(container(t, rendered).Env, isOrdinal); hasOrdinal != c.ordinal {
				t.Errorf("the ordinal is set: %t", hasOrdinal)
			}
			if pdb := each[*policyv1.PodDisruptionBudget](rendered); (len(pdb) == 1) != c.pdb {
				t.Errorf("%d disruption budgets", len(pdb))
			}
		})
	}
}

// workload returns the kinds of objects that have pods.
func workload(objects []object) string {
	var kinds []string
	for _, o := range objects {
		if o.kind() == "StatefulSet" || o.kind() == "Deployment" {
			kinds = append(kinds, o.kind())
		}
	}
	return strings.Join(kinds, " and ")
}

// argument returns the value of a flag of the container.
func argument(c corev1.Container, flag string) string {
	for _, arg := range c.Args {
		if value, ok := strings.CutPrefix(arg, flag+"="); ok {
			return value
		}
	}
	return ""
}

// TestSelectors checks that Services, budgets and policies select the pods, and that the ServiceMonitor selects
// one Service, or each pod would be scraped twice.
func TestSelectors(t *testing.T) {
	t.Parallel()
	for name, values := range valueSets(t) {
		rendered := objects(t, values)
		pod := podTemplate(t, rendered).Labels
		for _, o := range rendered {
			var selector map[string]string
			switch typed := o.decoded.(type) {
			case *corev1.Service:
				selector = typed.Spec.Selector
			case *appsv1.StatefulSet:
				selector = typed.Spec.Selector.MatchLabels
			case *appsv1.Deployment:
				selector = typed.Spec.Selector.MatchLabels
			case *policyv1.PodDisruptionBudget:
				selector = typed.Spec.Selector.MatchLabels
			default:
				continue
			}
			if len(selector) == 0 || !isSubset(selector, pod) {
				t.Errorf("%s: %s selects %v, and pods have %v", name, o.kind(), selector, pod)
			}
		}
		for _, m := range each[*monitoringv1.ServiceMonitor](rendered) {
			selected := 0
			for _, s := range each[*corev1.Service](rendered) {
				if isSubset(m.Spec.Selector.MatchLabels, s.Labels) {
					selected++
				}
			}
			if selected != 1 || !slices.Equal(m.Spec.NamespaceSelector.MatchNames, []string{namespace}) {
				t.Errorf("%s: the ServiceMonitor selects %d Services in %v", name, selected, m.Spec.NamespaceSelector.MatchNames)
			}
		}
		for _, s := range podTemplate(t, rendered).Spec.TopologySpreadConstraints {
			if !isSubset(s.LabelSelector.MatchLabels, pod) {
				t.Errorf("%s: pods are spread by %v", name, s.LabelSelector)
			}
		}
	}
}

func isSubset(want, of map[string]string) bool {
	for key, value := range want {
		if of[key] != value {
			return false
		}
	}
	return true
}

// TestTargetLabels runs Prometheus's relabeling with the labels that the Prometheus Operator gives a target.
func TestTargetLabels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		want map[string]string
	}{
		{
			name: "shards",
			want: map[string]string{"instance": "recordings-2.recordings-headless.wecom.svc:10168"},
		},
		{
			name: "memory",
			want: map[string]string{
				"instance":     "test-wecom-recording-exporter.wecom.svc:10168",
				"exporter_url": "https://recordings.example.com",
				"grafana_url":  "https://grafana.example.com",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			monitor := only[*monitoringv1.ServiceMonitor](t, objects(t, valueSets(t)[c.name]))
			target := labels.NewBuilder(labels.FromMap(map[string]string{
				"__meta_kubernetes_pod_name": "recordings-2",
				"job":                        "recordings",
				"instance":                   "10.1.2.3:10168",
				"namespace":                  namespace,
				"service":                    "recordings",
				"pod":                        "recordings-2",
				"container":                  "exporter",
				"endpoint":                   "metrics",
			}))
			if !relabel.ProcessBuilder(target, relabelings(t, monitor.Spec.Endpoints[0].RelabelConfigs)...) {
				t.Fatal("the target is dropped")
			}
			want := map[string]string{
				"__meta_kubernetes_pod_name": "recordings-2",
				"job":                        "wecom-recording-exporter",
				"namespace":                  namespace,
				"service":                    "recordings",
				"container":                  "exporter",
			}
			maps.Copy(want, c.want)
			if diff := gocmp.Diff(want, target.Labels().Map()); diff != "" {
				t.Errorf("the target (-want +got):\n%s", diff)
			}
		})
	}
}

// relabelings returns what Prometheus makes of the operator's configuration.
func relabelings(t *testing.T, configs []monitoringv1.RelabelConfig) []*relabel.Config {
	t.Helper()
	found := make([]*relabel.Config, 0, len(configs))
	for _, c := range configs {
		made := relabel.DefaultRelabelConfig
		made.NameValidationScheme = model.UTF8Validation
		made.TargetLabel = c.TargetLabel
		if c.Action != "" {
			made.Action = relabel.Action(c.Action)
		}
		if c.Replacement != nil {
			made.Replacement = *c.Replacement
		}
		if c.Regex != "" {
			made.Regex = relabel.MustNewRegexp(c.Regex)
		}
		for _, l := range c.SourceLabels {
			made.SourceLabels = append(made.SourceLabels, model.LabelName(l))
		}
		if err := made.Validate(model.UTF8Validation); err != nil {
			t.Fatal(err)
		}
		found = append(found, &made)
	}
	return found
}

// TestNoLabelOfTheTarget finds labels of metrics that are labels of the target too: Prometheus would rename
// the former.
func TestNoLabelOfTheTarget(t *testing.T) {
	t.Parallel()
	column := regexp.MustCompile("(?m)^\\| `wecom_[a-z_]+` \\| [a-z]+ \\| ([^|]*) \\|")
	metrics := column.FindAllStringSubmatch(readFile(t, root+"/docs/metrics.md"), -1)
	if len(metrics) < 20 {
		t.Fatalf("%d metrics", len(metrics))
	}
	for _, m := range metrics {
		for _, label := range []string{"job", "instance", "namespace", "service", "container", "exporter_url", "grafana_url"} {
			if strings.Contains(m[1], "`"+label+"`") {
				t.Errorf("%s: the target has the label %s too", m[0], label)
			}
		}
	}
}

func TestProbes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, changes string
		want          corev1.ProbeHandler
	}{
		{
			name: "plain", changes: "{}",
			want: corev1.ProbeHandler{HTTPGet: get("HTTP")},
		},
		{
			name: "TLS", changes: "web: {config: {tls_server_config: {cert_file: a, key_file: b}}}",
			want: corev1.ProbeHandler{HTTPGet: get("HTTPS")},
		},
		{
			name: "passwords", changes: "web: {config: {basic_auth_users: {a: b}}}",
			want: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: port}},
		},
		{
			name:    "client certificates",
			changes: "web: {config: {tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAndVerifyClientCert}}}",
			want:    corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: port}},
		},
		{
			name:    "client certificates that may be missing",
			changes: "web: {config: {tls_server_config: {cert_file: a, key_file: b, client_auth_type: VerifyClientCertIfGiven}}}",
			want:    corev1.ProbeHandler{HTTPGet: get("HTTPS")},
		},
		{
			name: "a probe of the user", changes: "livenessProbe: {exec: {command: [/wecom_recording_exporter, healthcheck]}}",
			want: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"/wecom_recording_exporter", "healthcheck"}}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			probe := container(t, objects(t, with(t, c.changes))).LivenessProbe
			if probe.HTTPGet != nil && probe.HTTPGet.Scheme == "" {
				probe.HTTPGet.Scheme = "HTTP"
			}
			if diff := gocmp.Diff(c.want, probe.ProbeHandler); diff != "" {
				t.Errorf("the probe (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRollout checks which changes of values make new pods: those of what the exporter reads at start only.
func TestRollout(t *testing.T) {
	t.Parallel()
	corps := func(id string) string {
		return "{config: {corps: [{name: a, corp_id: " + id + "}]}, wecom: {corpId: '', agentId: ''}}"
	}
	for _, c := range []struct {
		name, before, after string
		want                bool
	}{
		{name: "configuration", before: corps("ww1"), after: corps("ww2"), want: true},
		{name: "target", before: "targets: {userids: [a]}", after: "targets: {userids: [a, b]}"},
		{name: "accepted exposure", before: "policy: {accepted: [{id: a, reason: b}]}", after: "policy: {accepted: [{id: c, reason: b}]}"},
		{name: "app secret", before: "secret: {data: {api-secret: a}}", after: "secret: {data: {api-secret: b}}"},
		{name: "password", before: "web: {config: {basic_auth_users: {a: b}}}", after: "web: {config: {basic_auth_users: {a: c}}}"},
		{name: "flag", before: "{}", after: "log: {level: debug}", want: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before, after := objects(t, with(t, c.before)), objects(t, with(t, c.after))
			if gocmp.Equal(texts(before), texts(after)) {
				t.Fatal("nothing changes")
			}
			if changed := !gocmp.Equal(podTemplate(t, before), podTemplate(t, after)); changed != c.want {
				t.Errorf("the pods change: %t, want %t", changed, c.want)
			}
		})
	}
}

func texts(objects []object) []string {
	found := make([]string, 0, len(objects))
	for _, o := range objects {
		found = append(found, o.text)
	}
	return found
}

// TestVolumeTemplateIsConstant checks that the template of volumes does not depend on the version of the chart
// or on labels: Kubernetes refuses a change of it, and with it each upgrade.
func TestVolumeTemplateIsConstant(t *testing.T) {
	t.Parallel()
	rendered := objects(t, with(t, "{commonLabels: {a: b}, podLabels: {c: d}}"))
	claim := only[*appsv1.StatefulSet](t, rendered).Spec.VolumeClaimTemplates[0]
	want := map[string]string{"app.kubernetes.io/name": "wecom-recording-exporter", "app.kubernetes.io/instance": "test"}
	if diff := gocmp.Diff(want, claim.Labels); diff != "" {
		t.Errorf("labels of the volume (-want +got):\n%s", diff)
	}
}

// TestRefusedValues has values that end an installation, and what the error says.
func TestRefusedValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, changes, want string }{
		{name: "unknown key", changes: "wecom: {corpid: ww1}", want: "'corpid' not allowed"},
		{name: "unknown key at the top", changes: "replicas: 2", want: "'replicas' not allowed"},
		{name: "no number of shards", changes: "shards: many", want: "/shards"},
		{name: "no shard", changes: "shards: 0", want: "/shards"},
		{name: "unknown discovery", changes: "targets: {discover: [everyone]}", want: "/targets/discover/0"},
		{name: "number for a user", changes: "targets: {userids: [10086]}", want: "/targets/userids/0"},
		{name: "duration", changes: "poll: {interval: 5 minutes}", want: "/poll/interval"},
		{name: "settled interval", changes: "poll: {settledInterval: often}", want: "/poll/settledInterval"},
		{name: "access for several nodes", changes: "persistence: {accessModes: [ReadWriteMany]}", want: "/persistence/accessModes/0"},
		{name: "digest", changes: "image: {digest: latest}", want: "/image/digest"},
		{name: "language", changes: "dashboards: {languages: [zh]}", want: "/dashboards/languages/0"},
		{name: "acceptance without a reason", changes: "policy: {accepted: [{id: a}]}", want: "reason"},
		{name: "no corp", changes: "wecom: {corpId: ''}", want: "wecom.corpId is missing"},
		{name: "no agent ID", changes: "wecom: {agentId: ''}", want: "wecom.agentId is missing"},
		{name: "no target", changes: "targets: {discover: []}", want: "targets is empty"},
		{name: "no secret", changes: "secret: {data: null}", want: "the app secret is missing"},
		{name: "secret under another key", changes: "secret: {key: other}", want: "secret.data lacks the key other"},
		{name: "two secrets", changes: "secret: {existingSecret: a}", want: "exclude each other"},
		{name: "secret in the environment", changes: "extraEnv: [{name: WECOM_API_SECRET, value: a}]", want: "put the app secret into secret"},
		{name: "configuration and corp", changes: "config: {corps: []}", want: "config replaces wecom"},
		{
			name:    "configuration and targets",
			changes: "{config: {corps: []}, wecom: {corpId: '', agentId: ''}, targets: {userids: [a]}}",
			want:    "config replaces targets",
		},
		{
			name:    "configuration and retention",
			changes: "{config: {corps: []}, wecom: {corpId: '', agentId: ''}, policy: {retention: 90d}}",
			want:    "config replaces policy.retention",
		},
		{
			name:    "budget of a shard",
			changes: "{shards: 2, config: {poll: {max_requests_per_minute: 9}}, wecom: {corpId: '', agentId: ''}}",
			want:    "poll.maxRequestsPerMinute",
		},
		{name: "less budget than shards", changes: "{shards: 9, poll: {maxRequestsPerMinute: 8}}", want: "less than shards"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := render(t, with(t, c.changes)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want one with %q", err, c.want)
			}
		})
	}
}

// TestNames checks that names of objects fit, whatever the release is called.
func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a-very-long-name-", 10)
	for _, o := range objects(t, with(t, "{fullnameOverride: "+long+"x, serviceMonitor: {enabled: true}}")) {
		if name := o.GetName(); len(name) > 63 || strings.HasSuffix(name, "-") {
			t.Errorf("%s is called %s, %d characters", o.kind(), name, len(name))
		}
		if _, isSet := o.decoded.(*appsv1.StatefulSet); isSet && len(o.GetName()) > 52 {
			t.Errorf("the StatefulSet is called %s: the label of its revision would be too long", o.GetName())
		}
	}
	for _, o := range objects(t, with(t, "commonLabels: {team: a}")) {
		if o.GetNamespace() != namespace || o.GetLabels()["team"] != "a" {
			t.Errorf("%s %s: namespace %q, labels %v", o.kind(), o.GetName(), o.GetNamespace(), o.GetLabels())
		}
	}
}

// port is the one that has a name in the container.
var port = intstr.FromString("metrics")

func get(scheme corev1.URIScheme) *corev1.HTTPGetAction {
	return &corev1.HTTPGetAction{Path: "/-/healthy", Port: port, Scheme: scheme}
}
