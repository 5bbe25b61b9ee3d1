// SPDX-License-Identifier: Apache-2.0

package witness

import (
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

// cosign swaps the record of the origin for the request's checkpoint, if it may follow, and returns
// the cosignature lines once the swap is durable (TW-12). They are stored with the checkpoint, so
// they are made before the commit; if it fails, they leave with the record.
func (w *Witness) cosign(r request) ([]byte, error) {
	next, err := w.config.State.swap(r.checkpoint.Origin, func(held record) (record, error) {
		if err := judge(held, r); err != nil {
			return record{}, err
		}
		if err := w.gate(held, r); err != nil {
			return record{}, err
		}
		return w.sign(held, r)
	})
	if err == nil && w.config.Watcher != nil {
		w.config.Watcher.Cosigned(next.checkpoint, next.note)
	}
	return next.cosignatures, err
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

// sign makes the record that follows the one held.
func (w *Witness) sign(held record, r request) (record, error) {
	t, err := w.timestamp(held)
	if err != nil {
		return record{}, err
	}
	next := record{checkpoint: r.checkpoint, time: t}
	next.note = append(r.checkpoint.Body(), '\n')
	for _, s := range r.signatures {
		next.note = append(next.note, s.String()...)
	}
	logOnly := len(next.note)
	for _, key := range w.config.Keys {
		s, err := key.Cosign(r.checkpoint, time.Unix(t, 0))
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
