# SPDX-License-Identifier: Apache-2.0
.PHONY: build demo tools test soak check race fuzz bench clean

INPUT   ?=
ENTRIES ?= 1000
T       ?= 30s

# The suites that skip under the race detector (soak.NoRace), and the packages that they are in.
SUITES = $(shell grep -rhB1 --include='*_test.go' soak.NoRace . | sed -n 's/^func \(Test[A-Za-z]*\).*/\1/p' | paste -sd '|')
PLAIN  = $(shell grep -rl --include='*_test.go' soak.NoRace . | xargs -n1 dirname | sort -u)

build: ## the three programs, into bin/
	go build -o bin/ ./cmd/cocket ./cmd/cocketd ./cmd/cocket-witness

demo: build ## a log and three witnesses on this machine; INPUT=FILE.csv ENTRIES=N
	bin/cocket demo --entries $(ENTRIES) $(if $(INPUT),--input $(INPUT)) $(DEMO)

tools: ## what some tests run besides Go, from Debian; without it, or root or sudo to install it, they skip
	@sh .ci/tools

test: tools ## every test with the race detector, but tampering, crashes and comparisons without; prints their times
	go vet ./...
	go test -race ./...
	go test -v -run '^($(SUITES))$$' $(PLAIN)
	cd internal/tamper/xmod039 && go vet ./... && go test -v ./...

soak: tools ## the same suites at their full counts
	COCKET_SOAK=1 go test -timeout 4h ./...

check: ## formatting and static checks
	test -z "$$(gofmt -l $$(git ls-files '*.go'))"
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

fuzz: ## every fuzz target for T each; stops at the first that fails
	@set -e; n=0; \
	for p in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u); do \
	  targets=$$(go test -list '^Fuzz' $$p); \
	  for f in $$(echo "$$targets" | grep '^Fuzz'); do \
	    n=$$((n+1)); echo "$$n. $$p $$f"; \
	    go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(T) -fuzzminimizetime 1s $$p; \
	  done; \
	done; echo "$$n targets, nothing found"

bench: ## this log against its peers and the machine, on smaller trees; into bin/
	mkdir -p bin
	go run ./benchmarks --quick --json bin/bench.json --out bin/bench

clean:
	rm -rf bin demo
