# What one does with pixgate; plain `make` lists it.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS   += --no-print-directory
.DEFAULT_GOAL := help

# Tools that are no part of the program are built into ./bin, once for each version.
GOLANGCI := bin/golangci-lint-v2.15.0
SQLC     := bin/sqlc-v1.31.1
GITLEAKS := bin/gitleaks-v8.30.1
GOVULN   := bin/govulncheck-v1.9.0

# What `make generate` writes.
generated = find graph queries docs/schema.graphql \( -name '*.go' -o -name schema.graphql \) -type f -print0 | sort -z | xargs -0 sha256sum

.PHONY: help run test check-leaks check-secrets check-staged generate check-generated lint security bench audit fuzz setup fleet reproducible

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start everything on this machine: database, storage, mail, demo studio, server (ARGS=-fresh: without the data of before)
	@go build -o var/bin/dev ./internal/dev && exec var/bin/dev $(ARGS)

test: setup check-generated check-secrets lint ## all checks and all tests: what CI runs
	@mkdir -p var
	@# The parts that tests run on come first: their own tests install what this machine lacks, once.
	@go test -race -timeout 10m -p 1 ./internal/dev/postgres ./internal/dev/redis 2>&1 | tee var/test-parts.log
	@# The painter works in one goroutine and would take minutes under the race detector.
	@go test -timeout 5m ./internal/demo 2>&1 | tee var/test-demo.log
	@go test -race -timeout 15m -p 2 $$(go list ./... | grep -v /internal/demo$$) 2>&1 | tee var/test.log
	@$(MAKE) check-leaks

# What no test may print: tokens, cookies, signatures of links, and codes as the mail shows them.
leaks := pgs_[A-Za-z0-9_-]{43}|pixgate(-device)?=[A-Za-z0-9_-]{20}|X-Amz-Signature=[0-9a-f]{64}|^ +[0-9]{6}$$

check-leaks: ## does the output of the last tests hold a token, a cookie, a signed link or a code?
	@! grep -nE '$(leaks)' var/test*.log || { echo 'the output of the tests holds what nobody may read'; exit 1; }

check-secrets: $(GITLEAKS) ## does a commit of the whole history hold a secret?
	@git log -1 --format= # where git refuses, gitleaks would find nothing, and say that all is well
	@$(GITLEAKS) git --no-banner --redact --log-level warn .

check-staged: $(GITLEAKS)
	@$(GITLEAKS) git --pre-commit --staged --no-banner --redact --log-level warn .

generate: $(SQLC) ## write the Go code of queries/*.sql and graph/schema/*.graphqls
	@$(SQLC) generate
	@go run github.com/99designs/gqlgen generate
	@go generate ./...
	@UPDATE_GOLDEN=1 go test -count 1 -run '^TestSDL$$' ./graph >/dev/null

check-generated: ## is the generated code what generate would write?
	@before=$$($(generated)); $(MAKE) generate; after=$$($(generated)); \
	diff <(echo "$$before") <(echo "$$after") || { echo 'generated code was stale and is written anew: commit it'; exit 1; }

lint: $(GOLANGCI) ## vet and the linters of .golangci.yml
	@$(GOLANGCI) run ./...

security: check-secrets lint $(GOVULN) ## secrets, risky code, changed modules, known holes
	@go mod verify
	@mkdir -p var; found=0; $(GOVULN) ./... >var/govulncheck.log 2>&1 || found=$$?; case $$found in \
	  0) echo 'no known holes' ;; \
	  3) cat var/govulncheck.log; exit 1 ;; \
	  *) echo 'known holes: skipped, their list is not to be had from here:'; tail -n 1 var/govulncheck.log ;; esac

bench: ## all benchmarks; the hot path prints its ratio to a plain handler
	@go test -run '^$$' -bench . -benchmem -timeout 30m ./...

audit: ## the 61 audits of GraphQL over HTTP (needs node and npm)
	@go test -count 1 -v -run 'Audits$$' ./graph/wire

fuzz: ## every fuzz test for a few seconds
	@grep -rl --include='*_test.go' '^func Fuzz' . | while read -r file; do \
	  for fuzz in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' "$$file"); do \
	    go test -run '^$$' -fuzz "^$$fuzz\$$" -fuzztime 10s -fuzzminimizetime 5x "$$(dirname "$$file")"; \
	  done; \
	done

SECONDS := 120
RUNS := 1

fleet: ## three servers, one of which is killed every few seconds (SECONDS=120 RUNS=1); the first run that fails ends it
	@for n in $$(seq $(RUNS)); do echo "run $$n of $(RUNS)"; \
	  PIXGATE_FLEET_SECONDS=$(SECONDS) go test -count 1 -timeout $$(( $(SECONDS) + 900 ))s -v -run '^TestAFleet' ./internal/dev/drill || exit 1; done

# Two copies of the source at different places, built with nothing in common but the downloaded modules.
reproducible: ## is the server's program the same, byte by byte, wherever it is built?
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; for copy in one another/place; do \
	  mkdir -p "$$dir/$$copy"; tar -c --exclude=./.git --exclude=./var --exclude=./bin . | tar -x -C "$$dir/$$copy"; \
	  (cd "$$dir/$$copy" && export CGO_ENABLED=0 GOCACHE="$$dir/cache" && go build -trimpath -buildvcs=false -ldflags=-buildid= -o "$$dir/pixgate-$${copy%%/*}" . && rm -rf "$$dir/cache"); \
	done; sha256sum "$$dir"/pixgate-* && cmp "$$dir/pixgate-one" "$$dir/pixgate-another" && echo 'the same, byte by byte'

setup: ## install what the tests need, and the hook that keeps secrets out of commits
	@[ -n "$${CI-}" ] || ! git rev-parse --git-dir >/dev/null 2>&1 || git config core.hooksPath .githooks
	@command -v cc >/dev/null || .ci/install gcc libc6-dev
	@{ command -v unzip && command -v 7z && command -v bsdtar; } >/dev/null || .ci/install unzip p7zip-full libarchive-tools || \
	  echo 'tests that need them say so and are skipped'
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null || .ci/install chromium || \
	  echo 'tests that need it say so and are skipped'

$(GOLANGCI):
	@$(call install,github.com/golangci/golangci-lint/v2/cmd/golangci-lint)

$(GITLEAKS):
	@$(call install,github.com/zricethezav/gitleaks/v8)

$(GOVULN):
	@$(call install,golang.org/x/vuln/cmd/govulncheck)

# Without cgo it brings its parser as WebAssembly: a minute to build, not four.
$(SQLC): export CGO_ENABLED := 0
$(SQLC):
	@$(call install,github.com/sqlc-dev/sqlc/cmd/sqlc)

# install builds a tool at the version that its file name ends in.
install = echo "building $(@F)" && GOFLAGS= GOBIN=$(CURDIR)/bin/building go install $(1)@$(lastword $(subst -v, v,$(@F))) && mv bin/building/$(firstword $(subst -v, v,$(@F))) $@
