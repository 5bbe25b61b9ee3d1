// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"cocket.example/receipt"
)

// both is a log and a witness that sign with Ed25519 and ML-DSA-44.
type both struct {
	*rig
	second *receipt.TimedSigner // of the log
	key    receipt.VerifierKey
}

func newBoth(t testing.TB) both {
	b := both{rig: newRig(t)}
	skey, vkey, err := receipt.GenerateKey(seed("second key"), receipt.MLDSA44, b.log.origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := receipt.NewLogSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	if b.key, err = receipt.ParseVerifierKey(vkey); err != nil {
		t.Fatal(err)
	}
	b.second = signer.(*receipt.TimedSigner)
	b.restart()
	return b
}

// restart makes the witness anew on the state that it has, with a key of each algorithm.
func (b *both) restart() {
	b.t.Helper()
	ed25519, first := newCosigner(b.t, "witness.example/w1")
	skey, vkey, err := receipt.GenerateKey(seed("pq"), receipt.MLDSA44, "witness.example/w1")
	if err != nil {
		b.t.Fatal(err)
	}
	mldsa, err := receipt.NewCosigner(skey)
	if err != nil {
		b.t.Fatal(err)
	}
	second, err := receipt.ParseVerifierKey(vkey)
	if err != nil {
		b.t.Fatal(err)
	}
	b.keys = []receipt.VerifierKey{first, second}
	b.witness, err = New(Config{
		State: b.witness.config.State, Keys: []Signer{ed25519, mldsa},
		Logs: []Log{{Keys: []receipt.VerifierKey{b.log.key, b.key}}}, Now: b.clock.now,
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// request is an add-checkpoint signed by some of the log's keys.
func (b both) request(from, to int, signers ...note.Signer) []byte {
	b.t.Helper()
	signed, err := b.log.head(trunk, to).SignAt(b.clock.now(), signers...)
	if err != nil {
		b.t.Fatal(err)
	}
	return receipt.AddCheckpoint{Old: uint64(from), Proof: trunk.consistency(from, to), Checkpoint: signed}.Bytes()
}

// TestBothAlgorithms: a log may sign with either key or with both; the answer has a line of each key
// of the witness, with one time, and what it shows has all (TW-11, TW-24).
func TestBothAlgorithms(t *testing.T) {
	b := newBoth(t)
	first, second := note.Signer(b.log.signer), note.Signer(b.second)
	for i, signers := range [][]note.Signer{{first}, {second}, {first, second}, {second, first}} {
		b.clock.set(start.Add(time.Duration(i) * time.Hour))
		lines := b.want(200, b.request(i, i+1, signers...))
		if at := b.time(b.log.head(trunk, i+1), lines); !at.Equal(b.clock.now()) {
			t.Errorf("cosigned at %s, want %s", at, b.clock.now())
		}
		if n := len(lines); n < 3300 || n > 3600 {
			t.Errorf("answer of %d bytes, want about 3,400", n)
		}
		shown := b.get(monitorPath(b.log.origin)).Body.String()
		if n := strings.Count(shown, "\n— "); n != len(signers)+2 || !strings.HasSuffix(shown, lines) {
			t.Errorf("shows %d lines, want %d of the log and the answer", n, len(signers))
		}
		b.restart()
		if held := b.held(); held != i+1 {
			t.Errorf("holds %d after a restart, want %d", held, i+1)
		}
	}
	b.refuses()
}

// refuses sends checkpoints of size 5 whose lines are not all good.
func (b both) refuses() {
	b.t.Helper()
	head := b.log.head(trunk, 5)
	line := func(c receipt.Checkpoint, s note.Signer) string {
		signed, err := c.SignAt(start, s)
		if err != nil {
			b.t.Fatal(err)
		}
		return string(signed[len(c.Body())+1:])
	}
	other := b.log.head(trunk, 6)
	mldsa, ed25519 := line(head, b.second), line(head, b.log.signer)
	for name, lines := range map[string]string{
		"ML-DSA-44 broken":              line(other, b.second),
		"ML-DSA-44 broken, Ed25519 not": ed25519 + line(other, b.second),
		"Ed25519 broken, ML-DSA-44 not": mldsa + line(other, b.log.signer),
		"ML-DSA-44 twice":               mldsa + line(head, b.second),
	} {
		answer := b.post([]byte("old 4\n\n" + string(head.Body()) + "\n" + lines))
		if answer.Code != 403 {
			b.t.Errorf("%s: status %d, want 403", name, answer.Code)
		}
	}
}

// TestSixteenLargeLines: a request with sixteen more lines of ML-DSA-44 fits (SN-7), and its lines of
// other keys are not kept.
func TestSixteenLargeLines(t *testing.T) {
	b := newBoth(t)
	body := b.request(0, 5, b.log.signer, b.second)
	for i := range 16 {
		skey, _, err := receipt.GenerateKey(seed(fmt.Sprint("stranger", i)), receipt.MLDSA44, "stranger.example/w")
		if err != nil {
			t.Fatal(err)
		}
		stranger, err := receipt.NewCosigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		line, err := stranger.Cosign(b.log.head(trunk, 5), start)
		if err != nil {
			t.Fatal(err)
		}
		body = append(body, line.String()...)
	}
	if len(body) < 50_000 {
		t.Fatalf("a body of %d bytes shows little", len(body))
	}
	b.time(b.log.head(trunk, 5), b.want(200, body))
	if shown := b.get(monitorPath(b.log.origin)).Body; bytes.Contains(shown.Bytes(), []byte("stranger")) {
		t.Error("shows the line of a stranger")
	}
}

// TestFormatsVerifiesMLDSA has the code of formats verify an answer of both algorithms (W23).
func TestFormatsVerifiesMLDSA(t *testing.T) {
	b := newBoth(t)
	b.want(200, b.request(0, 5, b.log.signer, b.second))
	list := []note.Verifier{b.verifier(b.key)}
	for _, key := range b.keys {
		list = append(list, b.verifier(key))
	}
	n, err := note.Open(b.get(monitorPath(b.log.origin)).Body.Bytes(), note.VerifierList(list...))
	if err != nil || len(n.Sigs) != 3 || len(n.UnverifiedSigs) != 1 {
		t.Fatalf("%+v, %v: want 3 signatures and the Ed25519 one of the log", n, err)
	}
	for _, s := range n.Sigs {
		if at, err := fnote.CoSigV1Timestamp(s); err != nil || !at.Equal(start) {
			t.Errorf("%s signed at %s, %v", s.Name, at, err)
		}
	}
}

func (b both) verifier(key receipt.VerifierKey) note.Verifier {
	b.t.Helper()
	v, err := fnote.NewVerifierForCosignatureV1(key.String())
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// TestKeyRoles: a log has no cosignature key, and above all none of the witness itself.
func TestKeyRoles(t *testing.T) {
	b := newBoth(t)
	for want, key := range map[string]receipt.VerifierKey{
		"is a cosignature key of this witness": b.keys[1],
		"0x01 (Ed25519) or 0x06 (ML-DSA-44)":   b.keys[0],
	} {
		c := b.witness.config
		c.Logs = append(c.Logs[:1:1], Log{Keys: []receipt.VerifierKey{key}})
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
