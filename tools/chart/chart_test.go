// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

const (
	root      = "../.."
	chartPath = root + "/deploy/helm/wecom-recording-exporter"
	namespace = "wecom"

	// kubeVersion is the version for which the chart is rendered.
	kubeVersion = "v1.34.4"
)

var update = flag.Bool("update", false, "write the golden files and the table of values in README.md")

// compareGolden reports an error if the file at path does not hold exactly got. With -update
// it writes the file first.
func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := gocmp.Diff(readFile(t, path), got); diff != "" {
		t.Errorf("%s differs; if the change is meant, run the test with -update (-want +got):\n%s", path, diff)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// valueSets returns the values in the folder ci of the chart, by the names of their files.
func valueSets(t *testing.T) map[string]chartutil.Values {
	t.Helper()
	paths, err := filepath.Glob(chartPath + "/ci/*-values.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d sets of values, %v", len(paths), err)
	}
	sets := map[string]chartutil.Values{}
	for _, path := range paths {
		values, err := chartutil.ReadValuesFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sets[strings.TrimSuffix(filepath.Base(path), "-values.yaml")] = values
	}
	return sets
}

// with returns a copy of the minimal values, changed by YAML.
func with(t *testing.T, changes string) chartutil.Values {
	t.Helper()
	values, err := chartutil.ReadValues([]byte(changes))
	if err != nil {
		t.Fatal(err)
	}
	return chartutil.MergeTables(values, valueSets(t)["minimal"])
}

func loadChart(t *testing.T) *chart.Chart {
	t.Helper()
	loaded, err := loader.LoadDir(chartPath)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// render returns what the templates make of values, by the names of their files.
func render(t *testing.T, values chartutil.Values) (map[string]string, error) {
	t.Helper()
	version, err := chartutil.ParseKubeVersion(kubeVersion)
	if err != nil {
		t.Fatal(err)
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = *version
	options := chartutil.ReleaseOptions{Name: "test", Namespace: namespace, Revision: 1, IsInstall: true}
	loaded := loadChart(t)
	all, err := chartutil.ToRenderValues(loaded, values, options, capabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(loaded, all)
	for path, content := range maps.Clone(files) {
		delete(files, path)
		files[filepath.Base(path)] = content
	}
	return files, err
}

// An object is what the chart makes: its text, and what the types of Kubernetes decode from it.
type object struct {
	metav1.Object

	decoded runtime.Object
	text    string
}

// objects renders values and decodes all documents strictly: an unknown or duplicate key is an error.
// The result is sorted by kind and name.
func objects(t *testing.T, values chartutil.Values) []object {
	t.Helper()
	files, err := render(t, values)
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme, monitoringv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	var found []object
	for path, content := range files {
		if !strings.HasSuffix(path, ".yaml") {
			continue
		}
		for text := range strings.SplitSeq(content, "\n---\n") {
			if text = strings.TrimPrefix(strings.TrimSpace(text), "---\n"); text == "" {
				continue
			}
			decoded, _, err := decoder.Decode([]byte(text), nil, nil)
			if err != nil {
				t.Fatalf("%s: %v\n%s", path, err, text)
			}
			meta, ok := decoded.(metav1.Object)
			if !ok {
				t.Fatalf("%s: %T has no metadata", path, decoded)
			}
			found = append(found, object{Object: meta, decoded: decoded, text: text})
		}
	}
	slices.SortFunc(found, func(a, b object) int {
		return cmp.Or(cmp.Compare(a.kind(), b.kind()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return found
}

func (o object) kind() string { return o.decoded.GetObjectKind().GroupVersionKind().Kind }

// only returns the one object of a type.
func only[T any](t *testing.T, objects []object) T {
	t.Helper()
	found := each[T](objects)
	if len(found) != 1 {
		t.Fatalf("%d objects of type %T, want 1", len(found), *new(T))
	}
	return found[0]
}

// each returns the objects of a type.
func each[T any](objects []object) []T {
	var found []T
	for _, o := range objects {
		if typed, ok := o.decoded.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// podTemplate returns the pod of the StatefulSet or of the Deployment, of which there is one.
func podTemplate(t *testing.T, objects []object) corev1.PodTemplateSpec {
	t.Helper()
	if len(each[*appsv1.Deployment](objects)) > 0 {
		return only[*appsv1.Deployment](t, objects).Spec.Template
	}
	return only[*appsv1.StatefulSet](t, objects).Spec.Template
}

// container returns the one container of the pod.
func container(t *testing.T, objects []object) corev1.Container {
	t.Helper()
	containers := podTemplate(t, objects).Spec.Containers
	if len(containers) != 1 {
		t.Fatalf("%d containers", len(containers))
	}
	return containers[0]
}

// TestLint runs `helm lint --strict` with each set of values.
func TestLint(t *testing.T) {
	t.Parallel()
	version, err := chartutil.ParseKubeVersion(kubeVersion)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range valueSets(t) {
		for _, message := range lint.AllWithKubeVersion(chartPath, values, namespace, version).Messages {
			if message.Severity > support.InfoSev {
				t.Errorf("%s: %v", name, message)
			}
		}
	}
}

// TestGolden compares all objects of each set of values with a file that a person has read. Rules and
// dashboards are left out: other tests compare them with their sources.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, values := range valueSets(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, o := range objects(t, values) {
				text := o.text
				if o.kind() == "PrometheusRule" {
					text, _, _ = strings.Cut(text, "\nspec:\n")
				}
				if _, isDashboard := o.GetLabels()["grafana_dashboard"]; isDashboard {
					text, _, _ = strings.Cut(text, ".json: |-\n")
				}
				fmt.Fprintf(&b, "---\n%s\n", text)
			}
			compareGolden(t, "testdata/"+name+".golden.yaml", b.String())
		})
	}
}

// TestNotes compares what Helm prints after an installation.
func TestNotes(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	sets := valueSets(t)
	for _, name := range slices.Sorted(maps.Keys(sets)) {
		files, err := render(t, sets[name])
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "== %s\n%s\n", name, files["NOTES.txt"])
	}
	compareGolden(t, "testdata/notes.golden.txt", b.String())
}
