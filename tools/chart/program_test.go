// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/chartutil"
	corev1 "k8s.io/api/core/v1"
)

// TestProgram runs the exporter with the arguments, variables and files of the container.
func TestProgram(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "exporter")
	// With the flags of `make build`, so that CI compiles it once.
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-o", program, ".")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for name, values := range valueSets(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args, env := materialize(t, values)
			// It refuses what `serve` would refuse at start.
			check := exec.CommandContext(t.Context(), program, append([]string{"check", "--offline", "--language=en"}, args...)...)
			check.Env = env
			output, err := check.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %v\n%s", args, err, output)
			}
			if strings.Contains(string(output), "made-up") {
				t.Errorf("the output has a secret:\n%s", output)
			}
			if name == "shards" {
				start(t, program, args, env)
			}
		})
	}
}

// start starts the demo with the arguments and variables, and waits until it is healthy.
func start(t *testing.T, program string, args, env []string) {
	t.Helper()
	address := freeAddress(t)
	demo := exec.CommandContext(t.Context(), program, append([]string{"demo", "--web.listen-address=" + address}, args...)...)
	demo.Env = env
	var output strings.Builder
	demo.Stdout, demo.Stderr = &output, &output
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for exec.CommandContext(t.Context(), program, "healthcheck", "http://"+address).Run() != nil {
		if time.Now().After(deadline) {
			t.Error("the exporter is not healthy after a minute")
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := demo.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if err := demo.Wait(); err != nil || t.Failed() {
		t.Errorf("%v\n%s", err, output.String())
	}
}

// freeAddress returns an address on loopback that nothing listened on a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// materialize writes what the chart mounts to a temporary folder, as the kubelet does, and returns the arguments and
// variables of the container with their paths in it. Secrets that the chart does not create get made-up contents.
func materialize(t *testing.T, values chartutil.Values) (args, env []string) {
	t.Helper()
	rendered := objects(t, values)
	files := map[string]map[string]string{} // by object
	for _, m := range each[*corev1.ConfigMap](rendered) {
		files["ConfigMap "+m.Name] = m.Data
	}
	for _, s := range each[*corev1.Secret](rendered) {
		data := map[string]string{}
		for key, value := range s.Data {
			data[key] = string(value)
		}
		files["Secret "+s.Name] = data
	}
	c, folder := container(t, rendered), t.TempDir()
	paths := make([]string, 0, len(c.VolumeMounts))
	for _, m := range c.VolumeMounts {
		if err := os.MkdirAll(folder+m.MountPath, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, content := range files[source(podTemplate(t, rendered).Spec.Volumes, m.Name)] {
			// Paths in a configuration lead to mounts, too.
			content = strings.ReplaceAll(content, ": /run/secrets/", ": "+folder+"/run/secrets/")
			if err := os.WriteFile(folder+m.MountPath+"/"+name, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		paths = append(paths, m.MountPath)
	}
	for _, name := range []string{"api-secret", "secret"} {
		if err := os.WriteFile(folder+"/run/secrets/wecom/"+name, []byte("made-up secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if folder := folder + "/run/secrets/tls"; slices.Contains(paths, "/run/secrets/tls") {
		certificate(t, folder)
	}
	mount := regexp.MustCompile(`=(` + strings.Join(paths, "|") + `)\b`)
	for _, arg := range c.Args {
		args = append(args, mount.ReplaceAllString(arg, "="+folder+"$1"))
	}
	for _, e := range c.Env {
		value := e.Value
		switch {
		case e.ValueFrom != nil && e.ValueFrom.FieldRef != nil:
			value = "2" // the ordinal of a pod
		case e.ValueFrom != nil:
			value = "http://proxy.example:3128"
		}
		env = append(env, mount.ReplaceAllString(e.Name+"="+value, "="+folder+"$1"))
	}
	return args, env
}

// source returns the kind and name of the object behind a volume.
func source(volumes []corev1.Volume, name string) string {
	for _, v := range volumes {
		switch {
		case v.Name != name:
		case v.Secret != nil:
			return "Secret " + v.Secret.SecretName
		case v.ConfigMap != nil:
			return "ConfigMap " + v.ConfigMap.Name
		}
	}
	return ""
}

// certificate writes a new key, and a certificate that it signs for loopback, into a folder.
func certificate(t *testing.T, folder string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Minute),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"tls.crt": {Type: "CERTIFICATE", Bytes: signed},
		"tls.key": {Type: "EC PRIVATE KEY", Bytes: encoded},
	} {
		if err := os.WriteFile(folder+"/"+name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
