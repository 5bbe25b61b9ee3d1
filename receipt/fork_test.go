// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/receipt"
)

// branchOff is a tree that has its first entries in common with newTree, and others from there on.
func branchOff(shared, size int64) *tree {
	t := &tree{}
	for i := range size {
		data := entry(i)
		if i >= shared {
			data = fmt.Appendf(nil, "other entry %d", i)
		}
		t.hashes = append(t.hashes, must(tlog.StoredHashes(i, data, t))...)
	}
	return t
}

// prefix is how the tree of size n begins.
func (t *tree) prefix(m, n int64) (p receipt.Prefix) {
	p.Root = t.checkpoint(m).Root
	for _, h := range must(tlog.ProveTree(n, m, t)) {
		p.Proof = append(p.Proof, receipt.Hash(h))
	}
	return p
}

// convict makes a fork, passes it through its text, and wants both checkpoints signed by the log.
func (w *world) convict(t *testing.T, a, b []byte, p receipt.Prefix) receipt.Fork {
	t.Helper()
	f, err := receipt.NewFork(a, b, p)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := receipt.ParseFork(f.Bytes())
	if err != nil || !bytes.Equal(parsed.Bytes(), f.Bytes()) {
		t.Fatalf("%q: %v", f.Bytes(), err)
	}
	signers, err := parsed.SignedBy(w.policy.Logs...)
	if err != nil || len(signers) != len(parsed.Checkpoints()) {
		t.Fatalf("signed by %v, %v", signers, err)
	}
	for _, keys := range signers {
		if !slices.Equal(keys, []receipt.VerifierKey{w.logKey}) {
			t.Fatalf("signed by %v", keys)
		}
	}
	return parsed
}

// TestForkOfOneSize: the order in which the checkpoints are given does not matter.
func TestForkOfOneSize(t *testing.T) {
	w := newWorld()
	other := branchOff(3, 11)
	for size := int64(4); size <= 11; size++ {
		a, b := w.signed(size), w.cosigned(other.checkpoint(size))
		f := w.convict(t, a, b, receipt.Prefix{})
		if g := w.convict(t, b, a, receipt.Prefix{}); !bytes.Equal(f.Bytes(), g.Bytes()) {
			t.Errorf("size %d: the order matters", size)
		}
		heads := f.Checkpoints()
		if len(heads) != 2 || heads[0].Size != uint64(size) || heads[1].Size != uint64(size) ||
			heads[0].Root == heads[1].Root {
			t.Errorf("checkpoints %+v", heads)
		}
	}
}

// TestForkAcrossSizes: whatever two sizes of two histories, from where they part, convict the log; two
// of one history never do, with no root that could be claimed.
func TestForkAcrossSizes(t *testing.T) {
	w := newWorld()
	const size, shared = 11, 3
	other := branchOff(shared, size)
	for m := int64(1); m < size; m++ {
		for n := m + 1; n <= size; n++ {
			older, newer, p := w.signed(m), w.cosigned(other.checkpoint(n)), other.prefix(m, n)
			if m <= shared {
				_, err := receipt.NewFork(older, newer, p)
				wantError(t, err, "is the one that was signed")
				p.Root[0]++
				if _, err := receipt.NewFork(older, newer, p); err == nil {
					t.Errorf("%d and %d convict an honest log", m, n)
				}
				continue
			}
			f := w.convict(t, newer, older, p)
			heads := f.Checkpoints()
			if heads[0].Size != uint64(m) || heads[1].Size != uint64(n) || f.Prefix().Root != p.Root {
				t.Errorf("from %d to %d: %+v", m, n, heads)
			}
			for i := range p.Proof {
				changed := receipt.Prefix{Root: p.Root, Proof: slices.Clone(p.Proof)}
				changed.Proof[i][5] ^= 1
				if _, err := receipt.NewFork(older, newer, changed); err == nil {
					t.Errorf("from %d to %d: a changed proof convicts", m, n)
				}
			}
		}
	}
}

// TestPrefix: a consistency proof shows the older root itself, unless that is of a power of two.
func TestPrefix(t *testing.T) {
	reference := newTree(40)
	for n := int64(1); n <= 40; n++ {
		cp := reference.checkpoint(n)
		for m := int64(1); m < n; m++ {
			want := reference.prefix(m, n)
			got, err := cp.Prefix(uint64(m), want.Proof)
			if power := m&(m-1) == 0; power != (err != nil) || !power && got.Root != want.Root {
				t.Errorf("from %d to %d: %x, %v", m, n, got.Root, err)
			}
			if _, err := cp.Prefix(uint64(m), append(want.Proof, want.Root)); err == nil {
				t.Errorf("from %d to %d: a hash too many", m, n)
			}
		}
		for _, m := range []uint64{0, uint64(n), uint64(n) + 1} {
			if _, err := cp.Prefix(m, nil); err == nil {
				t.Errorf("from %d to %d: no error", m, n)
			}
		}
	}
}

// TestForkOfNothing: a wrong root of the empty tree convicts by itself (CP-5).
func TestForkOfNothing(t *testing.T) {
	w := newWorld()
	wrong := w.cosigned(receipt.Checkpoint{Origin: origin, Root: receipt.Hash{1}})
	if f := w.convict(t, wrong, nil, receipt.Prefix{}); len(f.Checkpoints()) != 1 {
		t.Errorf("checkpoints %+v", f.Checkpoints())
	}
	_, err := receipt.NewFork(wrong, w.signed(0), receipt.Prefix{})
	wantError(t, err, "stands alone")
	for _, honest := range []int64{0, 1, 5} {
		_, err := receipt.NewFork(w.signed(honest), nil, receipt.Prefix{})
		wantError(t, err, "one checkpoint alone")
	}
}

// TestNoFork: what an honest log signs convicts nobody.
func TestNoFork(t *testing.T) {
	w := newWorld()
	elsewhere := receipt.Checkpoint{Origin: "log.example/b", Size: 5, Root: receipt.Hash{1}}
	signer, _ := logKey(7, elsewhere.Origin)
	p := w.tree.prefix(5, 9)
	extended := bytes.Replace(w.signed(6), []byte("\n\n"), []byte("\nx\n\n"), 1)
	for want, c := range map[string]struct {
		a, b []byte
		p    receipt.Prefix
	}{
		"want two of one log":           {w.signed(5), must(elsewhere.Sign(signer)), receipt.Prefix{}},
		"of the same tree of 5":         {w.signed(5), w.signed(5), receipt.Prefix{}},
		"begins with the empty one":     {w.signed(0), w.signed(5), receipt.Prefix{}},
		"is the one that was signed":    {w.signed(5), w.signed(9), p},
		"to another root of the tree":   {w.signed(5), w.signed(9), branchOff(1, 9).prefix(5, 9)},
		"too few hashes":                {w.signed(5), w.signed(9), receipt.Prefix{}},
		"there is nothing to prove":     {w.signed(5), w.cosigned(branchOff(1, 5).checkpoint(5)), p},
		"no empty line between text":    {w.signed(5), []byte{}, receipt.Prefix{}},
		"extension lines are not":       {w.signed(5), extended, p},
		"one checkpoint alone contradi": {w.signed(5), nil, p},
	} {
		_, err := receipt.NewFork(c.a, c.b, c.p)
		wantError(t, err, want)
	}
	if _, err := (receipt.Fork{}).SignedBy(w.policy.Logs...); err == nil {
		t.Error("the zero Fork is signed")
	}
}

// TestForkSpelling: a fork has one spelling.
func TestForkSpelling(t *testing.T) {
	w := newWorld()
	other := branchOff(3, 11)
	good := string(w.convict(t, w.signed(6), w.cosigned(other.checkpoint(9)), other.prefix(6, 9)).Bytes())
	same := string(w.convict(t, w.signed(6), w.cosigned(other.checkpoint(6)), receipt.Prefix{}).Bytes())
	head, notes, _ := strings.Cut(same, "\n\n")
	i := strings.Index(notes, "\n\nlog") + 1
	older, newer := notes[:i], notes[i+1:]
	zeros := strings.Repeat("A", 43) + "="
	swapped := head + "\n\n" + newer + "\n" + older
	if len(swapped) != len(same) || older+"\n"+newer != notes {
		t.Fatal("not swapped")
	}
	for name, text := range map[string]string{
		"nothing":                "",
		"another version":        strings.Replace(good, "@v1", "@v2", 1),
		"CRLF":                   strings.ReplaceAll(good, "\n", "\r\n"),
		"no root":                strings.Replace(good, "root ", "", 1),
		"two spaces":             strings.Replace(good, "root ", "root  ", 1),
		"a root not needed":      head + "\nroot " + zeros + "\n\n" + notes,
		"an empty line more":     good + "\n",
		"a line more":            good + "more\n",
		"no last LF":             strings.TrimSuffix(good, "\n"),
		"swapped":                swapped,
		"no line between":        strings.Replace(same, older+"\n", older, 1),
		"two lines between":      strings.Replace(same, older+"\n", older+"\n\n", 1),
		"a third checkpoint":     same + "\n" + newer,
		"one checkpoint":         head + "\n\n" + older,
		"64 hashes":              strings.Replace(good, "\n\n", strings.Repeat("\n"+zeros, 64)+"\n\n", 1),
		"more than there can be": good + strings.Repeat("\u2014 k AAAAAAA=\n", 20_000),
	} {
		if _, err := receipt.ParseFork([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestForkSignedBy: the log must have signed both, with a key that is good for it. Others' keys do not
// count, whoever else signed.
func TestForkSignedBy(t *testing.T) {
	w := newWorld()
	other := branchOff(3, 11)
	f := w.convict(t, w.signed(6), w.cosigned(other.checkpoint(9)), other.prefix(6, 9))
	log := w.policy.Logs[0]
	_, stranger := logKey(9, origin)
	_, elsewhere := logKey(9, "log.example/b")
	until := func(p receipt.Period) receipt.Log { return receipt.Log{Key: log.Key, Period: p} }
	for want, logs := range map[string][]receipt.Log{
		"no key of log.example/a that": nil,
		"no key of log.example/a":      {{Key: stranger}, {Key: elsewhere}},
		"size 9":                       {until(receipt.Period{To: 8})},
		"size 6":                       {until(receipt.Period{From: 7})},
		"states a time":                {until(receipt.Period{Until: time.Unix(1e9, 0)})},
		"a log signs with 0x01":        {log, {Key: w.keys[0]}},
	} {
		_, err := f.SignedBy(logs...)
		wantError(t, err, want)
	}
	if _, err := f.SignedBy(receipt.Log{Key: stranger}, until(receipt.Period{To: 8}), log); err != nil {
		t.Errorf("one key that is good: %v", err)
	}
	forged := must(receipt.NewFork(w.unsigned(w.tree.checkpoint(6)), w.cosigned(other.checkpoint(9)),
		other.prefix(6, 9)))
	_, err := forged.SignedBy(log)
	wantError(t, err, "does not hold") // SN-9
}

// unsigned is a checkpoint with the log's line of another one.
func (w *world) unsigned(cp receipt.Checkpoint) []byte {
	other := cp
	other.Size++
	signed := must(other.Sign(w.log))
	return append(append(cp.Body(), '\n'), signed[len(other.Body())+1:]...)
}

// TestForkInDocs: docs/evidence.md shows the fork of a log whose key has a seed of 32 bytes 0x01.
func TestForkInDocs(t *testing.T) {
	w := newWorld()
	other := branchOff(2, 4)
	f, err := receipt.NewFork(must(w.tree.checkpoint(3).Sign(w.log)), must(other.checkpoint(4).Sign(w.log)),
		other.prefix(3, 4))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../docs/evidence.md")
	if err != nil {
		t.Fatal(err)
	}
	if text := string(f.Bytes()); !strings.Contains(string(doc), "```\n"+text+"```\n") {
		t.Errorf("docs/evidence.md does not hold\n%s", text)
	}
	if vkey := w.logKey.String(); !strings.Contains(string(doc), vkey) {
		t.Errorf("docs/evidence.md does not name the key %s", vkey)
	}
}
