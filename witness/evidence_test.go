// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"cocket.example/receipt"
)

// evidence returns what the witness has kept.
func (r *rig) evidence() []Evidence {
	r.t.Helper()
	all, err := r.witness.config.State.Evidence()
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

// TestFork shows what convicts a log: two checkpoints of one size under its signature, once each,
// also after a restart (TW-10).
func TestFork(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	held := r.get(monitorPath(r.log.origin)).Body.String()
	fork := r.log.grow(t, other, 5, 5)
	r.want(422, fork)
	r.want(422, fork)
	r.want(409, r.log.grow(t, other, 3, 5)) // another way to the same fork
	r.close()
	r.open(OpenState)
	r.want(422, fork)
	all := r.evidence()
	if len(all) != 1 {
		t.Fatalf("%d pieces of evidence, want 1", len(all))
	}
	e := all[0]
	if e.Origin != r.log.origin || e.Kind != "fork" || !e.Time.Equal(start) || e.Held != held {
		t.Errorf("evidence %+v", e)
	}
	c, signatures, err := receipt.ParseCheckpoint([]byte(e.Offered))
	if err != nil || c != r.log.head(other, 5) {
		t.Fatalf("offered %+v, %v", c, err)
	}
	if err := r.log.key.VerifyLog(c, signatures); err != nil {
		t.Error(err)
	}
	if text := r.logged.String(); strings.Contains(text, "kept as evidence") {
		t.Errorf("said to be kept again: %s", text)
	}
}

// TestForkAtStale shows that a fork is kept even if the old size is wrong.
func TestForkAtStale(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	r.want(409, r.log.grow(t, other, 0, 5))
	r.want(409, r.log.grow(t, other, 0, 4)) // smaller: no contradiction by itself
	if all := r.evidence(); len(all) != 1 || all[0].Kind != "fork" {
		t.Errorf("evidence %+v, want one fork", all)
	}
	if !strings.Contains(r.logged.String(), "kept as evidence") {
		t.Error("the operator is not told")
	}
}

// TestUnproven shows that a checkpoint whose proof does not hold is kept apart: the log may be
// honest, and the proof a stranger's.
func TestUnproven(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	wrong := receipt.AddCheckpoint{
		Old: 5, Proof: trunk.consistency(5, 9), Checkpoint: r.log.sign(t, r.log.head(trunk, 8)),
	}
	r.want(422, wrong.Bytes())
	all := r.evidence()
	if len(all) != 1 || all[0].Kind != "unproven" {
		t.Fatalf("evidence %+v, want one unproven", all)
	}
	if _, err := all[0].Fork(); err == nil || !strings.Contains(err.Error(), "may be the fault of whoever sent it") {
		t.Errorf("a proof: %v", err)
	}
	heads, err := all[0].Checkpoints()
	if err != nil || len(heads) != 2 || heads[0].Size != 5 || heads[1].Size != 8 {
		t.Errorf("checkpoints %+v, %v", heads, err)
	}
}

// TestForkConvicts: whatever is kept as a fork is a proof that anyone can check: of one size, of the empty
// tree, and of a log that goes on from another tree than the one cosigned, unless the latter has a size
// of a power of two, which no consistency proof shows.
func TestForkConvicts(t *testing.T) {
	for held := 2; held <= 9; held++ {
		for _, offered := range []int{0, held, held + 1, held + 7} {
			r := newRig(t)
			r.want(200, r.log.grow(t, trunk, 0, held))
			body := receipt.AddCheckpoint{Checkpoint: r.log.sign(t, receipt.Checkpoint{Origin: r.log.origin})}.Bytes()
			if offered > 0 {
				body = r.log.grow(t, branch{"other", 1}, held, offered)
			}
			r.want(422, body)
			all := r.evidence()
			if len(all) != 1 {
				t.Fatalf("from %d to %d: %d pieces of evidence", held, offered, len(all))
			}
			f, err := all[0].Fork()
			if offered > held && held&(held-1) == 0 {
				if err == nil || all[0].Kind != "unproven" {
					t.Errorf("from %d to %d: %s, %v", held, offered, all[0].Kind, err)
				}
				continue
			}
			if err != nil || all[0].Kind != "fork" {
				t.Fatalf("from %d to %d: %s, %v", held, offered, all[0].Kind, err)
			}
			if _, err := f.SignedBy(receipt.Log{Key: r.log.key}); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestEvidenceIn: a state is read beside no witness, and left as it is.
func TestEvidenceIn(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	r.want(422, r.log.grow(t, other, 5, 5))
	want := r.evidence()
	if _, err := EvidenceIn(r.path); !errors.Is(err, ErrInUse) {
		t.Errorf("beside a witness: %v", err)
	}
	r.close()
	before, err := os.ReadFile(r.path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := EvidenceIn(r.path)
	if err != nil || !reflect.DeepEqual(all, want) || len(all) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
	after, err := os.ReadFile(r.path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("changed: %v", err)
	}
	if _, err := EvidenceIn(r.path + ".not"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
	r.open(OpenState)
}

// TestEvidenceIsBounded shows the bound of each kind, and that the first ones stay.
func TestEvidenceIsBounded(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 4))
	for i := range 20 {
		r.want(422, r.log.grow(t, other, 4, 8+i))
	}
	for i := range 70 {
		r.want(422, r.log.grow(t, branch{name: strconv.Itoa(i)}, 4, 4))
	}
	count := make(map[string]int)
	roots := make(map[string]bool)
	for _, e := range r.evidence() {
		count[e.Kind]++
		c, _, err := receipt.ParseCheckpoint([]byte(e.Offered))
		if err != nil {
			t.Fatal(err)
		}
		roots[string(c.Root[:])] = true
	}
	if count["fork"] != 64 || count["unproven"] != 16 {
		t.Errorf("evidence %v, want 64 forks and 16 unproven", count)
	}
	if first := r.log.head(branch{name: "0"}, 4).Root; !roots[string(first[:])] {
		t.Error("the first fork is not kept")
	}
}

// TestForeignContradictions lets a witness that others keep for contradict itself as often as it likes:
// what this one keeps of itself has room all the same, and nothing of the other counts as the log's.
func TestForeignContradictions(t *testing.T) {
	keeper, other := newKeeper(t)
	path := keptPath(other.keys[0], other.log.origin)
	keeper.put(path, other.cosigned(other.log.head(trunk, 40), start))
	bound := maxEvidence[foreign]
	for i := range bound + 4 {
		answer := keeper.put(path, other.cosigned(other.log.head(trunk, 10+i), start.Add(time.Hour)))
		if answer.Code != 409 {
			t.Fatalf("status %d, want 409", answer.Code)
		}
	}
	state := keeper.witness.config.State
	for _, keys := range []int{0, 1} { // another witness has a bound of its own
		found := record{checkpoint: other.log.head(trunk, 30)}
		if err := keeper.witness.keepForeign(keeperOf(other.keys[keys]), found, found); err != nil {
			t.Fatal(err)
		}
	}
	if n := state.keptOf(other.log.origin); n != 0 {
		t.Errorf("%d count as the log's", n)
	}
	fork := record{checkpoint: other.log.head(branch{"fork", 2}, 5)}
	if err := keeper.witness.keepContradiction(record{checkpoint: other.log.head(trunk, 5)}, fork); err != nil {
		t.Fatal(err)
	}
	evidence, err := state.Evidence()
	if err != nil || len(evidence) != bound+2 {
		t.Errorf("%d kept (%v), want %d", len(evidence), err, bound+2)
	}
	keeper.close()
	keeper.open(OpenState)
	if n := keeper.witness.config.State.keptOf(other.log.origin); n != 1 {
		t.Errorf("%d count after a restart, want our own", n)
	}
}
