// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/receipt"
)

const origin = "log.example/a"

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// seed is a source of a key that is the same in every run.
func seed(b byte) *bytes.Reader { return bytes.NewReader(bytes.Repeat([]byte{b}, 32)) }

func logKey(b byte, name string) (*receipt.Signer, receipt.VerifierKey) {
	skey, vkey, err := receipt.GenerateKey(seed(b), receipt.Ed25519, name)
	if err != nil {
		panic(err)
	}
	return must(receipt.NewSigner(skey)), must(receipt.ParseVerifierKey(vkey))
}

func witnessKey(b byte, name string) (*receipt.Cosigner, receipt.VerifierKey) {
	skey, vkey, err := receipt.GenerateKey(seed(b), receipt.Cosignature, name)
	if err != nil {
		panic(err)
	}
	return must(receipt.NewCosigner(skey)), must(receipt.ParseVerifierKey(vkey))
}

// tree is a reference tree, with hashes and proofs by x/mod's tlog.
type tree struct{ hashes []tlog.Hash }

func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, t.hashes[i])
	}
	return out, nil
}

func entry(i int64) []byte { return fmt.Appendf(nil, "entry %d", i) }

func newTree(size int64) *tree {
	t := &tree{}
	for i := range size {
		t.hashes = append(t.hashes, must(tlog.StoredHashes(i, entry(i), t))...)
	}
	return t
}

func (t *tree) checkpoint(size int64) receipt.Checkpoint {
	root := must(tlog.TreeHash(size, t))
	return receipt.Checkpoint{Origin: origin, Size: uint64(size), Root: receipt.Hash(root)}
}

func (t *tree) proof(size, index int64) (hashes []receipt.Hash) {
	for _, h := range must(tlog.ProveRecord(size, index, t)) {
		hashes = append(hashes, receipt.Hash(h))
	}
	return hashes
}

// world is a log, some witnesses, and a policy that wants them all.
type world struct {
	tree     *tree
	log      *receipt.Signer
	logKey   receipt.VerifierKey
	cosigner []*receipt.Cosigner
	keys     []receipt.VerifierKey
	policy   receipt.Policy
}

func newWorld() *world { return newWorldOf(2) }

func newWorldOf(witnesses int) *world {
	w := &world{tree: newTree(11)}
	w.log, w.logKey = logKey(1, origin)
	text := "log " + w.logKey.String() + "\n"
	var names string
	for i := range witnesses {
		c, k := witnessKey(byte(10+i), fmt.Sprintf("w%d.example", i))
		w.cosigner, w.keys = append(w.cosigner, c), append(w.keys, k)
		text += fmt.Sprintf("witness w%d %s\n", i, k)
		names += fmt.Sprintf(" w%d", i)
	}
	w.policy = must(receipt.ParsePolicy([]byte(text + "group g all" + names + "\nquorum g\n")))
	return w
}

// signed is the checkpoint of a tree, cosigned by all witnesses 100 seconds apart.
func (w *world) signed(size int64) []byte { return w.cosigned(w.tree.checkpoint(size)) }

func (w *world) cosigned(cp receipt.Checkpoint) []byte {
	b := must(cp.Sign(w.log))
	for i, c := range w.cosigner {
		s := must(c.Cosign(cp, time.Unix(1000+100*int64(i), 0)))
		b = append(b, s.String()...)
	}
	return b
}

func (w *world) receipt(size, index int64) receipt.Receipt {
	return receipt.Receipt{
		Index: uint64(index), Proof: w.tree.proof(size, index), Checkpoint: w.signed(size),
	}
}

func leaf(i int64) receipt.Hash { return receipt.Hash(tlog.RecordHash(entry(i))) }

// verify does what an application does with the bytes of a receipt.
func (w *world) verify(b []byte, leaf receipt.Hash) error {
	r, err := receipt.Parse(b)
	if err != nil {
		return err
	}
	trusted, err := w.policy.Verify(r.Checkpoint)
	if err != nil {
		return err
	}
	return trusted.Includes(leaf, r)
}

func wantError(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("got error %v, want one with %q", err, words)
	}
}
