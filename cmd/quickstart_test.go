// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestQuickStart runs the very lines of the README, ports substituted.
func TestQuickStart(t *testing.T) {
	bin := build(t)
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?s)```sh quickstart\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		script.WriteString(block[1])
	}
	if script.Len() == 0 {
		t.Fatal("the README has no quick start")
	}
	lines := script.String()
	for _, port := range []string{"8080", "8081"} {
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
	if n := strings.Count(string(out), "Verified."); n != 3 {
		t.Fatalf("%d verifications succeeded, want 3:\n%s", n, out)
	}
}

// build builds the programs once.
func build(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin+string(filepath.Separator),
		"./cocket", "./cocketd", "./cocket-witness").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
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
