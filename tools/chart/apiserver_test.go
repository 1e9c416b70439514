// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build apiserver

package chart

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
)

// TestAPIServer installs, upgrades, rolls back and uninstalls the chart with each set of values. Pods are held to the Pod
// Security Standard "restricted".
func TestAPIServer(t *testing.T) { //nolint:paralleltest // The sets of values share the namespace monitoring.
	started := time.Now()
	c := startCluster(t)
	version, err := c.client.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("Kubernetes %s is up after %.1f s", version.GitVersion, time.Since(started).Seconds())
	c.namespace(t, "monitoring")
	sets := valueSets(t)
	for _, name := range slices.Sorted(maps.Keys(sets)) { //nolint:paralleltest // See above.
		t.Run(name, func(t *testing.T) {
			started := time.Now()
			c.testRelease(t, "chart-"+name, sets[name])
			t.Logf("%.1f s", time.Since(started).Seconds())
		})
	}
	if len(c.warnings) > 0 {
		t.Errorf("the API server warns: %q", c.warnings)
	}
}

func (c *cluster) testRelease(t *testing.T, namespace string, values chartutil.Values) {
	t.Helper()
	c.namespace(t, namespace)
	helm := c.helm(t, namespace)

	install := action.NewInstall(helm)
	install.ReleaseName, install.Namespace = "test", namespace
	installed, err := install.RunWithContext(t.Context(), loadChart(t), values)
	if err != nil {
		t.Fatal(err)
	}
	c.checkObjects(t, namespace, installed)
	first := c.workload(t, namespace)
	c.checkPods(t, namespace, first)

	// An upgrade to another version of the chart, with another flag and more shards.
	newer := loadChart(t)
	newer.Metadata.Version = "0.1.1"
	changes := chartutil.Values{"log": map[string]any{"level": "error"}}
	if first.shards > 1 {
		changes["shards"] = first.shards + 2
	}
	upgrade := action.NewUpgrade(helm)
	upgrade.Namespace = namespace
	upgraded, err := upgrade.RunWithContext(t.Context(), "test", newer, chartutil.MergeTables(changes, values))
	if err != nil {
		t.Fatal(err)
	}
	second := c.workload(t, namespace)
	if upgraded.Version != 2 || argument(second.template.Spec.Containers[0], "--log.level") != "error" {
		t.Errorf("revision %d, %v", upgraded.Version, second.template.Spec.Containers[0].Args)
	}
	if first.shards > 1 {
		if total := argument(second.template.Spec.Containers[0], "--shard.total"); total != strconv.Itoa(first.shards+2) {
			t.Errorf("%s shards after the upgrade", total)
		}
		eventually(t, "pods of the new shards", func(ctx context.Context) bool { return len(c.pods(ctx, t, namespace)) == first.shards+2 })
	}

	rollback := action.NewRollback(helm)
	rollback.Version = 1
	if err := rollback.Run("test"); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(first, c.workload(t, namespace), gocmp.AllowUnexported(workloadState{})); diff != "" {
		t.Errorf("after the rollback (-before +after):\n%s", diff)
	}
	c.checkObjects(t, namespace, installed)

	// From a StatefulSet to a Deployment and back, or the other way round.
	if first.shards == 1 {
		other := chartutil.Values{"persistence": map[string]any{"enabled": first.kind == "Deployment"}}
		if _, err := upgrade.RunWithContext(t.Context(), "test", newer, chartutil.MergeTables(other, values)); err != nil {
			t.Fatal(err)
		}
		if kind := c.workload(t, namespace).kind; kind == first.kind {
			t.Errorf("there is still a %s", kind)
		}
		if err := rollback.Run("test"); err != nil {
			t.Fatal(err)
		}
		if kind := c.workload(t, namespace).kind; kind != first.kind {
			t.Errorf("the %s is not back", first.kind)
		}
	}

	if _, err := action.NewUninstall(helm).Run("test"); err != nil {
		t.Fatal(err)
	}
	c.checkLeftovers(t, namespace)
}

// namespace creates a namespace that admits only restricted pods, with what the sets of values expect to be there.
func (c *cluster) namespace(t *testing.T, name string) {
	t.Helper()
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		"pod-security.kubernetes.io/enforce": "restricted",
		"pod-security.kubernetes.io/warn":    "restricted",
	}}}
	if _, err := c.client.CoreV1().Namespaces().Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: existingAccount}}
	if _, err := c.client.CoreV1().ServiceAccounts(name).Create(t.Context(), account, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// existingAccount is the ServiceAccount that the values of corps name.
const existingAccount = "recordings-admin"

// helm returns Helm as it is configured by a kubeconfig.
func (c *cluster) helm(t *testing.T, namespace string) *action.Configuration {
	t.Helper()
	flags := genericclioptions.NewConfigFlags(false)
	flags.APIServer, flags.BearerToken, flags.CAFile = &c.config.Host, &c.config.BearerToken, &c.config.CAFile
	flags.Namespace = &namespace
	flags.WithWrapConfigFn(func(config *rest.Config) *rest.Config {
		config.WarningHandler = c
		config.QPS = -1
		return config
	})
	helm := new(action.Configuration)
	if err := helm.Init(flags, namespace, "secret", func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	return helm
}

// checkObjects checks that all objects of a release are there, and logs how many of each kind.
func (c *cluster) checkObjects(t *testing.T, namespace string, r *release.Release) {
	t.Helper()
	helm := c.helm(t, namespace)
	resources, err := helm.KubeClient.Build(strings.NewReader(r.Manifest), false)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, r := range resources {
		if err := r.Get(); err != nil {
			t.Error(err)
		}
		kinds[r.Mapping.GroupVersionKind.Kind]++
	}
	secret, err := c.client.CoreV1().Secrets(namespace).Get(t.Context(), fmt.Sprintf("sh.helm.release.v1.test.v%d", r.Version), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d objects: %v; Helm stores %d kB", len(resources), kinds, len(secret.Data["release"])/1000)
}

// A workloadState is what has pods.
type workloadState struct {
	kind     string
	shards   int
	template corev1.PodTemplateSpec
	claims   []corev1.PersistentVolumeClaim
}

func (c *cluster) workload(t *testing.T, namespace string) workloadState {
	t.Helper()
	sets, err := c.client.AppsV1().StatefulSets(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	deployments, err := c.client.AppsV1().Deployments(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(sets.Items)+len(deployments.Items) != 1 {
		t.Fatalf("%d StatefulSets and %d Deployments", len(sets.Items), len(deployments.Items))
	}
	if len(deployments.Items) == 1 {
		spec := deployments.Items[0].Spec
		return workloadState{kind: "Deployment", shards: int(*spec.Replicas), template: spec.Template}
	}
	spec := sets.Items[0].Spec
	return workloadState{
		kind:     "StatefulSet",
		shards:   int(*spec.Replicas),
		template: spec.Template,
		claims:   spec.VolumeClaimTemplates,
	}
}

func (c *cluster) pods(ctx context.Context, t *testing.T, namespace string) []corev1.Pod {
	t.Helper()
	pods, err := c.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pods.Items
}

// checkPods waits until the controllers have created the pods, and checks their ordinals and volumes.
func (c *cluster) checkPods(t *testing.T, namespace string, w workloadState) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d pods", w.shards), func(ctx context.Context) bool { return len(c.pods(ctx, t, namespace)) == w.shards })
	var ordinals []string
	for _, p := range c.pods(t.Context(), t, namespace) {
		if ordinal, ok := p.Labels[appsv1.PodIndexLabel]; ok {
			ordinals = append(ordinals, ordinal)
		}
	}
	slices.Sort(ordinals)
	var want []string
	for i := 0; i < w.shards && w.kind == "StatefulSet"; i++ {
		want = append(want, strconv.Itoa(i))
	}
	if !slices.Equal(ordinals, want) {
		t.Errorf("the ordinals of pods are %v, want %v", ordinals, want)
	}
	claims, err := c.client.CoreV1().PersistentVolumeClaims(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := len(w.claims) * w.shards; len(claims.Items) != want {
		t.Errorf("%d volume claims, want %d", len(claims.Items), want)
	}
	t.Logf("%d pods admitted, ordinals %v, %d volume claims", w.shards, ordinals, len(claims.Items))
}

// checkLeftovers waits until nothing is left of a release but volume claims.
func (c *cluster) checkLeftovers(t *testing.T, namespace string) {
	t.Helper()
	var left, claims []string
	eventually(t, "all but volume claims are gone", func(ctx context.Context) bool {
		left, claims = nil, nil
		for _, name := range c.everything(ctx, t, namespace) {
			switch {
			case strings.HasPrefix(name, "PersistentVolumeClaim "):
				claims = append(claims, name)
			case name != "ServiceAccount "+existingAccount:
				left = append(left, name)
			}
		}
		return len(left) == 0
	})
	if left := c.everything(t.Context(), t, "monitoring"); len(left) != 1 {
		t.Errorf("in the namespace monitoring are left %v", left)
	}
	t.Logf("left after uninstalling: %v", claims)
}
