// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// Bounds on what is kept for one other witness, and on what is brought at one time.
const (
	maxKept      = 16384    // logs
	maxKeptNote  = 16 << 10 // bytes of one checkpoint
	maxKeptAsked = 256
)

// keptNothing is the answer, with status 404, that tells a peer that keeps nothing yet from an address
// at which nobody keeps anything.
const keptNothing = "nothing is kept of this log yet"

// keepRoutes lets other witnesses keep here what they have cosigned:
//
//	PUT /kept/<SHA-256 of vkey>/<SHA-256 of origin>/checkpoint   204 once it, or a later one, is durable
//	GET /kept/<SHA-256 of vkey>/<SHA-256 of origin>/checkpoint   the latest one
//
// Whoever has a checkpoint with the other witness's cosignature may bring it. It never gives way to an
// earlier one.
func (w *Witness) keepRoutes(mux *http.ServeMux) {
	const path = " /kept/{keeper}/{origin}/checkpoint"
	mux.HandleFunc("PUT"+path, w.kept(func(rw http.ResponseWriter, r *http.Request, key receipt.VerifierKey) error {
		body, err := readBody(rw, r)
		if err == nil {
			err = w.putWithin(key, r.PathValue("origin"), body)
		}
		if err == nil {
			rw.WriteHeader(http.StatusNoContent)
		}
		return err
	}))
	mux.HandleFunc("GET"+path, w.kept(func(rw http.ResponseWriter, r *http.Request, key receipt.VerifierKey) error {
		held, err := w.config.State.latestKept(keeperOf(key), r.PathValue("origin"))
		if err == nil && held.note == nil {
			excuse(rw)
			err = refuse(http.StatusNotFound, keptNothing)
		}
		if err == nil {
			rw.Header().Set("Cache-Control", "no-store") // who has forgotten is to see the latest
			writeNote(rw, held.note)
		}
		return err
	}))
}

// kept answers for a witness for which something is kept.
func (w *Witness) kept(answer func(http.ResponseWriter, *http.Request, receipt.VerifierKey) error) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		key, ok := w.keeps[r.PathValue("keeper")]
		if !ok || r.URL.RawPath != "" {
			writeError(rw, refuse(http.StatusNotFound, "nothing is kept here for this witness"))
			return
		}
		if err := answer(rw, r, key); err != nil {
			writeError(rw, err)
		}
	}
}

// putWithin is putKept within the bound of requests. A body that is still to come takes no place.
func (w *Witness) putWithin(key receipt.VerifierKey, originSum string, note []byte) error {
	select {
	case w.keptSlots <- struct{}{}:
		defer func() { <-w.keptSlots }()
		return w.putKept(key, originSum, note)
	default:
		return limited(http.StatusServiceUnavailable, manyRequests, time.Second)
	}
}

// putKept keeps a checkpoint, unless it is an earlier one than what is held. One that contradicts what
// is held is kept as evidence: that witness has signed after it had forgotten what it signed.
func (w *Witness) putKept(key receipt.VerifierKey, originSum string, note []byte) error {
	if len(note) > maxKeptNote {
		return refuse(http.StatusRequestEntityTooLarge, "checkpoint of more than %d bytes", maxKeptNote)
	}
	checkpoint, _, err := receipt.ParseCheckpoint(note)
	if err != nil {
		return refuse(http.StatusBadRequest, "%v", err)
	}
	if hexSum(checkpoint.Origin) != originSum {
		return refuse(http.StatusBadRequest, "checkpoint of another log than the path says")
	}
	found, err := recognizeKept(key, note)
	if err != nil {
		return refuse(http.StatusForbidden, "%v", err)
	}
	keeper, state := keeperOf(key), w.config.State
	for range maxRaces {
		held, err := state.latest(keptKey(keeper, originSum))
		if err != nil {
			return err
		}
		switch held.relate(found) {
		case older:
			if !w.betters(held, found) {
				return nil
			}
		case contrary:
			if err := w.keepForeign(keeper, held, found); err != nil {
				return err
			}
			return refuse(http.StatusConflict, "cosignatures of this witness contradict each other: size %d is held",
				held.checkpoint.Size)
		}
		if held.note == nil && state.keptFor(keeper) >= maxKept {
			return refuse(http.StatusInsufficientStorage, "checkpoints of %d logs are kept, and no more", maxKept)
		}
		if err := state.swap(keptKey(keeper, originSum), held, found); !errors.Is(err, errChanged) {
			return err
		}
	}
	return fmt.Errorf("kept checkpoint: %w", errChanged)
}

// betters reports whether a record found is the one held, with lines of more keys for which this witness
// keeps. So whoever brings it with lines left out does not keep them from coming.
func (w *Witness) betters(held, found record) bool {
	return found.checkpoint == held.checkpoint && found.time == held.time &&
		w.verified(found) > w.verified(held)
}

// verified counts the keys that this witness keeps for whose lines in the record hold.
func (w *Witness) verified(r record) (n int) {
	c, signatures, err := receipt.ParseCheckpoint(r.note)
	if err != nil {
		return 0
	}
	for _, key := range w.keeps {
		if _, t := latestLine(key, c, signatures); t > 0 {
			n++
		}
	}
	return n
}

// recognizeKept reads a checkpoint with the cosignature of another witness. Its lines stay as they are:
// with other keys of that witness among them it is good for more.
func recognizeKept(key receipt.VerifierKey, note []byte) (record, error) {
	c, signatures, err := receipt.ParseCheckpoint(note)
	if err != nil {
		return record{}, err
	}
	lines := of(key, signatures)
	if len(lines) != 1 {
		return record{}, fmt.Errorf("%d cosignatures of %s, want one", len(lines), key.Name)
	}
	t, err := key.VerifyCosignature(c, lines[0])
	if err != nil {
		return record{}, err
	}
	if t.IsZero() {
		return record{}, fmt.Errorf("the cosignature of %s states no time", key.Name)
	}
	return record{checkpoint: c, time: t.Unix(), note: note}, nil
}

// newKeeps wants keys that cosign, and none of this witness.
func newKeeps(keys, own []receipt.VerifierKey) (map[string]receipt.VerifierKey, error) {
	keeps := make(map[string]receipt.VerifierKey)
	for _, k := range keys {
		if k.Type != strict.Cosignature && k.Type != strict.MLDSA44 {
			return nil, fmt.Errorf("key of witness %s has type 0x%02x: a witness cosigns with 0x04 (Ed25519) or 0x06 "+
				"(ML-DSA-44)", k.Name, k.Type)
		}
		if slices.Contains(own, k) {
			return nil, fmt.Errorf("key of witness %s is this one's own: it keeps for others", k.Name)
		}
		keeps[keeperOf(k)] = k
	}
	return keeps, nil
}
