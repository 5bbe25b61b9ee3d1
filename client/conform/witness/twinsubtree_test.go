// SPDX-License-Identifier: Apache-2.0

package witness_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// sign is sign-subtree.
func (w *twin) sign(body []byte) reply {
	bad := reply{http.StatusBadRequest, ""}
	head, reference, ok := bytes.Cut(body, []byte("\n\n"))
	first, rest, _ := strings.Cut(string(head), "\n")
	var start, end uint64
	if n, _ := fmt.Sscanf(first, "subtree %d %d", &start, &end); !ok || n != 2 || first != fmt.Sprintf("subtree %d %d", start, end) {
		return bad
	}
	var hashes []tlog.Hash
	for line := range strings.SplitSeq(rest, "\n") {
		h, err := strict.Hash(line)
		if err != nil {
			return bad
		}
		hashes = append(hashes, h)
	}
	cp, lines, err := receipt.ParseCheckpoint(reference)
	if err != nil || !w.subtree(start, end) || end > cp.Size {
		return bad
	}
	if _, known := w.logs[cp.Origin]; !known {
		return reply{http.StatusNotFound, ""}
	}
	if !w.own(cp, lines) {
		return reply{http.StatusForbidden, ""}
	}
	proof := hashes[1:]
	sub, root, ok := fold(subtreeOf{start, end, cp.Size, true}, hashes[0], &proof)
	if !ok || len(proof) > 0 || sub != hashes[0] || root != cp.Root {
		return reply{http.StatusUnprocessableEntity, ""}
	}
	return reply{http.StatusOK, w.tree(cp.Origin, start, end, sub, w.timeOf)}
}

func (w *twin) own(cp receipt.Checkpoint, lines []receipt.Signature) bool {
	for _, line := range lines {
		for _, k := range w.keys {
			if _, err := k.VerifyCosignature(cp, line); err == nil {
				return true
			}
		}
	}
	return false
}

func isSubtree(start, end uint64) bool {
	p := uint64(1)
	for start < end && p < end-start {
		p *= 2
	}
	return start < end && start%p == 0
}

type subtreeOf struct {
	start, end, n uint64
	whole         bool
}

// fold computes from a proof, from its end on, the roots of the subtree and of the tree.
func fold(s subtreeOf, known tlog.Hash, proof *[]tlog.Hash) (sub, root tlog.Hash, ok bool) {
	if s.start == 0 && s.end == s.n && s.whole {
		return known, known, true
	}
	last := len(*proof) - 1
	if last < 0 {
		return sub, root, false
	}
	beside := (*proof)[last]
	*proof = (*proof)[:last]
	if s.start == 0 && s.end == s.n {
		return beside, beside, true
	}
	k := uint64(1)
	for 2*k < s.n {
		k *= 2
	}
	switch {
	case s.end <= k:
		sub, root, ok = fold(subtreeOf{s.start, s.end, k, s.whole}, known, proof)
		return sub, tlog.NodeHash(root, beside), ok
	case s.start >= k:
		sub, root, ok = fold(subtreeOf{s.start - k, s.end - k, s.n - k, s.whole}, known, proof)
		return sub, tlog.NodeHash(beside, root), ok
	}
	sub, root, ok = fold(subtreeOf{0, s.end - k, s.n - k, false}, known, proof)
	return tlog.NodeHash(beside, sub), tlog.NodeHash(beside, root), ok
}
