// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cocket.example/cmd/internal/config"
	"cocket.example/internal/soak"
	"cocket.example/receipt"
)

// writeList writes a list of so many logs, the first of which is number from.
func writeList(t *testing.T, path string, from, logs int) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("logs/v0\n")
	for i := from; i < from+logs; i++ {
		seed := bytes.NewReader(fmt.Appendf(nil, "%032d", i))
		_, vkey, err := receipt.GenerateKey(seed, receipt.Ed25519, fmt.Sprintf("log-%d.customs.example/declarations", i))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "vkey %s\nqpd 86400\ncontact https://log-%d.customs.example/contact\n", vkey, i)
	}
	if err := os.WriteFile(path+".new", b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// TestLargeList loads a list, at full count of 100,000 logs, and loads it again with half of them
// replaced, when old and new are in memory.
func TestLargeList(t *testing.T) {
	soak.NoRace(t)
	logs := soak.Rounds(3_000, 100_000)
	list := filepath.Join(t.TempDir(), "list")
	writeList(t, list, 0, logs)
	w := startWitness(t, "log_lists: ["+list+"]\nreload: 24h\n")
	first := w.peak()
	writeList(t, list, logs/2, logs)
	if err := w.process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	took := w.awaitLine(fmt.Sprintf("msg=\"logs loaded\" logs=%d", logs+1), 2)
	if err := w.offer(); err != nil {
		t.Error(err)
	}
	if limit := 48<<20 + 2400*logs; w.peak() > limit {
		t.Errorf("resident memory rose to %d MiB, want at most %d", w.peak()>>20, limit>>20)
	}
	t.Logf("%d logs: resident %d MiB, after a reload %d MiB; %s", logs, first>>20, w.peak()>>20, took)
}

// awaitLine waits until the witness has logged the text so many times, and returns the last line.
func (w *child) awaitLine(text string, times int) (line string) {
	w.t.Helper()
	for range 3000 {
		n := 0
		b, err := os.ReadFile(w.logged)
		if err != nil {
			w.t.Fatal(err)
		}
		for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
			if strings.Contains(lines.Text(), text) {
				n, line = n+1, lines.Text()
			}
		}
		if n >= times {
			return line
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatalf("%q was not logged", text)
	return ""
}

// TestPick shows whose word counts, and which logs of a list cannot be cosigned for.
func TestPick(t *testing.T) {
	dir := t.TempDir()
	vkey := func(typ receipt.KeyType, name string) string {
		_, vkey, err := receipt.GenerateKey(strings.NewReader(strings.Repeat("k", 32)), typ, name)
		if err != nil {
			t.Fatal(err)
		}
		return "vkey " + vkey + "\n"
	}
	const rest = "qpd 7\ncontact x\n"
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	for path, text := range map[string]string{
		one: vkey(receipt.Ed25519, "a") + rest + vkey(receipt.Ed25519, "b") + "origin go.sum tree\n" + rest +
			vkey(receipt.Cosignature, "c") + rest + vkey(receipt.Ed25519, "d") + "origin e\n" + rest,
		two: vkey(receipt.MLDSA44, "e") + rest + vkey(receipt.MLDSA44, "f") + rest,
	} {
		if err := os.WriteFile(path, []byte("logs/v0\n"+text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := Config{
		Logs:     []Log{{Verifier: Verifier{VKey: strings.TrimSuffix(vkey(receipt.Ed25519, "a")[5:], "\n")}}},
		LogLists: []config.Path{config.Path(one), config.Path(two)},
	}
	logs, read, err := c.allLogs(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range logs {
		got = append(got, fmt.Sprintf("%s %s %d", l.Origin(), l.Keys[0].Name, l.QPD))
	}
	if want := "a a 0, e d 7, f f 7"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
	for path, sum := range read {
		if sum != sumList(string(path)) || sum == [32]byte{} {
			t.Errorf("%s is said to have changed", path)
		}
	}
	if sumList(dir) != [32]byte{} || sumList(one+".none") != [32]byte{} {
		t.Error("what is no file has a sum")
	}
	c.LogLists = append(c.LogLists, config.Path(dir))
	_, _, err = c.allLogs(slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Errorf("a folder as a list: %v", err)
	}
}
