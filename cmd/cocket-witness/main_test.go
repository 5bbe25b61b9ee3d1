// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/receipt"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cocket-witness": main})
}

// TestScripts runs the scripts in testdata. Beside testscript's own commands they know:
//
//	keygen log|cosignature NAME SKEYFILE VKEYFILE   make a key pair
//	await FILE                                      wait until the file is there
//	get ADDRFILE PATH STATUS                        fetch; the answer is in the file "answer"
//	offer ADDRFILE SKEYFILE OLD SIZE STATUS         add-checkpoint; likewise, but not before it is ready
//	becomes ADDRFILE SKEYFILE OLD SIZE STATUS       offer, again until the status is that
//	list FILE VKEYFILE...                           write a log list, in one step
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"keygen":  func(ts *testscript.TestScript, _ bool, args []string) { keygen(ts, args) },
			"await":   func(ts *testscript.TestScript, _ bool, args []string) { await(ts, args[0]) },
			"get":     func(ts *testscript.TestScript, _ bool, args []string) { get(ts, args) },
			"offer":   func(ts *testscript.TestScript, _ bool, args []string) { check(ts, offer(ts, args), args[4]) },
			"becomes": func(ts *testscript.TestScript, _ bool, args []string) { becomes(ts, args) },
			"list":    func(ts *testscript.TestScript, _ bool, args []string) { list(ts, args) },
		},
	})
}

func keygen(ts *testscript.TestScript, args []string) {
	typ := map[string]receipt.KeyType{"log": receipt.Ed25519, "cosignature": receipt.Cosignature}[args[0]]
	skey, vkey, err := receipt.GenerateKey(rand.Reader, typ, args[1])
	ts.Check(err)
	ts.Check(keyfile.Write(ts.MkAbs(args[2]), skey))
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), []byte(vkey+"\n"), 0o644))
}

func await(ts *testscript.TestScript, file string) {
	for range 1000 {
		if _, err := os.Stat(ts.MkAbs(file)); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s did not appear", file)
}

func get(ts *testscript.TestScript, args []string) {
	answer, err := http.Get("http://" + strings.TrimSpace(ts.ReadFile(args[0])) + args[1])
	ts.Check(err)
	check(ts, answer, args[2])
}

// offer offers a checkpoint with some root that depends on the size alone.
func offer(ts *testscript.TestScript, args []string) *http.Response {
	signer, err := keyfile.ReadSigner(ts.MkAbs(args[1]))
	ts.Check(err)
	old, err := strconv.ParseUint(args[2], 10, 64)
	ts.Check(err)
	size, err := strconv.ParseUint(args[3], 10, 64)
	ts.Check(err)
	root := sha256.Sum256([]byte(args[3]))
	signed, err := receipt.Checkpoint{Origin: signer.Name(), Size: size, Root: root}.Sign(signer)
	ts.Check(err)
	body := receipt.AddCheckpoint{Old: old, Checkpoint: signed}.Bytes()
	url := "http://" + strings.TrimSpace(ts.ReadFile(args[0])) + "/add-checkpoint"
	for range 200 {
		answer, err := http.Post(url, "", bytes.NewReader(body))
		ts.Check(err)
		if answer.StatusCode != http.StatusServiceUnavailable || args[4] == "503" {
			return answer
		}
		ts.Check(answer.Body.Close())
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("still 503, want %s", args[4])
	return nil
}

// becomes offers a checkpoint again and again, for 20 seconds.
func becomes(ts *testscript.TestScript, args []string) {
	for range 2000 {
		answer := offer(ts, args)
		if strconv.Itoa(answer.StatusCode) == args[4] {
			check(ts, answer, args[4])
			return
		}
		ts.Check(answer.Body.Close())
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("the status does not become %s", args[4])
}

// list writes a log list, as a whole under another name first.
func list(ts *testscript.TestScript, args []string) {
	text := "logs/v0\n"
	for _, file := range args[1:] {
		key, err := receipt.ParseVerifierKey(strings.TrimSuffix(ts.ReadFile(file), "\n"))
		ts.Check(err)
		text += receipt.ListedLog{Key: key, Origin: key.Name, QPD: 1, Contact: "operator"}.String()
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".new"), []byte(text), 0o644))
	ts.Check(os.Rename(ts.MkAbs(args[0]+".new"), ts.MkAbs(args[0])))
}

func check(ts *testscript.TestScript, answer *http.Response, status string) {
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("answer"), body, 0o644))
	if strconv.Itoa(answer.StatusCode) != status {
		ts.Fatalf("status %d %q, want %s", answer.StatusCode, body, status)
	}
}

// TestExitStatus shows the two kinds of failure apart.
func TestExitStatus(t *testing.T) {
	for _, c := range []struct {
		args   string
		status int
		stderr string
	}{
		{"--help", 0, ""},
		{"--version", 0, ""},
		{"completion bash", 0, ""},
		{"", 2, "--config FILE is missing"},
		{"init", 2, "--config FILE is missing"},
		{"--confg w1.yaml", 2, "unknown flag: --confg"},
		{"strat --config w1.yaml", 2, `unknown command "strat"`},
		{"evidence", 2, "--config FILE is missing"},
		{"evidence 012345678901 --config w1.yaml", 2, "one ID and --out FILE"},
		{"evidence --out x --config w1.yaml", 2, "one ID and --out FILE"},
		{"init more --config w1.yaml", 2, `unknown command "more"`},
		{"--config /does/not/exist.yaml", 1, "/does/not/exist.yaml: no such file"},
	} {
		var stdout, stderr bytes.Buffer
		if status := run(strings.Fields(c.args), &stdout, &stderr); status != c.status {
			t.Errorf("%q: status %d, want %d", c.args, status, c.status)
		}
		if !strings.Contains(stderr.String(), c.stderr) || (c.status == 0) != (stdout.Len() > 0) {
			t.Errorf("%q: stdout %q, stderr %q", c.args, stdout.String(), stderr.String())
		}
	}
}
