// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/internal/flood"
	"cocket.example/internal/soak"
	"cocket.example/receipt"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
	"golang.org/x/sync/errgroup"
)

const (
	stranger  = "127.0.0.2"
	maxMemory = 100 << 20 // resident, at its highest
)

// TestFlood is W22: a stranger floods a witness, which is a process of its own, from one address while
// a log grows from another. Every request of the log is cosigned, and the memory stays below 100 MiB.
func TestFlood(t *testing.T) {
	soak.NoRace(t)
	t.Parallel()
	w := startWitness(t, "")
	attack := flood.Attack{Target: w.address, From: stranger}
	honest, stop := context.WithCancel(t.Context())
	growing := new(errgroup.Group)
	grown := 0
	growing.Go(func() (err error) {
		grown, err = w.grow(honest, 20*time.Millisecond)
		return err
	})
	var huge, unknown, slow flood.Outcomes
	// Alone, each part of the flood reaches what it attacks.
	_, err := attack.Huge(t.Context(), 1<<30, &huge)
	if err := errors.Join(err, attack.Unknown(t.Context(), 100, 1000, &unknown)); err != nil {
		t.Fatal(err)
	}
	if huge.Count["413"] != 1 || unknown.Count["404"] != 100 {
		t.Errorf("huge %v, unknown %v, want 413 and 100 times 404", huge.Count, unknown.Count)
	}
	group, ctx := errgroup.WithContext(t.Context())
	group.Go(func() error {
		for range soak.Rounds(4, 100) {
			if sent, _ := attack.Huge(ctx, 1<<30, &huge); sent > 64<<20 { // or refused with its connection
				return fmt.Errorf("%d bytes of a body of 1 GiB were taken", sent)
			}
		}
		return nil
	})
	group.Go(func() error {
		return attack.Unknown(ctx, soak.Rounds(20_000, 1_000_000), soak.Rounds(10_000, 5_000), &unknown)
	})
	attack.Slow(t.Context(), soak.Rounds(2_000, 10_000), 1_000, &slow)
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	stop()
	if err := growing.Wait(); err != nil || grown < 10 {
		t.Errorf("the log grew %d times: %v", grown, err)
	}
	only(t, &huge, "413 429 closed")
	only(t, &unknown, "404 429 closed")
	only(t, &slow, "408 429 closed")
	if slow.Count["408"]+slow.Count["429"] == 0 || slow.Count[flood.Closed] == 0 {
		t.Errorf("slow bodies: %v, want some refused, and some connections too", slow.Count)
	}
	peak := w.peak()
	if peak > maxMemory {
		t.Errorf("resident memory rose to %d MiB", peak>>20)
	}
	t.Logf("peak %d MiB, grown %d; huge %v, unknown %v, slow %v", peak>>20, grown, huge.Count, unknown.Count, slow.Count)
}

// only wants no other outcomes.
func only(t *testing.T, o *flood.Outcomes, wanted string) {
	t.Helper()
	for outcome, n := range o.Count {
		if !strings.Contains(wanted, outcome) {
			t.Errorf("%d answers %s, want only %s", n, outcome, wanted)
		}
	}
}

// TestUnknownOrigins lets a stranger be at fault as often as he likes, so that every unknown log is
// looked for: none is remembered.
func TestUnknownOrigins(t *testing.T) {
	soak.NoRace(t)
	w := startWitness(t, "limits: {address_faults: 1000000000}\n")
	if err := w.offer(); err != nil {
		t.Fatal(err)
	}
	attack, logs := flood.Attack{Target: w.address, From: stranger}, soak.Rounds(10_000, 1_000_000)
	var first, rest flood.Outcomes
	if err := attack.Unknown(t.Context(), logs/10, 10_000, &first); err != nil {
		t.Fatal(err)
	}
	before := w.peak()
	if err := attack.Unknown(t.Context(), logs, 10_000, &rest); err != nil {
		t.Fatal(err)
	}
	if err := w.offer(); err != nil {
		t.Error(err)
	}
	if n := rest.Count["404"]; n != logs {
		t.Errorf("%d of %d are unknown: %v", n, logs, rest.Count)
	}
	if after := w.peak(); after > maxMemory || after > before+16<<20 {
		t.Errorf("resident memory rose from %d to %d MiB", before>>20, after>>20)
	}
	t.Logf("peak %d MiB, after a tenth %d MiB", w.peak()>>20, before>>20)
}

// child is a witness in a process of its own, and the log that it knows.
type child struct {
	t       *testing.T
	address string
	scheme  string
	client  *http.Client
	process *os.Process
	logged  string // file of what it logs
	log     *receipt.Signer
	tree    *testonly.Tree
}

// startWitness starts a witness; more is for its configuration.
func startWitness(t *testing.T, more string) *child {
	t.Helper()
	dir := t.TempDir()
	log, cosigner := makeKey(t, dir, receipt.Ed25519), makeKey(t, dir, receipt.Cosignature)
	text := "listen: 127.0.0.1:0\naddr_file: addr\ndir: state\nkeys: [" + cosigner + "]\n" +
		"logs: [{vkey_file: " + log + ".vkey, qpd: 86400000}]\n" + more
	config := filepath.Join(dir, "w.yaml")
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) *exec.Cmd {
		c := exec.Command("cocket-witness", args...)
		c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		return c
	}
	if out, err := run("init", "--config", config).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	served := run("--config", config)
	logged, err := os.Create(filepath.Join(dir, "logged"))
	if err != nil {
		t.Fatal(err)
	}
	defer logged.Close()
	served.Stderr = logged
	if err := served.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = served.Process.Signal(os.Interrupt)
		if err := served.Wait(); err != nil {
			said, _ := os.ReadFile(logged.Name())
			t.Errorf("%v: %s", err, said)
		}
	})
	w := &child{t: t, scheme: "http", client: http.DefaultClient, process: served.Process, tree: testonly.New(rfc6962.DefaultHasher), logged: logged.Name()}
	if w.log, err = keyfile.ReadSigner(filepath.Join(dir, log)); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if addr, err := os.ReadFile(filepath.Join(dir, "addr")); err == nil {
			w.address = strings.TrimSpace(string(addr))
			return w
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the witness does not listen")
	return nil
}

// grow offers a larger checkpoint each time, whether or not the last one is answered late, until ctx
// ends. It returns how many were cosigned, all of them unless there is an error.
func (w *child) grow(ctx context.Context, every time.Duration) (int, error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return n, nil
		case <-tick.C:
		}
		if err := w.offer(); err != nil {
			return n, err
		}
	}
}

// offer grows the log by an entry.
func (w *child) offer() error {
	old := w.tree.Size()
	w.tree.AppendData([]byte(rand.Text()))
	body := receipt.AddCheckpoint{Old: old}
	if old > 0 {
		proof, err := w.tree.ConsistencyProof(old, old+1)
		if err != nil {
			return err
		}
		for _, hash := range proof {
			body.Proof = append(body.Proof, receipt.Hash(hash))
		}
	}
	var err error
	cp := receipt.Checkpoint{Origin: w.log.Name(), Size: old + 1, Root: receipt.Hash(w.tree.Hash())}
	if body.Checkpoint, err = cp.Sign(w.log); err != nil {
		return err
	}
	answer, err := w.client.Post(w.scheme+"://"+w.address+"/add-checkpoint", "", bytes.NewReader(body.Bytes()))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("size %d: %s: %s", old+1, answer.Status, text)
	}
	return err
}

// peak is the highest resident memory of the process so far, in bytes (VmHWM of proc(5)).
func (w *child) peak() int {
	w.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.process.Pid))
	if err != nil {
		w.t.Fatal(err)
	}
	_, value, _ := strings.Cut(string(status), "VmHWM:")
	var kib int
	if _, err := fmt.Sscan(value, &kib); err != nil {
		w.t.Fatal(err)
	}
	return kib << 10
}
