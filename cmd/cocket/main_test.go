// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cocket.example/receipt"
)

// TestMain lets the test program be cocket itself: for scripts, and for other namespaces.
func TestMain(m *testing.M) {
	if os.Getenv("COCKET_TEST_MAIN") != "" {
		main()
	}
	// Under the race detector a program would wait for a second before it ends.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=10"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"cocket": main})
}

// TestScripts runs the scripts; those that need a log or witnesses start the real ones, built for the
// purpose.
func TestScripts(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "cocket.example/cmd/cocketd", "cocket.example/cmd/cocket-witness")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("GORACE", os.Getenv("GORACE"))
			e.Setenv("TODAY", time.Now().UTC().Format(time.DateOnly))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await": await, "steal": steal, "offer": offer, "port": port, "status": exits,
			"dates": dates, "screen": screen, "refer": refer, "proxy": proxy,
		},
	})
}

// await FILE NAME waits until a server has written its address, and puts it into a variable.
func await(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		addr, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && bytes.HasSuffix(addr, []byte("\n")) {
			ts.Setenv(args[1], string(bytes.TrimSpace(addr)))
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s was not written", filepath.Base(args[0]))
}

// steal KEY RECEIPT OUT is what a thief of a log's key can do: sign with it what witnesses cosigned for
// another key. The cosignatures hold, for they are of the checkpoint and not of its signature.
func steal(ts *testscript.TestScript, _ bool, args []string) {
	signer, err := receipt.NewSigner(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	proof, err := receipt.Parse([]byte(ts.ReadFile(args[1])))
	ts.Check(err)
	cp, signatures, err := receipt.ParseCheckpoint(proof.Checkpoint)
	ts.Check(err)
	proof.Checkpoint, err = cp.Sign(signer)
	ts.Check(err)
	for _, s := range signatures {
		if s.Name != cp.Origin {
			proof.Checkpoint = append(proof.Checkpoint, s.String()...)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), proof.Bytes(), 0o600))
}

// day is a date in a file of a script, so many days from today, as @+7.
var day = regexp.MustCompile(`@([+-]\d+)`)

// dates FILE … writes the days into files.
func dates(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		text := day.ReplaceAllStringFunc(ts.ReadFile(name), func(s string) string {
			n, err := strconv.Atoi(s[1:])
			ts.Check(err)
			return time.Now().UTC().AddDate(0, 0, n).Format(time.DateOnly)
		})
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}
