# Needs Go, git, make, gcc (for the race detector), and curl, Chromium and nginx (for the
# end-to-end tests), and strace (for the attacks). Everything else is built from tools/ into .tools/bin the first time that
# it is needed.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO     ?= go
BINARY := wecom_recording_exporter
MODULE := github.com/wecom-recording-exporter/$(BINARY)
IMAGE  ?= $(BINARY)

# What `--version` and the build_info metric report. The date is the commit's and
# the user is nobody's, so that the same commit builds the same binary anywhere.
VERSION    ?= $(or $(shell git describe --tags --always --dirty 2>/dev/null | sed 's/^v//'),unknown)
REVISION   ?= $(or $(shell git rev-parse --verify --quiet HEAD),unknown)
BRANCH     ?= $(or $(shell git symbolic-ref --quiet --short HEAD),unknown)
BUILD_USER ?= make
BUILD_DATE ?= $(or $(shell TZ=UTC git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ 2>/dev/null),unknown)

VERSION_PACKAGE := github.com/prometheus/common/version
LDFLAGS := -s -w \
	-X $(VERSION_PACKAGE).Version=$(VERSION) \
	-X $(VERSION_PACKAGE).Revision=$(REVISION) \
	-X $(VERSION_PACKAGE).Branch=$(BRANCH) \
	-X $(VERSION_PACKAGE).BuildUser=$(BUILD_USER) \
	-X $(VERSION_PACKAGE).BuildDate=$(BUILD_DATE)

# The least coverage in percent, for each of the packages by its own tests.
COVER_MIN      ?= 85
COVER_PACKAGES := ./wecom ./store ./inventory/... ./poll/... ./collector

# How often fuzz and test-long execute each fuzz target. FUZZ=pattern selects targets.
FUZZ_EXECUTIONS      ?= 10000000
LONG_FUZZ_EXECUTIONS ?= 20000

# How long soak lets the program work.
SOAK_TIME ?= 10m

BENCH      ?= .
BENCH_TIME ?= 1s

# What bench-compare compares with, and how often it runs each benchmark on each
# side. Below 6, benchstat reports no confidence interval.
BASE        ?= HEAD
BENCH_COUNT ?= 6

TOOLS_BIN     := $(CURDIR)/.tools/bin
GOLANGCI_LINT := $(TOOLS_BIN)/golangci-lint
GOTESTSUM     := $(TOOLS_BIN)/gotestsum
PROMETHEUS    := $(TOOLS_BIN)/prometheus
PROMTOOL      := $(TOOLS_BIN)/promtool
PARSE         := $(TOOLS_BIN)/parse
ALERTMANAGER  := $(TOOLS_BIN)/alertmanager
COMPOSE       := $(TOOLS_BIN)/compose
BENCHSTAT     := $(TOOLS_BIN)/benchstat
GORELEASER    := $(TOOLS_BIN)/goreleaser
CYCLONEDX     := $(TOOLS_BIN)/cyclonedx-gomod
THANOS        := $(TOOLS_BIN)/thanos
ETCD          := $(TOOLS_BIN)/etcd
KUBERNETES    := $(TOOLS_BIN)/kube-apiserver $(TOOLS_BIN)/kube-controller-manager

ALERTMANAGER_VERSION := v0.34.1
GOVULNCHECK_VERSION  := v1.9.0

# The newest version whose module has the definitions of the resources.
PROMETHEUS_OPERATOR := github.com/prometheus-operator/prometheus-operator@v0.85.0

# A browser and a proxy are not built; name others with CHROMIUM=/path/to/it.
CHROMIUM ?= chromium
NGINX    ?= nginx

# `go test` with failures shown in full, passing packages in a line each, and
# the count of what ran on the last line. $(1) are the arguments of `go test`, or those
# of gotestsum and a command that prints what `go test -json` does.
TEST_RESULTS := $(CURDIR)/.test
define go_test
	@mkdir -p $(TEST_RESULTS)
	$(GOTESTSUM) --format pkgname --format-hide-empty-pkg --hide-summary skipped \
		--jsonfile-timing-events $(TEST_RESULTS)/$@.json \
		--post-run-command "awk -f tools/testcount.awk $(TEST_RESULTS)/$@.json" \
		$(1)
endef

.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

##@ Build

.PHONY: build
build: ## Build the static binary ./wecom_recording_exporter
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BINARY) .

.PHONY: docker
docker: ## Build the container image
	docker build \
		--build-arg VERSION=$(VERSION) \
		--build-arg REVISION=$(REVISION) \
		--build-arg BRANCH=$(BRANCH) \
		--build-arg BUILD_DATE=$(BUILD_DATE) \
		$(if $(BASE_IMAGE_REGISTRY),--build-arg BASE_IMAGE_REGISTRY=$(BASE_IMAGE_REGISTRY)) \
		$(if $(GOPROXY),--build-arg GOPROXY=$(GOPROXY)) \
		--tag $(IMAGE):$(VERSION) --tag $(IMAGE):latest .

.PHONY: release-snapshot
release-snapshot: $(GORELEASER) $(CYCLONEDX) ## Make a release of the last commit in dist/, twice, and compare them
	tools/release-snapshot.sh

.PHONY: release
release: $(GORELEASER) $(CYCLONEDX) ## Release the tag of the last commit; CI does that
	tools/release-notes.sh $(VERSION) > .release-notes.md
	PATH="$(TOOLS_BIN):$$PATH" $(GORELEASER) release --clean --release-notes=.release-notes.md

.PHONY: release-files
release-files: ## Make what a release holds beside the program, in .release
	tools/release-files.sh $(VERSION) $(BUILD_DATE)

# Without Docker and without a registry. One architecture takes 20 s, each further one 10 s
# and its compilation.
IMAGE_ARCHITECTURES ?= amd64 arm64

.PHONY: image-test
image-test: ## Build the container image for IMAGE_ARCHITECTURES and run it; needs root, buildah and runc
	tools/image-test.sh $(IMAGE_ARCHITECTURES)

.PHONY: clean
clean: ## Remove build results and tools
	rm -rf $(BINARY) .tools .test .release dist coverage.out

##@ Test

.PHONY: test
test: $(GOTESTSUM) ## Run the tests with the race detector, in random order
	$(call go_test,--raw-command -- tools/test-modules.sh -race -shuffle=on)

# `make test` runs the other tests of their packages, and `make attack` those that are attacks too.
LONG_FILES = $(shell grep -rlx --include='*_test.go' '//go:build long' .)
LONG_TESTS = $(shell grep -oh '^func Test[A-Za-z0-9]*' $(LONG_FILES) | cut -d ' ' -f 2 | paste -sd '|')

.PHONY: test-long
test-long: $(GOTESTSUM) ## Run the long tests, then each fuzz target LONG_FUZZ_EXECUTIONS times
	$(call go_test,-- -race -shuffle=on -tags=long -timeout=20m -run='^($(LONG_TESTS))$$' $(sort $(dir $(LONG_FILES))))
	tools/fuzz.sh $(LONG_FUZZ_EXECUTIONS)

.PHONY: fuzz
fuzz: ## Run each fuzz target FUZZ_EXECUTIONS times, which takes hours, and print a table of the runs
	tools/fuzz.sh $(FUZZ_EXECUTIONS)

# Their figures are lines such as "attack_pages_test.go:12: pages: ...". They wait most of the
# time, so four run at once even on two cores.
.PHONY: attack
attack: ## Run all attack tests against the program, and print the costs
	$(GO) test -count=1 -tags=e2e,attack -timeout=30m -p=1 -parallel=4 -v -run='^TestAttack' ./... | \
		{ grep -vE '^(=== |testing: warning|\?)|no test files|no tests to run' || true; }

.PHONY: soak
soak: ## Let the program poll 100,000 targets under faults and scrapes for SOAK_TIME
	SOAK_TIME=$(SOAK_TIME) $(GO) test -count=1 -tags=e2e,soak -timeout=2h -v -run='^TestSoak$$' ./e2e

.PHONY: e2e
e2e: export PROMETHEUS := $(PROMETHEUS)
e2e: export PROMTOOL := $(PROMTOOL)
e2e: export PARSE := $(PARSE)
e2e: export ALERTMANAGER := $(ALERTMANAGER)
e2e: export COMPOSE := $(COMPOSE)
e2e: export CHROMIUM := $(CHROMIUM)
e2e: export NGINX := $(NGINX)
e2e: $(GOTESTSUM) $(PROMETHEUS) $(PROMTOOL) $(PARSE) $(ALERTMANAGER) $(COMPOSE)
e2e: ## Run the end-to-end tests with a real Prometheus, Alertmanager, browser and proxy
	$(call go_test,-- -count=1 -tags=e2e -parallel=4 ./e2e/...)

.PHONY: distributed
distributed: export PROMETHEUS := $(PROMETHEUS)
distributed: export THANOS := $(THANOS)
distributed: $(PROMETHEUS) $(THANOS)
distributed: ## Compare shards whose agents write to Thanos with one process over the same company
	$(GO) test -count=1 -tags=e2e,distributed -run='^TestDistributed$$' -v ./e2e | grep -E 'distributed_test|^(---|ok|FAIL|panic)'

.PHONY: pictures
pictures: export CHROMIUM := $(CHROMIUM)
pictures: export PICTURES := $(CURDIR)/docs/images
pictures: ## Take the pictures of the documents; look at them before committing
	$(GO) test -count=1 -tags=e2e -run='^TestPictures$$' ./e2e

.PHONY: rules
rules: $(PROMTOOL) ## Check the rules for Prometheus, and run their unit tests
	$(PROMTOOL) check rules alerts/*.rules.yml
	$(PROMTOOL) test rules alerts/tests/*.yml

.PHONY: systemd
systemd: build ## Verify the systemd unit; needs systemd
	tools/verify-systemd.sh $(BINARY)

.PHONY: chart
chart: ## Render the Helm chart, check its objects, and run the exporter as its container does
	$(GO) -C tools/chart test -shuffle=on ./...

.PHONY: chart-apiserver
chart-apiserver: export ETCD := $(ETCD)
chart-apiserver: export KUBE_APISERVER := $(TOOLS_BIN)/kube-apiserver
chart-apiserver: export KUBE_CONTROLLER_MANAGER := $(TOOLS_BIN)/kube-controller-manager
chart-apiserver: $(ETCD) $(KUBERNETES)
chart-apiserver: ## Install, upgrade and uninstall the Helm chart in a real Kubernetes without nodes
	$(GO) -C tools/chart vet -tags=apiserver ./...
	dir=$$($(GO) mod download -json $(PROMETHEUS_OPERATOR) | sed -n 's/^\t"Dir": "\(.*\)",$$/\1/p'); \
	CRDS=$$dir/example/prometheus-operator-crd \
		$(GO) -C tools/chart test -tags=apiserver -count=1 -v -run='^TestAPIServer$$' ./...

# Helm reads no file outside of a chart.
CHART_FILES := deploy/helm/wecom-recording-exporter/files

.PHONY: chart-files
chart-files: ## Copy rules and dashboards into the Helm chart
	rm -rf $(CHART_FILES)
	mkdir -p $(CHART_FILES)/rules $(CHART_FILES)/dashboards
	cp alerts/*.rules.yml $(CHART_FILES)/rules/
	cp dashboards/*.json $(CHART_FILES)/dashboards/

.PHONY: cover
cover: ## Measure coverage and fail below COVER_MIN percent
	$(GO) test -coverprofile=coverage.out $(COVER_PACKAGES) | awk -v min=$(COVER_MIN) ' \
		{ print } \
		match($$0, /coverage: [0-9.]+%/) { n++; if (substr($$0, RSTART + 10) + 0 < min) low++ } \
		END { \
			if (low || n < $(words $(COVER_PACKAGES))) { print "coverage below " min "% or not measured"; exit 1 } \
		}'

.PHONY: scale
scale: ## Print the calls for a large company, compared with the minimum and the budget
	$(GO) test -count=1 -tags=long -v -run 'LargeCompany|ManyTargets' ./poll | grep -E 'scale_test|^(ok|FAIL)'

.PHONY: bench
bench: ## Run the benchmarks that match BENCH
	$(GO) test -run='^$$' -bench='$(BENCH)' -benchmem -benchtime=$(BENCH_TIME) -timeout=60m ./...

.PHONY: bench-compare
bench-compare: $(BENCHSTAT) ## Compare the benchmarks that match BENCH with those of BASE, by default the last commit
	BENCHSTAT=$(BENCHSTAT) GO=$(GO) tools/bench-compare.sh '$(BASE)' '$(BENCH)' $(BENCH_COUNT) $(BENCH_TIME)

.PHONY: bench-memory
bench-memory: ## Measure the memory for a million recordings
	$(GO) test -run='^$$' -bench=Memory -benchtime=1x -timeout=30m -tags=e2e ./e2e

.PHONY: bench-backfill
bench-backfill: ## Measure backfill for a thousand hosts and a year
	$(GO) test -run='^$$' -bench=Backfill -benchtime=1x -timeout=30m -tags=e2e ./e2e

.PHONY: update-golden
update-golden: ## Write the golden files; read the diff before committing
	$(GO) test $$(grep -rl --include='*_test.go' --exclude-dir=dashboards '/internal/golden"' . | xargs -n 1 dirname | sort -u) -update
	$(GO) -C dashboards test -update
	@$(MAKE) --no-print-directory chart-files
	$(GO) -C tools/chart test -update

##@ Check

.PHONY: check
check: $(GOLANGCI_LINT) ## Check format, vet, lint and the short tests, in a minute or two
	$(GOLANGCI_LINT) fmt --diff ./...
	cd dashboards && $(GOLANGCI_LINT) fmt --diff ./...
	@$(MAKE) --no-print-directory vet lint
	$(GO) test -short -shuffle=on ./...
	$(GO) -C dashboards test -short -shuffle=on ./...

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format the sources
	$(GOLANGCI_LINT) fmt ./...
	cd dashboards && $(GOLANGCI_LINT) fmt ./...

.PHONY: vet
vet: ## Run go vet, including files with build tags
	$(GO) vet -tags=e2e,long,attack,soak,distributed ./...
	$(GO) -C dashboards vet ./...
	$(GO) -C tools vet ./...
	$(GO) -C tools/compose vet ./...

# One platform for each difference that the code has met: 32 bits, other signals and
# files, other system calls. All packages build without cgo. Test files are vetted too,
# but for those of e2e, long, attack and soak, which run on Linux.
VET_PLATFORMS := linux/386 windows/amd64 darwin/arm64 freebsd/amd64

.PHONY: vet-platforms
vet-platforms: ## Run go vet for the other platforms
	@for platform in $(VET_PLATFORMS); do \
		echo "$$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) vet ./...; \
	done

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run golangci-lint; LINT_FLAGS=--fix applies fixes
	$(GOLANGCI_LINT) config verify
	$(GOLANGCI_LINT) run $(LINT_FLAGS) ./...
	cd dashboards && $(GOLANGCI_LINT) run $(LINT_FLAGS) ./...

.PHONY: vulnerabilities
vulnerabilities: ## Look for known vulnerabilities in what the program calls; needs the network
	$(GO) run golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION) ./...

##@ Tools

.PHONY: tools
tools: $(GOLANGCI_LINT) $(GOTESTSUM) $(PROMETHEUS) $(PROMTOOL) $(PARSE) $(ALERTMANAGER) $(COMPOSE) $(BENCHSTAT) ## Build the pinned tools into .tools/bin

.PHONY: prometheus
prometheus: $(PROMETHEUS) ## Build the pinned Prometheus alone, without its web page, for the demo of alerts

$(GOLANGCI_LINT): TOOL := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(GOTESTSUM):     TOOL := gotest.tools/gotestsum
$(PROMETHEUS):    TOOL := github.com/prometheus/prometheus/cmd/prometheus
$(PROMTOOL):      TOOL := github.com/prometheus/prometheus/cmd/promtool
$(BENCHSTAT):     TOOL := golang.org/x/perf/cmd/benchstat
$(PARSE):         TOOL := ./parse
$(PARSE):         tools/parse/main.go

# Service discovery is most of Prometheus's build, and the tests name their targets.
$(GOLANGCI_LINT) $(GOTESTSUM) $(PROMETHEUS) $(PROMTOOL) $(PARSE) $(BENCHSTAT): tools/go.mod tools/go.sum
	@echo "building $(notdir $@): up to 5 minutes the first time"
	CGO_ENABLED=0 $(GO) -C tools build -trimpath -buildvcs=false -ldflags='-s -w' -tags=remove_all_sd -o $@ $(TOOL)
	@touch $@

$(GORELEASER): TOOL := github.com/goreleaser/goreleaser/v2
$(CYCLONEDX):  TOOL := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod

$(GORELEASER) $(CYCLONEDX): tools/release/go.mod tools/release/go.sum
	@echo "building $(notdir $@): up to 5 minutes the first time"
	CGO_ENABLED=0 $(GO) -C tools/release build -trimpath -buildvcs=false -ldflags='-s -w' -o $@ $(TOOL)
	@touch $@

$(ETCD): PACKAGE := go.etcd.io/etcd/server/v3
$(KUBERNETES): PACKAGE = k8s.io/kubernetes/cmd/$(notdir $@)

# Charts ask for a version of Kubernetes, which is set at build time.
$(ETCD) $(KUBERNETES): tools/kubernetes/go.mod tools/kubernetes/go.sum
	@echo "building $(notdir $@): up to 5 minutes the first time"
	version=$$($(GO) -C tools/kubernetes list -m -f '{{.Version}}' k8s.io/kubernetes); \
	CGO_ENABLED=0 $(GO) -C tools/kubernetes build -trimpath -buildvcs=false \
		-ldflags="-s -w -X k8s.io/component-base/version.gitVersion=$$version" -o $@ $(PACKAGE)
	@touch $@

# Without the tag, Thanos takes the labels of Prometheus for other bytes than they are.
$(THANOS): tools/thanos/go.mod tools/thanos/go.sum
	@echo "building thanos: up to 10 minutes the first time"
	CGO_ENABLED=0 $(GO) -C tools/thanos build -trimpath -buildvcs=false -ldflags='-s -w' -tags=slicelabels -o $@ \
		github.com/thanos-io/thanos/cmd/thanos
	@touch $@

$(ALERTMANAGER): tools/alertmanager.sh Makefile
	tools/alertmanager.sh $(ALERTMANAGER_VERSION) $@
	@touch $@

$(COMPOSE): tools/compose/main.go tools/compose/go.mod tools/compose/go.sum
	CGO_ENABLED=0 $(GO) -C tools/compose build -trimpath -buildvcs=false -ldflags='-s -w' -o $@ .
	@touch $@
