// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"cocket.example/internal/columns"
)

// screen STATUS COMMAND … wants cocket to end with that status on a terminal of 80 columns, and no line to be
// wider. What was shown goes to the file "screen".
func screen(ts *testscript.TestScript, _ bool, args []string) {
	shown, status, err := onTerminal(ts.MkAbs("."), args[1:])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("screen"), []byte(shown), 0o600))
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("status %d, want %s\n%s", status, args[0], shown)
	}
	for line := range strings.Lines(shown) {
		if line = strings.TrimSuffix(line, "\n"); tooWide(line) {
			ts.Fatalf("cocket %s: %d cells: %s", strings.Join(args[1:], " "), columns.Cells(line), line)
		}
	}
}

// longWord is where words begin that may pass the edge of a terminal, as hashes (44), keys and their files.
const longWord = 40

// tooWide reports whether a line passes the edge of a terminal by more than its last word, when that is one to
// be copied whole.
func tooWide(line string) bool {
	if columns.Cells(line) <= columns.Width {
		return false
	}
	rest, word := "", line
	if i := strings.LastIndexByte(line, ' '); i >= 0 {
		rest, word = line[:i], line[i+1:]
	}
	return columns.Cells(rest) > columns.Width || columns.Cells(word) < longWord
}

func TestTooWide(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	for line, want := range map[string]bool{
		a(80): false, a(81): false, a(40) + " " + a(39): false, a(40) + " " + a(40): false,
		a(41) + " " + a(39): true, a(81) + " " + a(40): true, strings.Repeat("a ", 41): true,
		strings.Repeat("日 ", 27): true, strings.Repeat("日", 40): false,
	} {
		if tooWide(line) != want {
			t.Errorf("tooWide(%q) is not %v", line, want)
		}
	}
}

// onTerminal runs cocket on a terminal of its own, and returns what it showed.
func onTerminal(dir string, args []string) (shown string, status int, err error) {
	outer, inner, err := openTerminal()
	if err != nil {
		return "", 0, err
	}
	defer outer.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "COCKET_TEST_MAIN=1", "LC_ALL=C.UTF-8")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inner, inner, inner
	if err := errors.Join(cmd.Start(), inner.Close()); err != nil {
		return "", 0, err
	}
	b, err := io.ReadAll(outer)
	if err != nil && !errors.Is(err, unix.EIO) { // it comes when nobody has the inner end any more
		return "", 0, err
	}
	if err := cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return "", 0, err
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(b)), cmd.ProcessState.ExitCode(), nil
}

// openTerminal returns both ends of a pseudo-terminal (pty(7)).
func openTerminal() (outer, inner *os.File, err error) {
	outer, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	fd := int(outer.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	err = errors.Join(err, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0),
		unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: columns.Width}))
	if err == nil {
		inner, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		return nil, nil, errors.Join(err, outer.Close())
	}
	return outer, inner, nil
}
