// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	composeDemo = "../deploy/compose/compose.yaml"
	composeCorp = "../deploy/compose/compose.corp.yaml"
)

// A composition is what these tests read of a compose file.
type composition struct {
	Services map[string]*service `json:"services"`
	Volumes  map[string]any      `json:"volumes"`
	Secrets  map[string]struct {
		File string `json:"file"`
	} `json:"secrets"`
}

type service struct {
	Image string `json:"image"`
	Build *struct {
		Context    string `json:"context"`
		Dockerfile string `json:"dockerfile"`
	} `json:"build"`
	Command     []string          `json:"command"`
	Environment map[string]string `json:"environment"`
	ReadOnly    bool              `json:"read_only"`
	CapDrop     []string          `json:"cap_drop"`
	SecurityOpt []string          `json:"security_opt"`
	Ports       []struct {
		HostIP    string `json:"host_ip"`
		Target    int    `json:"target"`
		Published string `json:"published"`
	} `json:"ports"`
	Volumes []mount `json:"volumes"`
	Secrets []struct {
		Source string `json:"source"`
		Target string `json:"target"`
	} `json:"secrets"`
	DependsOn map[string]struct {
		Condition string `json:"condition"`
	} `json:"depends_on"`
	Healthcheck *struct {
		Test []string `json:"test"`
	} `json:"healthcheck"`
}

type mount struct {
	Type     string `json:"type"`
	Source   string `json:"source"`
	Target   string `json:"target"`
	ReadOnly bool   `json:"read_only"`
}

// readCompose reads a compose file as Docker Compose does, which is strict.
func readCompose(t *testing.T, file string, env ...string) composition {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool(t, "COMPOSE"), file)
	cmd.Env = env
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%s", exit.Stderr)
	}
	var c composition
	if err == nil {
		err = json.Unmarshal(out, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// corpEnvironment is what a user of composeCorp sets.
func corpEnvironment() []string {
	return []string{"WECOM_CORP_ID=" + wecomtest.DefaultCorpID, "WECOM_AGENT_ID=" + strconv.Itoa(wecomtest.DefaultAgentID)}
}

func TestComposeAsksForCredentials(t *testing.T) {
	t.Parallel()
	for i, missing := range corpEnvironment() {
		cmd := exec.CommandContext(t.Context(), tool(t, "COMPOSE"), composeCorp)
		cmd.Env = slices.Delete(corpEnvironment(), i, i+1)
		out, err := cmd.CombinedOutput()
		if name, _, _ := strings.Cut(missing, "="); err == nil || !strings.Contains(string(out), name) {
			t.Errorf("without %s: %v\n%s", name, err, out)
		}
	}
}

func TestComposeIsHardened(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for file, services := range map[string]int{composeDemo: 4, composeCorp: 1} {
		c := readCompose(t, file, corpEnvironment()...)
		if len(c.Services) != services {
			t.Errorf("%s: %d services, want %d", file, len(c.Services), services)
		}
		for name, s := range c.Services {
			t.Run(filepath.Base(file)+" "+name, func(t *testing.T) {
				t.Parallel()
				s.wantHardened(t)
				s.wantMounts(t, root, c)
				for other, dependency := range s.DependsOn {
					if dependency.Condition != "service_healthy" || c.Services[other].Healthcheck == nil {
						t.Errorf("it waits until %s is %s", other, dependency.Condition)
					}
				}
				if name != "exporter" {
					return
				}
				if s.Build == nil || s.Build.Context != root || s.Build.Dockerfile != "Dockerfile" {
					t.Errorf("it is built from %+v, want the repository", s.Build)
				}
				if s.Image != "wecom_recording_exporter" {
					t.Errorf("its image is %s, and that of make docker is wecom_recording_exporter", s.Image)
				}
			})
		}
	}
}

func (s *service) wantHardened(t *testing.T) {
	t.Helper()
	if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
		t.Errorf("read_only %t, cap_drop %q, security_opt %q", s.ReadOnly, s.CapDrop, s.SecurityOpt)
	}
	if len(s.Ports) != 1 || s.Ports[0].HostIP != "127.0.0.1" {
		t.Errorf("ports %+v, want one, on 127.0.0.1", s.Ports)
	}
	// The exporter's image has a check.
	if s.Build == nil && (s.Healthcheck == nil || !strings.Contains(strings.Join(s.Healthcheck.Test, " "), fmt.Sprintf("127.0.0.1:%d/", s.Ports[0].Target))) {
		t.Errorf("health check %+v", s.Healthcheck)
	}
}

// wantMounts fails the test unless files and folders of the repository are mounted read-only, and
// everything else is in a volume.
func (s *service) wantMounts(t *testing.T, root string, c composition) {
	t.Helper()
	for _, m := range s.Volumes {
		switch m.Type {
		case "bind":
			if _, err := os.Stat(m.Source); err != nil || !m.ReadOnly || !strings.HasPrefix(m.Source, root+"/") {
				t.Errorf("%s is mounted at %s, read-only: %t, error: %v", m.Source, m.Target, m.ReadOnly, err)
			}
		case "volume":
			if _, ok := c.Volumes[m.Source]; !ok {
				t.Errorf("%s is no volume", m.Source)
			}
		default:
			t.Errorf("a mount of the type %s", m.Type)
		}
	}
}

// TestComposeVersions compares the images with the programs that the tests run.
func TestComposeVersions(t *testing.T) {
	t.Parallel()
	services := readCompose(t, composeDemo).Services
	// v0.316.0 of the module is Prometheus v3.16.0.
	prometheus := regexp.MustCompile(`github.com/prometheus/prometheus v0\.(\d)0?(\d+)\.(\d+)`)
	alertmanager := regexp.MustCompile(`ALERTMANAGER_VERSION := (v\S+)`)
	for name, want := range map[string]string{
		"prometheus":   "docker.io/prom/prometheus:v" + strings.Join(submatches(t, "../tools/go.mod", prometheus), "."),
		"alertmanager": "docker.io/prom/alertmanager:" + submatches(t, "../Makefile", alertmanager)[0],
	} {
		if got := services[name].Image; got != want {
			t.Errorf("the image is %s, and the tests run %s", got, want)
		}
	}
	if pinned := regexp.MustCompile(`^docker\.io/grafana/grafana:\d+\.\d+\.\d+$`); !pinned.MatchString(services["grafana"].Image) {
		t.Errorf("the image %s is not pinned", services["grafana"].Image)
	}
	mirrored := readCompose(t, composeDemo, "BASE_IMAGE_REGISTRY=mirror.example").Services
	for name, s := range mirrored {
		if s.Build == nil && !strings.HasPrefix(s.Image, "mirror.example/") {
			t.Errorf("the image of %s is %s, and not one of the mirror", name, s.Image)
		}
	}
}

// submatches returns what the groups of an expression match in a file.
func submatches(t *testing.T, file string, expression *regexp.Regexp) []string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := expression.FindStringSubmatch(string(content))
	if found == nil {
		t.Fatalf("%s has no %s", file, expression)
	}
	return found[1:]
}

// A host stands in for the containers of a composition. The files of each service are copied below a
// folder, with the addresses of services replaced by those of processes on this machine. Nothing else
// differs from what Docker would start.
type host struct {
	addresses *strings.Replacer
}

// files returns the folder that stands for the root of a service.
func (h host) files(t *testing.T, s *service) string {
	t.Helper()
	root := t.TempDir()
	for _, m := range s.Volumes {
		to := filepath.Join(root, m.Target)
		info, err := os.Stat(m.Source)
		switch {
		case m.Type == "volume":
			err = os.MkdirAll(to, 0o700)
		case err != nil:
		case info.IsDir():
			err = os.CopyFS(to, os.DirFS(m.Source))
		default:
			var content []byte
			if content, err = os.ReadFile(m.Source); err == nil {
				err = errors.Join(
					os.MkdirAll(filepath.Dir(to), 0o700),
					os.WriteFile(to, []byte(h.addresses.Replace(string(content))), 0o600),
				)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// start runs a service's command with a program of this machine.
func (h host) start(t *testing.T, s *service, path, address string) *exporter {
	t.Helper()
	root := h.files(t, s)
	args := make([]string, 0, len(s.Command)+1)
	for _, arg := range s.Command {
		args = append(args, strings.Replace(arg, "=/", "="+root+"/", 1))
	}
	args = append(args, "--web.listen-address="+address)
	x := &exporter{process: start(t, nil, path, args...), address: address, url: "http://" + address, client: newClient()}
	x.awaitStatus(t, "/-/ready", http.StatusOK)
	return x
}

// TestComposeDemo starts what composeDemo does, but for Grafana, from the same files.
func TestComposeDemo(t *testing.T) {
	t.Parallel()
	services := readCompose(t, composeDemo).Services
	x := run(t, nil, services["exporter"].Command...)
	x.awaitStatus(t, "/-/ready", http.StatusOK)
	address := map[string]string{"exporter": x.address, "alertmanager": freeAddress(t), "prometheus": freeAddress(t)}
	pairs := make([]string, 0, 2*len(address))
	for name, to := range address {
		pairs = append(pairs, fmt.Sprintf("%s:%d", name, services[name].Ports[0].Target), to)
	}
	h := host{strings.NewReplacer(pairs...)}
	alertmanager := h.start(t, services["alertmanager"], tool(t, "ALERTMANAGER"), address["alertmanager"])
	p := h.start(t, services["prometheus"], tool(t, "PROMETHEUS"), address["prometheus"])
	asked := &prometheus{process: p.process, url: p.url}

	const job = "wecom-recording-exporter"
	asked.awaitQuery(t, "up", map[string]float64{job: 1})
	asked.awaitQuery(t, "sum by (job) (wecom_up)", map[string]float64{job: 1})
	if shipped, loaded := strings.Count(readText(t, shippedRules), "\n      - "), len(asked.rules(t)); loaded != shipped {
		t.Errorf("%d rules, want the %d of %s", loaded, shipped, shippedRules)
	}

	const name = "WecomRecordingNewlyExposed"
	alertmanager.awaitAlert(t, name, "active")
	var alerts []struct {
		Annotations  map[string]string `json:"annotations"`
		GeneratorURL string            `json:"generatorURL"`
	}
	a := alertmanager.get(t, "/api/v2/alerts?filter="+url.QueryEscape("alertname="+name))
	if err := json.Unmarshal(a.body, &alerts); err != nil || len(alerts) == 0 {
		t.Fatalf("%d alerts, %v", len(alerts), err)
	}
	for link, service := range map[string]string{
		alerts[0].Annotations["page_url"]: "exporter", alerts[0].Annotations["dashboard_url"]: "grafana", alerts[0].GeneratorURL: "prometheus",
	} {
		if want := "http://localhost:" + services[service].Ports[0].Published + "/"; !strings.HasPrefix(link, want) {
			t.Errorf("a link to %s, want it to begin with %s", link, want)
		}
	}
}

// TestComposeGrafana reads what Grafana is provisioned with.
func TestComposeGrafana(t *testing.T) {
	t.Parallel()
	services := readCompose(t, composeDemo).Services
	root := host{strings.NewReplacer()}.files(t, services["grafana"])

	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			IsDefault                    bool `yaml:"isDefault"`
			Editable                     bool
			JSONData                     map[string]any `yaml:"jsonData"`
		}
	}
	decodeStrictly(t, filepath.Join(root, "etc/grafana/provisioning/datasources/wecom.yml"), &sources)
	if len(sources.Datasources) != 1 || sources.APIVersion != 1 {
		t.Fatalf("%+v, want one data source", sources)
	}
	want := fmt.Sprintf("http://prometheus:%d", services["prometheus"].Ports[0].Target)
	if s := sources.Datasources[0]; s.URL != want || s.Type != "prometheus" || s.Access != "proxy" || !s.IsDefault || s.Editable {
		t.Errorf("the data source is %+v, want the Prometheus at %s", s, want)
	}

	var boards struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Folder, Type string
			AllowUIUpdates     bool `yaml:"allowUiUpdates"`
			Options            struct{ Path string }
		}
	}
	decodeStrictly(t, filepath.Join(root, "etc/grafana/provisioning/dashboards/wecom.yml"), &boards)
	if len(boards.Providers) != 1 || boards.APIVersion != 1 || boards.Providers[0].Type != "file" {
		t.Fatalf("%+v, want one provider of files", boards)
	}
	files, err := filepath.Glob(filepath.Join(root, boards.Providers[0].Options.Path, "*.json"))
	if err != nil || len(files) != 4 {
		t.Fatalf("files %q, error %v", files, err)
	}
	uids := map[string]bool{}
	for _, file := range files {
		var d dashboard
		if err := json.Unmarshal([]byte(readText(t, file)), &d); err != nil || d.UID == "" || uids[d.UID] {
			t.Errorf("%s has the UID %q, error %v", file, d.UID, err)
		}
		uids[d.UID] = true
		if v := d.Templating.List[0]; v.Type != "datasource" || v.Query != sources.Datasources[0].Type {
			t.Errorf("%s asks for a data source of the type %s", file, v.Query)
		}
	}
}

// decodeStrictly decodes a YAML file that has no other keys than a struct.
func decodeStrictly(t *testing.T, file string, to any) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(readText(t, file)))
	decoder.KnownFields(true)
	if err := decoder.Decode(to); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestComposeCorp runs check, and then the exporter of composeCorp, against a simulated WeCom.
func TestComposeCorp(t *testing.T) {
	t.Parallel()
	wecom := serveSimulation(t, "127.0.0.1:0", wecomtest.DemoServer(wecomtest.Config{}, 1, 20))
	c := readCompose(t, composeCorp, corpEnvironment()...)
	s := c.Services["exporter"]
	root := host{strings.NewReplacer()}.files(t, s)
	for _, secret := range s.Secrets {
		if name := filepath.Base(c.Secrets[secret.Source].File); !strings.Contains(readText(t, "../.gitignore"), "/deploy/compose/"+name+"\n") {
			t.Errorf("git does not ignore %s", name)
		}
		to := filepath.Join(root, secret.Target)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, []byte(wecomtest.DefaultSecret), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	env := make([]string, 0, len(s.Environment)+1)
	for name, value := range s.Environment {
		if strings.HasPrefix(value, "/") {
			value = root + value
		}
		env = append(env, name+"="+value)
	}
	env = append(env, "WECOM_API_URL="+wecom.url)
	if p := start(t, env, program, "check"); !p.await(t, patience).Success() {
		t.Errorf("check fails:\n%s%s", &p.stdout, &p.stderr)
	}
	x := run(t, env, s.Command...)
	x.awaitStatus(t, "/-/ready", http.StatusOK)
	x.awaitValue(t, 1, "wecom_up")
	if _, err := os.Stat(filepath.Join(root, "var/lib/wecom_recording_exporter/state.db")); err != nil {
		t.Error(err)
	}
}
