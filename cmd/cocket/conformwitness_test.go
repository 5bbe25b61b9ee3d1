// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cocket.example/client/conform/verdict"
	"cocket.example/client/conform/witness"
)

// TestConformWitness judges the real program, over loopback, with both kinds of keys. It is killed five
// times, and started again by a supervisor.
func TestConformWitness(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "cocket-witness")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "cocket.example/cmd/cocket-witness").
		CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Chdir(dir)
	cocket(t, "log.vkey", "keygen", "--type", "log", "--name", "conform.example/log", "--out", "log.key")
	cocket(t, "w.vkey", "keygen", "--type", "cosignature", "--name", "witness.example/w", "--out", "w.key")
	cocket(t, "pq.vkey", "keygen", "--type", "cosignature", "--name", "witness.example/pq", "--algorithm", "ml-dsa-44",
		"--out", "pq.key")
	cocket(t, "logs.yaml", "conform", "witness", "--print-config", "--log-key", "log.key")
	address := freeAddress(t)
	config := fmt.Sprintf("listen: %s\ndir: state\nkeys: [w.key, pq.key]\n", address)
	writeFile(t, "w.yaml", config+contents(t, "logs.yaml"))
	if out, err := exec.Command(program, "init", "--config", "w.yaml").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	supervise(t, program)

	cocket(t, "report", "conform", "witness", "http://"+address, "--log-key", "log.key", "--witness-key", "w.vkey",
		"--witness-key", "pq.vkey", "--restart", "kill -9 $(cat pid)", "--json")
	var r witness.Report
	if err := json.Unmarshal([]byte(contents(t, "report")), &r); err != nil {
		t.Fatal(err)
	}
	pass, idle := r.Count(verdict.Pass), r.Count(verdict.NotApplicable)
	if len(r.Results) != 24 || pass+idle != 24 {
		t.Errorf("%d cases, %d pass", len(r.Results), pass)
	}
	for _, result := range r.Results {
		if result.Verdict != verdict.Pass {
			t.Errorf("%s %s: %+v, untried %q", result.ID, result.Verdict, result.Problems, result.Untried)
		}
	}
}

// cocket runs a command that must end well, and puts what it prints into a file.
func cocket(t *testing.T, out string, args ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(args, &stdout, &stderr); status != 0 {
		t.Fatalf("cocket %s: status %d\n%s%s", strings.Join(args, " "), status, stdout.String(), stderr.String())
	}
	writeFile(t, out, stdout.String())
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
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

// supervise keeps the witness running until the test ends, its process id in the file pid. It returns
// once there is one.
func supervise(t *testing.T, program string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done, started := make(chan error, 1), make(chan struct{}, 100)
	go func() { done <- keepRunning(ctx, program, started) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	<-started
	time.Sleep(100 * time.Millisecond) // or the suite asks again
}

func keepRunning(ctx context.Context, program string, started chan<- struct{}) error {
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, program, "--config", "w.yaml")
		if err := cmd.Start(); err != nil {
			started <- struct{}{}
			return err
		}
		if err := os.WriteFile("pid", fmt.Append(nil, cmd.Process.Pid), 0o600); err != nil {
			return errors.Join(err, cmd.Process.Kill(), cmd.Wait())
		}
		started <- struct{}{}
		var ended *exec.ExitError
		err := cmd.Wait()
		killed := errors.As(err, &ended) && ended.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
		if !killed && ctx.Err() == nil {
			return fmt.Errorf("cocket-witness ended by itself: %w", err)
		}
	}
	return nil
}

// The formats, and what cannot be tried.
func TestConformWitnessConfig(t *testing.T) {
	t.Chdir(t.TempDir())
	cocket(t, "log.vkey", "keygen", "--type", "log", "--name", "conform.example/log", "--out", "log.key")
	for format, want := range map[string]string{
		"cocket":      "logs:\n  - vkey: conform.example/log/1/begin+",
		"list":        "logs/v0\n\nvkey conform.example/log/1/begin+",
		"litewitness": "witnessctl add-log -origin conform.example/log/1/begin\nwitnessctl add-key -origin ",
		"omniwitness": "Logs:\n  - Origin: conform.example/log/1/begin\n    PublicKey: conform.example/log/1/begin+",
	} {
		cocket(t, "out", "conform", "witness", "--print-config", "--log-key", "log.key", "--format", format)
		if got := contents(t, "out"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %.200s", format, got)
		}
	}
	for args, want := range map[string]string{
		"":                            `"log-key"`,
		"--log-key log.key":           "URL of the witness is missing",
		"--log-key log.vkey http://x": "--log-key: ",
		"--log-key log.key http://x":  "--witness-key is missing",
		"--log-key log.key --print-config --format x":       "no format",
		"--log-key log.key http://x --witness-key log.vkey": "has type 0x01",
		"--log-key log.key http://x --witness-key none":     "--witness-key: ",
	} {
		var stdout, stderr bytes.Buffer
		status := run(slices.Concat([]string{"conform", "witness"}, strings.Fields(args)), &stdout, &stderr)
		if status == 0 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%q: status %d, %q", args, status, stderr.String())
		}
	}
}
