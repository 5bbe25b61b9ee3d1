// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// startReading starts a command that reads a pipe to which nothing is written, and returns when it does.
func startReading(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], append(args, pipe)...)
	cmd.Env = append(os.Environ(), "COCKET_TEST_MAIN=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for who reads
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return cmd
}

// TestInterrupted: one signal ends a command that waits where it does not look at its context.
func TestInterrupted(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd := startReading(t, "inspect")
		hang := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		hang.Stop()
		if got := cmd.ProcessState.ExitCode(); got != statusUntried {
			t.Errorf("%v: %v, want status %d", s, cmd.ProcessState, statusUntried)
		}
	}
}

// TestLooked: only who looks at the context is waited for.
func TestLooked(t *testing.T) {
	ctx, stop := interruptible(io.Discard)
	defer stop()
	w := ctx.(*watched)
	if ctx.Value("x"); w.looked.Load() {
		t.Error("nobody looked")
	}
	if ctx.Err() != nil || !w.looked.Load() {
		t.Error("Err looks")
	}
	w.looked.Store(false)
	if ctx.Done(); !w.looked.Load() {
		t.Error("Done looks")
	}
}
