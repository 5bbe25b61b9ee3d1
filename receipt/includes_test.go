// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"bytes"
	"testing"

	"cocket.example/receipt"
)

// A receipt belongs to a trusted tree, not to the signatures that it came with: they are checked once,
// where the trust was made.
func TestIncludesUnderOtherSignatures(t *testing.T) {
	w := newWorld()
	trusted := must(w.policy.Verify(w.signed(5)))
	r := w.receipt(5, 2)
	r.Checkpoint = must(w.tree.checkpoint(5).Sign(w.log)) // without the witnesses
	if _, err := w.policy.Verify(r.Checkpoint); err == nil {
		t.Fatal("the witnesses are not missing: this test cannot see")
	}
	if err := trusted.Includes(leaf(2), r); err != nil {
		t.Error(err)
	}
	wantError(t, trusted.Includes(leaf(3), r), "not at index")
	r.Checkpoint = bytes.TrimSuffix(r.Checkpoint, []byte("\n"))
	wantError(t, trusted.Includes(leaf(2), r), "checkpoint")
	if err := (receipt.Trusted{}).Includes(leaf(2), r); err == nil {
		t.Error("nothing is trusted, and includes an entry")
	}
}
