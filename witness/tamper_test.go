// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"cocket.example/internal/soak"
	"cocket.example/internal/tamper"
	"cocket.example/receipt"
)

// A nursery has the signed checkpoints of all trees up to one size more than are tampered with.
type nursery struct {
	tree   tamper.Tree
	log    testLog
	signed [][]byte
	heads  []receipt.Checkpoint
}

func newNursery(t *testing.T) *nursery {
	n := &nursery{tree: tamper.New(tamper.Sizes + 1), log: newTestLog(t, "log.example/a")}
	for size := range uint64(tamper.Sizes + 2) {
		head := receipt.Checkpoint{Origin: n.log.origin, Size: size, Root: n.tree.Root(size)}
		n.heads, n.signed = append(n.heads, head), append(n.signed, n.log.sign(t, head))
	}
	return n
}

// judge offers a proof to a witness that holds the tree of a size.
func (n *nursery) judge(p tamper.Proof, held uint64) error {
	return judge(record{checkpoint: n.heads[held]}, request{old: p.At, proof: p.Hashes, checkpoint: n.heads[p.Size]})
}

// judgeText does as judge, with the body of a request.
func (n *nursery) judgeText(p tamper.Proof, held uint64) error {
	body := receipt.AddCheckpoint{Old: p.At, Proof: p.Hashes, Checkpoint: n.signed[p.Size]}.Bytes()
	a, err := receipt.ParseAddCheckpoint(body)
	if err != nil {
		return err
	}
	cp, _, err := receipt.ParseCheckpoint(a.Checkpoint)
	if err != nil {
		return err
	}
	return judge(record{checkpoint: n.heads[held]}, request{old: a.Old, proof: a.Proof, checkpoint: cp})
}

// Every consistency proof between trees of up to 300 is accepted; with every small change of its proof,
// old size or size it is refused, whichever of the two trees the witness holds; of every so many the
// body of the request as well.
func TestTamperConsistency(t *testing.T) {
	soak.NoRace(t)
	n := newNursery(t)
	tamper.EachSize(t, "consistency proofs", 1_000_000, func(size uint64) (tried int) {
		for from := uint64(1); from <= size; from++ {
			right := tamper.Proof{At: from, Size: size, Hashes: n.tree.Consistency(from, size)}
			if err := errors.Join(n.judge(right, from), n.judgeText(right, from)); err != nil {
				t.Errorf("%d → %d: %v", from, size, err)
			}
			for what, wrong := range right.Tampered() {
				tried++
				n.refuses(t, what, wrong, size, from)
			}
		}
		return tried
	})
}

// refuses offers a proof that was right from a size to another before it was changed.
func (n *nursery) refuses(t *testing.T, what string, p tamper.Proof, size, from uint64) {
	if n.judge(p, from) == nil {
		t.Errorf("%d → %d, %s: accepted", from, size, what)
	}
	if p.At != from && p.At > 0 && n.judge(p, p.At) == nil {
		t.Errorf("%d → %d, %s: accepted by who holds %d", from, size, what, p.At)
	}
	if (size+from)%tamper.Stride() == 0 && n.judgeText(p, from) == nil {
		t.Errorf("%d → %d, %s: accepted as text", from, size, what)
	}
}

// A checkpoint whose size is one more or less than the log has signed is taken for no tree.
func TestTamperSignedSize(t *testing.T) {
	n, w := newNursery(t), newRig(t).witness
	for size := uint64(1); size <= tamper.Sizes; size++ {
		for _, other := range []uint64{size - 1, size + 1} {
			was, is := fmt.Appendf(nil, "\n%d\n", size), fmt.Appendf(nil, "\n%d\n", other)
			body := receipt.AddCheckpoint{Checkpoint: bytes.Replace(n.signed[size], was, is, 1)}.Bytes()
			var refused *refusal
			if _, err := w.accept(body); !errors.As(err, &refused) || refused.status != http.StatusForbidden {
				t.Errorf("size %d instead of %d: %v, want status 403", other, size, err)
			}
		}
	}
}
