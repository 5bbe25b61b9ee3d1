// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"cocket.example/log"
	"cocket.example/receipt"
)

// rotate gives the log a new key from a size on, and returns the old configuration under the new
// policy.
func (r *rig) rotate(size uint64) (old log.Config) {
	r.t.Helper()
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, origin)
	if err != nil {
		r.t.Fatal(err)
	}
	signer, err := receipt.NewSigner(skey)
	if err != nil {
		r.t.Fatal(err)
	}
	key, err := receipt.ParseVerifierKey(vkey)
	if err != nil {
		r.t.Fatal(err)
	}
	before := receipt.Log{Key: r.config.Policy.Logs[0].Key, Period: receipt.Period{To: size}}
	r.config.Policy.Logs = []receipt.Log{before, {Key: key, Period: receipt.Period{From: size}}}
	old = r.config
	r.config.Signers = []note.Signer{signer}
	return old
}

// signer is the id of the key that signed the published checkpoint.
func (r *rig) signer(l *log.Log) uint32 {
	r.t.Helper()
	checkpoint, err := l.Published(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	report := r.config.Policy.Examine(checkpoint)
	if report.Err() != nil {
		r.t.Error(report.Err())
	}
	return report.Log.ID
}

// TestRotation: the new key signs the tree anew that the old one signed last, and goes on from there;
// receipts of both verify under one policy.
func TestRotation(t *testing.T) {
	r := newRig(t)
	l, stop := r.run(same)
	last := add(t, l, 0, 300)[299]
	if err := l.Wait(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	before := r.signer(l)
	early, err := l.Receipt(t.Context(), 7, false)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	r.rotate(300)
	l, stop = r.run(same)
	defer stop()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := l.Published(t.Context()); err == nil && r.signer(l) != before {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the checkpoint of the old key is not replaced")
		}
	}
	if err := l.Wait(t.Context(), add(t, l, 300, 1)[0]); err != nil {
		t.Fatal(err)
	}
	late, err := l.Receipt(t.Context(), 300, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, proof := range []receipt.Receipt{early, late} {
		trusted, err := r.config.Policy.Verify(proof.Checkpoint)
		if err == nil {
			err = trusted.Includes(entries(int(proof.Index), 1)[0].Leaf, proof)
		}
		if err != nil {
			t.Errorf("receipt of entry %d: %v", proof.Index, err)
		}
	}
}

// TestKeyOutsideItsPeriod: a log does not start with a key that nobody would believe, and stops at the
// size where its key ends.
func TestKeyOutsideItsPeriod(t *testing.T) {
	r := newRig(t)
	l, stop := r.run(same)
	if err := l.Wait(t.Context(), add(t, l, 0, 10)[9]); err != nil {
		t.Fatal(err)
	}
	stop()
	for name, size := range map[string]uint64{"at its end": 10, "behind it": 9} {
		next := *r
		next.config = next.rotate(size)
		next.wantRefused(name, "sign with the key that follows it")
	}
	late := *r
	late.rotate(11)
	late.wantRefused("before its begin", "good for sizes 11.., not for size 10")

	ending := *r
	ending.config = ending.rotate(12)
	l, stop = ending.run(same)
	defer stop()
	add(t, l, 10, 3)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		err := l.Append(t.Context(), entries(20, 1), make([]uint64, 1))
		if errors.Is(err, log.ErrPushback) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("it takes entries that its key cannot sign for: %v", err)
		}
	}
	if l.Signed() > 12 {
		t.Errorf("signed size %d", l.Signed())
	}
}

// wantRefused starts the log, which must end at once with these words.
func (r *rig) wantRefused(name, words string) {
	r.t.Helper()
	c := r.config
	c.Storage = r.open() // closed by Run
	l, err := log.New(c)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := l.Run(r.t.Context()); err == nil || !strings.Contains(err.Error(), words) {
		r.t.Errorf("%s: %v, want an error with %q", name, err, words)
	}
}
