// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"strconv"
	"strings"
	"testing"

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
	r.want(422, r.log.grow(t, other, 5, 8))
	if all := r.evidence(); len(all) != 1 || all[0].Kind != "unproven" {
		t.Errorf("evidence %+v, want one unproven", all)
	}
}

// TestEvidenceIsBounded shows the bound of each kind, and that the first ones stay.
func TestEvidenceIsBounded(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	for i := range 20 {
		r.want(422, r.log.grow(t, other, 5, 8+i))
	}
	for i := range 70 {
		r.want(422, r.log.grow(t, branch{name: strconv.Itoa(i)}, 5, 5))
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
	if first := r.log.head(branch{name: "0"}, 5).Root; !roots[string(first[:])] {
		t.Error("the first fork is not kept")
	}
}
