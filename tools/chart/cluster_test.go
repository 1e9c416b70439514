// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build apiserver

package chart

import (
	"bytes"
	"context"
	"crypto/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// A cluster is etcd, the API server and the controllers of Kubernetes on loopback. It has no nodes: pods are admitted
// and created, and never start.
type cluster struct {
	config  *rest.Config
	client  *kubernetes.Clientset
	objects *dynamic.DynamicClient

	mu       sync.Mutex
	warnings []string // of the API server
}

// HandleWarningHeader implements rest.WarningHandler.
func (c *cluster) HandleWarningHeader(_ int, _, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.warnings = append(c.warnings, text)
}

// startCluster starts the programs that ETCD, KUBE_APISERVER and KUBE_CONTROLLER_MANAGER name, and creates the types
// of the Prometheus Operator from the folder that CRDS names.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	folder, etcd, peers, api := t.TempDir(), freeAddress(t), freeAddress(t), freeAddress(t)
	certificate(t, folder)
	token := rand.Text()
	for name, content := range map[string]string{
		"tokens":     token + `,admin,admin,"system:masters"` + "\n",
		"kubeconfig": kubeconfig("https://"+api, folder+"/tls.crt", token),
	} {
		if err := os.WriteFile(folder+"/"+name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "ETCD", "--data-dir="+folder+"/etcd", "--unsafe-no-fsync",
		"--listen-client-urls=http://"+etcd, "--advertise-client-urls=http://"+etcd,
		"--listen-peer-urls=http://"+peers, "--initial-advertise-peer-urls=http://"+peers,
		"--initial-cluster=default=http://"+peers)
	host, port, err := net.SplitHostPort(api)
	if err != nil {
		t.Fatal(err)
	}
	run(t, "KUBE_APISERVER", "--etcd-servers=http://"+etcd,
		"--bind-address="+host, "--advertise-address="+host, "--secure-port="+port, "--endpoint-reconciler-type=none",
		"--tls-cert-file="+folder+"/tls.crt", "--tls-private-key-file="+folder+"/tls.key",
		"--token-auth-file="+folder+"/tokens", "--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.0.0.0/24", "--service-account-issuer=https://"+api,
		"--service-account-key-file="+folder+"/tls.key", "--service-account-signing-key-file="+folder+"/tls.key")
	run(t, "KUBE_CONTROLLER_MANAGER", "--kubeconfig="+folder+"/kubeconfig", "--secure-port=0", "--leader-elect=false",
		"--service-account-private-key-file="+folder+"/tls.key", "--root-ca-file="+folder+"/tls.crt")

	c := &cluster{}
	c.config = &rest.Config{
		Host:            "https://" + api,
		BearerToken:     token,
		TLSClientConfig: rest.TLSClientConfig{CAFile: folder + "/tls.crt"},
		WarningHandler:  c,
		QPS:             -1, // no limit
	}
	if c.client, err = kubernetes.NewForConfig(c.config); err != nil {
		t.Fatal(err)
	}
	if c.objects, err = dynamic.NewForConfig(c.config); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the API server is ready", func(ctx context.Context) bool {
		_, err := c.client.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil
	})
	c.createTypes(t)
	return c
}

// run starts the program that an environment variable names, and stops it at the end of the test.
func run(t *testing.T, variable string, args ...string) {
	t.Helper()
	program := os.Getenv(variable)
	if program == "" {
		t.Fatalf("%s is not set; run make chart-apiserver", variable)
	}
	var output bytes.Buffer
	command := exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := command.Process.Signal(os.Interrupt); err != nil {
			t.Errorf("%s ended before the test", variable)
		}
		kill := time.AfterFunc(10*time.Second, func() { _ = command.Process.Kill() })
		defer kill.Stop()
		_ = command.Wait() // etcd exits with the number of the signal.
		if t.Failed() {
			text := output.String()
			t.Logf("%s:\n%s", variable, text[max(0, len(text)-4000):])
		}
	})
}

func kubeconfig(server, certificate, token string) string {
	return `apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test, user: admin}}]
clusters: [{name: test, cluster: {server: "` + server + `", certificate-authority: "` + certificate + `"}}]
users: [{name: admin, user: {token: "` + token + `"}}]
`
}

// createTypes creates the custom resource definitions of the Prometheus Operator that the chart has objects of.
func (c *cluster) createTypes(t *testing.T) {
	t.Helper()
	definitions := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	for _, name := range []string{"servicemonitors", "prometheusrules"} {
		content := readFile(t, filepath.Join(os.Getenv("CRDS"), "monitoring.coreos.com_"+name+".yaml"))
		var definition unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(content), &definition.Object); err != nil {
			t.Fatal(err)
		}
		if _, err := c.objects.Resource(definitions).Create(t.Context(), &definition, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		monitoring := schema.GroupVersionResource{Group: "monitoring.coreos.com", Version: "v1", Resource: name}
		eventually(t, name+" are served", func(ctx context.Context) bool {
			_, err := c.objects.Resource(monitoring).List(ctx, metav1.ListOptions{})
			return err == nil
		})
	}
}

// everything returns the kinds and names of all objects in a namespace, but for what Kubernetes itself creates in each.
func (c *cluster) everything(ctx context.Context, t *testing.T, namespace string) []string {
	t.Helper()
	lists, err := c.client.Discovery().ServerPreferredNamespacedResources()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, list := range lists {
		group, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.APIResources {
			// The API server warns of Endpoints, which EndpointSlices replace.
			if r.Kind == "Event" || r.Kind == "Endpoints" || !strings.Contains(strings.Join(r.Verbs, " "), "list") {
				continue
			}
			objects, err := c.objects.Resource(group.WithResource(r.Name)).Namespace(namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				t.Fatalf("%s: %v", r.Name, err)
			}
			for _, o := range objects.Items {
				switch name := r.Kind + " " + o.GetName(); name {
				case "ServiceAccount default", "ConfigMap kube-root-ca.crt":
				default:
					found = append(found, name)
				}
			}
		}
	}
	return found
}

// eventually waits for a minute.
func eventually(t *testing.T, what string, isTrue func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !isTrue(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("not within a minute: %s", what)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
