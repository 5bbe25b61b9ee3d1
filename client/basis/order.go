// SPDX-License-Identifier: Apache-2.0

package basis

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"cocket.example/receipt"
)

// order says which of the two the log took first. Within one tree the index tells, and no clock is needed.
// Logs of their own have no common order: there the claim's date is all there is to compare with.
func (r *Report) order(policy receipt.Policy) {
	claim, cert := r.Claim.Checkpoint.Checkpoint, r.Certification.Checkpoint.Checkpoint
	if claim.Origin != cert.Origin {
		r.Facts.Absent(oneHistory, fmt.Sprintf("two logs, %s and %s", cert.Origin, claim.Origin))
		r.Facts.Absent(filedFirst, "not proven: logs of their own have no common order, and that "+r.claim.name+
			" was on file no later than some time does not say that it was not before")
		return
	}
	if err := r.history(policy); err != nil {
		r.Facts.Skip(filedFirst)
		return
	}
	first, second := r.index(), r.claimed()
	switch {
	case first >= second:
		r.Facts.Add(filedFirst, "", fmt.Errorf("%s is entry %d, and %s entry %d of the same log",
			r.claim.name, second, r.cert.name, first))
	case !r.holds(oneHistory):
		r.Facts.Absent(filedFirst, fmt.Sprintf("entry %d and then %d, which proves the order if it is one history",
			first, second))
	default:
		r.Facts.Add(filedFirst, fmt.Sprintf("%s is entry %d, %s entry %d of the same log",
			r.cert.name, first, r.claim.name, second), nil)
	}
}

// index is that of the certification. Should it stand in the log twice, the lower one counts, which who read the
// log knows.
func (r *Report) index() uint64 {
	if r.standing != nil && r.standing.Linked {
		return min(r.standing.Index, r.Certification.Index)
	}
	return r.Certification.Index
}

// claimed is that of the claim, likewise: whoever files a claim once more does not get behind a certification.
func (r *Report) claimed() uint64 {
	if r.standing != nil && r.standing.Linked {
		return min(r.standing.Claimed, r.Claim.Index)
	}
	return r.Claim.Index
}

// history adds whether the trees of the two receipts are one that has grown:
//
//	equal size, equal root    they are the same tree
//	equal size, other root    the log has forked, and both receipts together prove it
//	other sizes               the tree that was read begins with both; or the same witnesses cosigned both, who
//	                          cosign only what grows: two histories would need the log and all of these to lie
//	                          together. Where they are no quorum by themselves, that is less than a policy asks
//	                          for, and is said (NotProven)
func (r *Report) history(policy receipt.Policy) error {
	claim, cert := r.Claim.Checkpoint.Checkpoint, r.Certification.Checkpoint.Checkpoint
	names := r.common(policy)
	switch {
	case r.trouble != nil:
		r.Facts.Add(oneHistory, "", r.trouble)
		return r.trouble
	case claim.Size == cert.Size && claim.Root == cert.Root:
		r.Facts.Add(oneHistory, fmt.Sprintf("both receipts are of the same tree, of %d entries", claim.Size), nil)
	case claim.Size == cert.Size:
		err := fmt.Errorf("the receipts are of two trees of %d entries with different roots: the log %s has forked, "+
			"and nothing that rests on its word is to be believed", claim.Size, claim.Origin)
		r.Facts.Add(oneHistory, "", err)
		r.Fork = r.fork(policy)
		return err
	case r.standing != nil && r.standing.Linked:
		r.Facts.Add(oneHistory, fmt.Sprintf("the tree of %d entries that was read begins with both, of %d and %d",
			r.standing.Size, cert.Size, claim.Size), nil)
	case len(names) == 0:
		r.Facts.Absent(oneHistory, fmt.Sprintf("not proven: no witness cosigned both trees, of %d and %d entries, "+
			"so that rests on the log's word", cert.Size, claim.Size))
	default:
		r.Facts.Add(oneHistory, fmt.Sprintf("trees of %d and %d entries, both cosigned by %s, who cosign only what grows",
			cert.Size, claim.Size, strings.Join(names, ", ")), nil)
		if policy.Quorum == "none" || !policy.Satisfied(func(w string) bool { return slices.Contains(names, w) }) {
			r.few = names
		}
	}
	return nil
}

// common are the names in the claim's policy of the witnesses who cosigned both trees.
func (r *Report) common(policy receipt.Policy) (names []string) {
	good := make(map[string]bool)
	for _, w := range r.Certification.Checkpoint.Witnesses {
		good[w.Witness.Key.String()] = w.Err == nil
	}
	for _, w := range r.Claim.Checkpoint.Witnesses {
		if w.Err == nil && good[w.Witness.Key.String()] {
			names = append(names, w.Witness.Name)
		}
	}
	return names
}

// fork is the proof that the log has forked, or nil if its own signatures do not prove it.
func (r *Report) fork(policy receipt.Policy) *receipt.Fork {
	f, err := receipt.NewFork(r.Certification.Receipt.Checkpoint, r.Claim.Receipt.Checkpoint, receipt.Prefix{})
	if err != nil {
		return nil
	}
	if _, err := f.SignedBy(policy.Logs...); err != nil {
		return nil
	}
	return &f
}

func base64Hash(h [32]byte) string { return base64.StdEncoding.EncodeToString(h[:]) }
