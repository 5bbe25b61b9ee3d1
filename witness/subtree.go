// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strconv"

	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// maxSubtrees bounds the requests to sign-subtree that are answered at one time, once their bodies are
// there. They have slots of their own: anyone can send them, as often as he likes, and they must not take
// those of logs.
const maxSubtrees = 64

// subtrees signs subtrees of trees that this witness has cosigned. It neither reads nor writes any
// state: whoever shows a cosignature shows what was cosigned.
type subtrees struct {
	known func(origin string) bool
	keys  []key         // of type 0x06; others cannot sign subtrees
	slots chan struct{} // holds one element for each request being answered
	work  chan struct{} // and for each that computes signatures: half of the processors
}

func newSubtrees(keys []key, known func(origin string) bool) *subtrees {
	s := &subtrees{
		known: known, slots: make(chan struct{}, maxSubtrees),
		work: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
	}
	for _, k := range keys {
		if k.public.Type == strict.MLDSA44 {
			s.keys = append(s.keys, k)
		}
	}
	return s
}

// signSubtree serves POST /sign-subtree.
func (w *Witness) signSubtree(rw http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), w.config.Timeout)
	defer cancel()
	lines, err := w.subtrees.answer(rw, r.WithContext(ctx))
	if err != nil && !errors.As(err, new(*refusal)) {
		w.config.Logger.Error("subtree not cosigned", "err", err)
	}
	w.metrics.subtrees.WithLabelValues(strconv.Itoa(finish(rw, lines, err))).Inc()
}

// answer takes a request from cheap checks to dear ones (TW-22, TW-23).
func (s *subtrees) answer(rw http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := readBody(rw, r)
	if err != nil {
		return nil, err
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		return nil, refuse(http.StatusServiceUnavailable, "too many requests at once")
	}
	wanted, err := s.accept(body)
	if err != nil {
		return nil, err
	}
	select {
	case s.work <- struct{}{}:
		defer func() { <-s.work }()
		return wanted.sign()
	case <-r.Context().Done():
		return nil, refuse(http.StatusServiceUnavailable, "too many requests at once")
	}
}

// subtreeRequest is a sign-subtree of which all holds but the signatures.
type subtreeRequest struct {
	subtree   receipt.Subtree
	reference receipt.Checkpoint
	keys      []key               // whose lines are on the reference checkpoint
	lines     []receipt.Signature // of these keys
}

// accept parses a request body and checks all that takes no more than hashing.
func (s *subtrees) accept(body []byte) (r subtreeRequest, err error) {
	request, err := receipt.ParseSignSubtree(body)
	if errors.Is(err, receipt.ErrOrigin) {
		return r, refuse(http.StatusNotFound, "%v", err)
	}
	if err != nil {
		return r, refuse(http.StatusBadRequest, "%v", err)
	}
	reference, signatures, err := receipt.ParseCheckpoint(request.Checkpoint)
	if err != nil {
		return r, refuse(http.StatusBadRequest, "%v", err)
	}
	if !s.known(reference.Origin) {
		return r, refuse(http.StatusNotFound, "no log of this origin is witnessed here")
	}
	r = subtreeRequest{subtree: request.Subtree(reference.Origin), reference: reference}
	if err := r.find(s.keys, signatures); err != nil {
		return r, err
	}
	if err := r.subtree.CheckConsistent(reference, request.Proof); err != nil {
		return r, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	return r, nil
}

// find wants the line of a key that can sign subtrees, and none twice. A cosignature of this witness
// with an Ed25519 key is not enough: what a key signs is to rest on no weaker one.
func (r *subtreeRequest) find(keys []key, signatures []receipt.Signature) error {
	for _, k := range keys {
		own := of(k.public, signatures)
		if len(own) > 1 {
			return refuse(http.StatusForbidden, "two signatures of key %s+%08x", k.public.Name, k.public.ID)
		}
		if len(own) == 1 {
			r.keys, r.lines = append(r.keys, k), append(r.lines, own[0])
		}
	}
	if len(r.keys) == 0 {
		return refuse(http.StatusForbidden, "the checkpoint has no ML-DSA-44 cosignature of this witness")
	}
	return nil
}

// sign returns a line of each key that has cosigned the reference checkpoint (TW-23).
func (r *subtreeRequest) sign() (lines []byte, err error) {
	for i, k := range r.keys {
		if _, err := k.public.VerifyCosignature(r.reference, r.lines[i]); err != nil {
			return nil, refuse(http.StatusForbidden, "%v", err)
		}
	}
	for _, k := range r.keys {
		s, err := k.cosignSubtree(r.subtree)
		if err != nil {
			return nil, err
		}
		lines = append(lines, s.String()...)
	}
	return lines, nil
}
