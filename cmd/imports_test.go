// SPDX-License-Identifier: Apache-2.0

// Package cmd holds what is tested over all programs.
package cmd

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "cocket.example/"

type pkg struct {
	ImportPath string
	Imports    []string
}

// TestImports compares the tree with the picture: who may import whom.
//
//	          cmd/*          benchmarks, fuzz
//	            │                  │
//	 ┌──────────┼──────────┐      (anything but cmd)
//	log      witness     client
//	 └──────────┼──────────┘
//	   declaration   receipt
func TestImports(t *testing.T) {
	for _, p := range list(t) {
		path := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, module)
			if ours && !allowed(path, to) {
				t.Errorf("%s imports %s", path, to)
			}
			if !ours && strings.HasPrefix(imported, "github.com/transparency-dev/tessera") &&
				imported != "github.com/transparency-dev/tessera/api/layout" &&
				!within(path, "log/cluster", "benchmarks") {
				t.Errorf("%s imports %s: only log/cluster, benchmarks and tests may", path, imported)
			}
		}
		if within(path, "declaration", "receipt", "internal/strict") {
			nothingOutside(t, path, p.Imports)
		}
	}
}

func allowed(from, to string) bool {
	switch {
	case within(to, "internal/tamper", "internal/soak", "internal/browser"):
		return within(from, "internal/tamper") // tests alone import them
	case within(to, "internal/peerbuild"):
		return within(from, "benchmarks") // and tests
	case within(to, "cmd"):
		return within(from, "cmd")
	case within(from, "cmd", "benchmarks", "fuzz"):
		return true
	case within(to, "internal/strict"):
		return true
	case within(from, "declaration"):
		return within(to, "declaration")
	case within(from, "receipt"):
		return within(to, "receipt")
	case within(from, "internal"):
		return within(to, "internal")
	case within(to, "declaration", "receipt", "internal"):
		return true
	case from == "log/internal/logtest": // what the tests of log's parts share
		return within(to, "log")
	case from == "log":
		return false // log knows none of its parts
	case within(from, "log"):
		return within(to, "log") && (to == "log" || within(to, "log/internal"))
	case within(from, "witness"):
		return within(to, "witness")
	case within(from, "client"):
		return within(to, "client")
	}
	return false
}

// nothingOutside: the nouns do no I/O.
func nothingOutside(t *testing.T, path string, imports []string) {
	for _, i := range imports {
		if i == "os" || strings.HasPrefix(i, "os/") || i == "net" || strings.HasPrefix(i, "net/") || i == "syscall" {
			t.Errorf("%s imports %s: a noun does no I/O", path, i)
		}
	}
}

func within(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return path == f || strings.HasPrefix(path, f+"/") })
}

func list(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}
