// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/torchwood"

	"cocket.example/internal/peerbuild"
	"cocket.example/receipt"
)

// meeting is a log and its witnesses, all of which its policy wants.
type meeting struct {
	t      *testing.T
	bin    string // of our programs
	dir    string
	skey   string              // of the log
	key    receipt.VerifierKey // of the log
	keys   []receipt.VerifierKey
	lines  []string // of the policy
	policy receipt.Policy
	theirs torchwood.Policy // the same text, read by another
	env    []string         // of the servers
}

func newMeeting(t *testing.T) *meeting {
	t.Helper()
	m := &meeting{t: t, bin: build(t), dir: t.TempDir()}
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, "customs.example/log")
	must(t, err)
	m.skey, m.lines = skey, []string{"log " + vkey}
	m.key, err = receipt.ParseVerifierKey(vkey)
	must(t, err)
	m.write("log.key", skey)
	m.write("log.vkey", vkey)
	return m
}

func (m *meeting) path(name string) string { return filepath.Join(m.dir, name) }

func (m *meeting) write(name, text string) {
	m.t.Helper()
	must(m.t, os.WriteFile(m.path(name), []byte(text+"\n"), 0o600))
}

// addLitewitness adds torchwood's witness.
func addLitewitness(m *meeting) {
	m.t.Helper()
	p, err := peerbuild.StartLitewitness(m.t.Context(), peerbuild.Config{
		Dir: m.t.TempDir(), Name: "witness.example/lite", Logs: []string{m.key.String()},
	})
	must(m.t, err)
	m.t.Cleanup(func() { must(m.t, p.Close()) })
	m.add("lite", p.VKey, p.URL)
}

// addOurs adds our witness.
func addOurs(m *meeting) {
	m.t.Helper()
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, "witness.example/ours")
	must(m.t, err)
	address := freeAddress(m.t)
	m.write("w.key", skey)
	m.write("w.yaml", "listen: "+address+"\ndir: w\nkeys: [w.key]\nlogs: [{vkey_file: log.vkey}]")
	m.start("cocket-witness", "w.yaml", address)
	m.add("ours", vkey, "http://"+address)
}

// add puts a witness into the policy.
func (m *meeting) add(name, vkey, url string) {
	m.t.Helper()
	key, err := receipt.ParseVerifierKey(vkey)
	must(m.t, err)
	m.keys = append(m.keys, key)
	m.lines = append(m.lines, fmt.Sprintf("witness %s %s %s", name, vkey, url))
}

// writePolicy ends the policy: all witnesses.
func (m *meeting) writePolicy() {
	m.t.Helper()
	group := "group all-of-them all"
	for _, line := range m.lines[1:] {
		group += " " + strings.Fields(line)[1]
	}
	text := strings.Join(append(m.lines, group, "quorum all-of-them"), "\n") + "\n"
	var err error
	m.policy, err = receipt.ParsePolicy([]byte(text))
	must(m.t, err)
	m.theirs, err = torchwood.ParsePolicy([]byte(text))
	must(m.t, err)
	must(m.t, os.WriteFile(m.path("policy"), []byte(text), 0o644))
}

// judge holds a checkpoint against the policy: here, in torchwood, and in the tool of people. Without the
// line of any one witness, it satisfies none of them.
func (m *meeting) judge(checkpoint []byte, size uint64) {
	m.t.Helper()
	cp, lines, err := receipt.ParseCheckpoint(checkpoint)
	if err != nil || cp.Size != size || cp.Origin != m.key.Name || len(lines) != 1+len(m.keys) {
		m.t.Fatalf("checkpoint %q: %v", checkpoint, err)
	}
	_, err = m.policy.Verify(checkpoint)
	must(m.t, err)
	_, _, err = torchwood.VerifyCheckpoint(checkpoint, m.theirs)
	must(m.t, err)
	m.write("checkpoint", strings.TrimSuffix(string(checkpoint), "\n"))
	if out, err := m.check(); err != nil {
		m.t.Fatalf("cocket policy check: %v\n%s", err, out)
	}
	for _, key := range m.keys {
		at := bytes.Index(checkpoint, []byte("\n— "+key.Name+" ")) + 1
		end := at + bytes.IndexByte(checkpoint[at:], '\n') + 1
		without := string(checkpoint[:at]) + string(checkpoint[end:])
		_, err = m.policy.Verify([]byte(without))
		_, _, theirs := torchwood.VerifyCheckpoint([]byte(without), m.theirs)
		m.write("checkpoint", strings.TrimSuffix(without, "\n"))
		out, tool := m.check()
		if err == nil || theirs == nil || tool == nil {
			m.t.Errorf("without %s: ours %v, torchwood %v, tool %v\n%s", key.Name, err, theirs, tool, out)
		}
	}
}

// check runs "cocket policy check".
func (m *meeting) check() ([]byte, error) {
	return exec.CommandContext(m.t.Context(), filepath.Join(m.bin, "cocket"), "policy", "check",
		"--checkpoint", m.path("checkpoint"), m.path("policy")).CombinedOutput()
}

// start makes a server's storage, runs the server until the test ends, and waits until it listens, if it is
// to be reached at an address.
func (m *meeting) start(program, config, address string) {
	m.t.Helper()
	path := filepath.Join(m.bin, program)
	out, err := exec.CommandContext(m.t.Context(), path, "init", "--config", m.path(config)).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s init: %v\n%s", program, err, out)
	}
	var said bytes.Buffer
	server := exec.Command(path, "--config", m.path(config))
	server.Stderr, server.Env = &said, append(os.Environ(), m.env...)
	must(m.t, server.Start())
	m.t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		if err := server.Wait(); err != nil || m.t.Failed() {
			m.t.Errorf("%s: %v\n%s", program, err, &said)
		}
	})
	if address == "" {
		return
	}
	m.await(program+" listens", func() bool {
		conn, err := net.Dial("tcp", address)
		return err == nil && conn.Close() == nil
	})
}

// await waits until the condition holds.
func (m *meeting) await(what string, condition func() bool) {
	m.t.Helper()
	for end := time.Now().Add(30 * time.Second); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			m.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
