// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"

	"cocket.example/receipt"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// request is an add-checkpoint that was parsed and whose log signatures hold.
type request struct {
	old        uint64
	proof      []receipt.Hash
	checkpoint receipt.Checkpoint
	signatures []receipt.Signature // the log's own lines, verified
}

// refusal is a request that is not cosigned, with the status of the answer.
type refusal struct {
	status int
	text   string   // one line for the client, which with status 409 gets the size held instead
	held   record   // if it matters
	kind   conflict // none, unless the offered checkpoint is to be kept beside the one held
	logged bool     // what it is due to is in the log already, once for all requests

	reason string        // of a limit that was reached; empty for what is wrong with the request
	retry  time.Duration // after which the limit lets another one pass; 0: not known
}

func (r *refusal) Error() string { return r.text }

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, text: fmt.Sprintf(format, args...)}
}

// emptyRoot is the root of the tree of size 0 (CP-5).
var emptyRoot = receipt.Hash(sha256.Sum256(nil))

// judge decides whether the request may follow the record that is held. The order of the questions
// is the table of c2sp.org/tlog-witness, rows 4 to 9: later ones rely on earlier ones.
func judge(held record, r request) error {
	size, latest := r.checkpoint.Size, held.checkpoint
	switch {
	case r.old > size:
		return refuse(http.StatusBadRequest,
			"old size %d is larger than the checkpoint's size %d", r.old, size)
	case size == 0 && r.checkpoint.Root != emptyRoot:
		return r.conflicts(held, fork, "the root of an empty tree is the SHA-256 of nothing")
	case r.old != latest.Size:
		return r.stale(held)
	case r.old == 0 && len(r.proof) > 0:
		return refuse(http.StatusUnprocessableEntity,
			"from old size 0 there is nothing to prove: want no proof line, got %d", len(r.proof))
	case r.old == size && r.checkpoint.Root != latest.Root:
		return r.conflicts(held, fork, "another root was cosigned for this size")
	}
	if err := r.verifyProof(latest.Root); err != nil && r.old == size {
		return refuse(http.StatusUnprocessableEntity, "it is the latest checkpoint: want no proof line")
	} else if err != nil {
		return r.conflicts(held, unproven, "the consistency proof does not hold: %v", err)
	}
	return nil
}

// stale answers an old size that is not the latest one. Two roots of one size are a fork whatever
// the old size says.
func (r request) stale(held record) error {
	latest := held.checkpoint
	stale := refuse(http.StatusConflict, "old size %d is not the latest size %d", r.old, latest.Size)
	stale.held = held
	if latest.Size == r.checkpoint.Size && latest.Root != r.checkpoint.Root {
		stale.kind = fork
	}
	return stale
}

func (r request) conflicts(held record, kind conflict, format string, args ...any) error {
	refused := refuse(http.StatusUnprocessableEntity, format, args...)
	refused.held, refused.kind = held, kind
	return refused
}

// verifyProof checks the way from the old root to the checkpoint's (RFC 6962, 2.1.2). From an old
// size of 0 every tree is reached without a proof (TW-14).
func (r request) verifyProof(oldRoot receipt.Hash) error {
	if r.old == 0 {
		return nil
	}
	hashes := make([][]byte, len(r.proof))
	for i := range r.proof {
		hashes[i] = r.proof[i][:]
	}
	return proof.VerifyConsistency(rfc6962.DefaultHasher, r.old, r.checkpoint.Size, hashes,
		oldRoot[:], r.checkpoint.Root[:])
}
