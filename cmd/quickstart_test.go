// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestQuickStart runs the very lines of the README, ports substituted.
func TestQuickStart(t *testing.T) {
	out := runScript(t, quickStart(t, "../README.md"), "8080", "8081")
	if n := strings.Count(out, "Verified."); n != 4 {
		t.Errorf("%d verifications succeeded, want 4:\n%s", n, out)
	}
	for _, want := range []string{"Yes: the certification was on file before the claim was filed", "is in force",
		"Yes: the response is about this query"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// TestWitnessQuickStart runs the very lines of docs/witness.md, after a log's key was made, and lets that
// log be cosigned.
func TestWitnessQuickStart(t *testing.T) {
	lines := quickStart(t, "../docs/witness.md")
	if n := strings.Count(lines, "\n"); n > 20 {
		t.Errorf("%d lines, want 20 at most", n)
	}
	const log = `
cocket policy new --log log.vkey --witness w1=w1.vkey,http://127.0.0.1:8081 --quorum 1 > policy
printf 'origin: customs.example/log\ndir: log\nkey: log.key\npolicy: policy\nlisten: 127.0.0.1:8080\n' > log.yaml
cocketd init --config log.yaml
cocketd --config log.yaml &
until curl --silent http://127.0.0.1:8080/checkpoint | grep '^— witness.agency.example/w1 '; do sleep 0.1; done
curl --silent http://127.0.0.1:9081/metrics | grep '^cocket_witness_requests_total{status="200"}'
`
	key := "cocket keygen --type log --name customs.example/log --out log.key > log.vkey\n"
	out := runScript(t, key+lines+log, "8080", "8081", "9081")
	for _, want := range []string{"\nok\n", "\nwitness.agency.example/w1+", "\n— witness.agency.example/w1 "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// quickStart returns the lines of a document that are to be run.
func quickStart(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, block := range regexp.MustCompile("(?s)```sh quickstart\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		lines.WriteString(block[1])
	}
	if lines.Len() == 0 {
		t.Fatalf("%s has no quick start", path)
	}
	return lines.String()
}

// runScript runs lines in a shell with the programs of this project, each port of loopback replaced by a
// free one, and returns what they print.
func runScript(t *testing.T, lines string, ports ...string) string {
	t.Helper()
	bin := build(t)
	for _, port := range ports {
		lines = strings.ReplaceAll(lines, "127.0.0.1:"+port, freeAddress(t))
	}
	// As a person would, wait for the servers before the next line.
	lines = "set -e\ntrap 'kill $(jobs -p); wait' EXIT\n" + lines

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sh := exec.CommandContext(ctx, "bash", "-c", lines)
	sh.Dir = t.TempDir()
	sh.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	sh.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	sh.Cancel = func() error { return syscall.Kill(-sh.Process.Pid, syscall.SIGKILL) }
	out, err := sh.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// TestMain deletes what programs has built.
func TestMain(m *testing.M) {
	status := m.Run()
	_ = os.RemoveAll(bin) // nobody needs it any more; nothing if it was not made
	os.Exit(status)
}

// bin is the folder of the programs once they are built.
var bin string

// programs builds the programs once.
var programs = sync.OnceValue(func() (err error) {
	if bin, err = os.MkdirTemp("", "cocket-programs-"); err != nil {
		return err
	}
	out, err := exec.Command("go", "build", "-o", bin+string(filepath.Separator),
		"./cocket", "./cocketd", "./cocket-witness").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
})

// build returns the folder of the programs.
func build(t *testing.T) string {
	t.Helper()
	if err := programs(); err != nil {
		t.Fatal(err)
	}
	return bin
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestUnit: systemd understands the unit of docs/witness.md and finds it shut in.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze")
	}
	unit, err := os.ReadFile("../docs/systemd/cocket-witness.service")
	if err != nil {
		t.Fatal(err)
	}
	// The program need not be installed here.
	path := filepath.Join(t.TempDir(), "cocket-witness.service")
	text := strings.Replace(string(unit), "/usr/local/bin/cocket-witness", "/bin/true", 1)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"verify", path},
		{"security", "--offline=yes", "--threshold=15", "--no-pager", path}, // of 100, where 100 is wide open
	} {
		out, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput()
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
}
