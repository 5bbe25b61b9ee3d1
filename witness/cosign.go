// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"errors"
	"net/http"
	"time"

	"cocket.example/receipt"
)

// accept parses a request body and checks the log's signatures (table rows 1 to 3). A wrong root of
// the empty tree is judged later, once it is known who signed it (row 5).
func (w *Witness) accept(body []byte) (request, error) {
	add, err := receipt.ParseAddCheckpoint(body)
	if errors.Is(err, receipt.ErrOrigin) {
		return request{}, refuse(http.StatusNotFound, "%v", err)
	}
	if err != nil && !errors.Is(err, receipt.ErrEmptyRoot) {
		return request{}, refuse(http.StatusBadRequest, "%v", err)
	}
	checkpoint, signatures, err := receipt.ParseCheckpoint(add.Checkpoint)
	if err != nil && !errors.Is(err, receipt.ErrEmptyRoot) {
		return request{}, refuse(http.StatusBadRequest, "%v", err)
	}
	log, known := w.log(checkpoint.Origin)
	if !known {
		return request{}, refuse(http.StatusNotFound, "no log of this origin is witnessed here")
	}
	verified, err := verify(log.Keys, checkpoint, signatures)
	if err != nil {
		return request{}, err
	}
	return request{add.Old, add.Proof, checkpoint, verified}, nil
}

// verify returns the signature lines of the log's keys. There must be one, and every one must hold.
// Lines of other keys are no concern of ours (SN-8, SN-9).
func verify(keys []receipt.VerifierKey, c receipt.Checkpoint, signatures []receipt.Signature,
) ([]receipt.Signature, error) {
	var verified []receipt.Signature
	for _, key := range keys {
		err := key.VerifyLog(c, signatures)
		if errors.Is(err, receipt.ErrNoSignature) {
			continue
		}
		if err != nil {
			return nil, refuse(http.StatusForbidden, "%v", err)
		}
		verified = append(verified, of(key, signatures)...)
	}
	if len(verified) == 0 {
		return nil, refuse(http.StatusForbidden, "the checkpoint is not signed with a key of %s that "+
			"this witness knows", c.Origin)
	}
	return verified, nil
}

// of returns the lines that name the key: the pair of name and id identifies it.
func of(key receipt.VerifierKey, signatures []receipt.Signature) (own []receipt.Signature) {
	for _, s := range signatures {
		if s.Name == key.Name && s.ID == key.ID {
			own = append(own, s)
		}
	}
	return own
}

// maxRaces bounds how often a request is judged again because another one of its log came before it.
const maxRaces = 64

// cosign swaps the record of the origin for the request's checkpoint, if it may follow, and returns
// the cosignature lines once the swap is durable (TW-12), here and with a quorum of the peers. They are
// made before the commit, outside its lock, and leave only if what was judged is still held then.
func (w *Witness) cosign(ctx context.Context, r request) ([]byte, error) {
	paid := false
	for range maxRaces {
		held, err := w.config.State.latest(r.checkpoint.Origin)
		if err != nil {
			return nil, err
		}
		if err := w.mayCosign(held); err != nil {
			return nil, err
		}
		if err := judge(held, r); err != nil {
			return nil, err
		}
		if err := w.gate(held, r); err != nil {
			return nil, err
		}
		t, err := w.timestamp(held)
		if err != nil {
			return nil, err
		}
		next := held
		if !held.answers(r, t) {
			if !paid {
				if err := w.spend(held, r); err != nil {
					return nil, err
				}
				paid = true
			}
			if next, err = w.sign(held, r, t); err != nil {
				return nil, err
			}
			err = w.config.State.swap(r.checkpoint.Origin, held, next)
		}
		if errors.Is(err, errChanged) {
			continue
		}
		if err == nil {
			err = w.replicate(ctx, next)
		}
		if err != nil {
			return nil, err
		}
		w.tell(next)
		return next.cosignatures, nil
	}
	return nil, refuse(http.StatusServiceUnavailable, "too many requests of this log at once")
}

// tell says to the watcher what may be shown, once and for all: it keeps no size twice.
func (w *Witness) tell(r record) {
	if w.config.Watcher != nil && r.note != nil {
		w.config.Watcher.Cosigned(r.checkpoint, r.note)
	}
}

// gate refuses a larger checkpoint while the watcher has not had the entries of the ones before.
func (w *Witness) gate(held record, r request) error {
	if w.config.Watcher == nil || r.checkpoint.Size == held.checkpoint.Size {
		return nil
	}
	if err := w.config.Watcher.Gate(r.checkpoint.Origin); err != nil {
		return refuse(http.StatusServiceUnavailable, "%v", err)
	}
	return nil
}

// answers reports whether the record is what would be made again: it was made in this second for the
// same checkpoint. Of many who ask at once for a refresh, one is signed for, and whoever sends the latest
// checkpoint many times a second takes no place on the disk and nothing of the log's quota.
func (r record) answers(q request, t int64) bool {
	return r.cosignatures != nil && r.checkpoint == q.checkpoint && r.time == t
}

// replicate waits for a quorum of the peers to keep the record. If one of them keeps what contradicts
// it, they are all heard again, which stops the log.
func (w *Witness) replicate(ctx context.Context, next record) error {
	if err := w.peers.replicate(ctx, next); err != nil {
		if errors.Is(err, errContrary) {
			w.catchUp.again(next.checkpoint.Origin)
		}
		w.config.Logger.Warn("not kept by the peers", "origin", next.checkpoint.Origin, "err", err)
		refused := refuse(http.StatusServiceUnavailable, "too few of the peers of this witness can be reached")
		refused.logged = true
		return refused
	}
	return nil
}

// sign makes the record that follows the one held, at the time to be stated.
func (w *Witness) sign(held record, r request, t int64) (record, error) {
	next := record{checkpoint: r.checkpoint, time: t, generation: held.generation}
	next.note = append(r.checkpoint.Body(), '\n')
	for _, s := range r.signatures {
		next.note = append(next.note, s.String()...)
	}
	logOnly := len(next.note)
	for _, key := range w.keys {
		s, err := key.cosign(r.checkpoint, time.Unix(t, 0))
		if err != nil {
			return record{}, err
		}
		next.note = append(next.note, s.String()...)
	}
	next.cosignatures = next.note[logOnly:]
	return next, nil
}

// timestamp returns the time to state, in POSIX seconds: the clock's, but never earlier than the
// one stated last for the origin (TW-15).
func (w *Witness) timestamp(held record) (int64, error) {
	now := w.config.Now().Unix()
	if behind := held.time - now; behind > int64(w.config.ClockStep.Seconds()) {
		return 0, refuse(http.StatusServiceUnavailable, "the clock of this witness is %d s behind the "+
			"time of its latest cosignature: it signs nothing until the clock is right", behind)
	}
	return max(now, held.time), nil
}
