// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cocket.example/internal/soak"
	"cocket.example/receipt"
)

// subtreeProof is SUBTREE_SUBPROOF of draft-ietf-plants-merkle-tree-certs, 4.4.1: that the tree over the
// entries [from, to) holds the subtree [start, end), whose hash is known or not.
func (b branch) subtreeProof(start, end, from, to int, known bool) []receipt.Hash {
	if start == from && end == to {
		if known {
			return nil
		}
		return []receipt.Hash{b.root(from, to)}
	}
	k := from + split(to-from)
	switch {
	case end <= k:
		return append(b.subtreeProof(start, end, from, k, known), b.root(k, to))
	case k <= start:
		return append(b.subtreeProof(start, end, k, to, known), b.root(from, k))
	}
	return append(b.subtreeProof(k, end, k, to, false), b.root(from, k))
}

// subtree asks for the subtree [start, end) of the tree of a checkpoint with these lines.
func (b both) subtree(start, end, size int, lines string) receipt.SignSubtree {
	note := string(b.log.head(trunk, size).Body()) + "\n" + lines
	return receipt.SignSubtree{
		Start: uint64(start), End: uint64(end), Hash: trunk.root(start, end),
		Proof: trunk.subtreeProof(start, end, 0, size, true), Checkpoint: []byte(note),
	}
}

func (r *rig) signSubtree(body []byte) *httptest.ResponseRecorder {
	return r.do(httptest.NewRequest(http.MethodPost, "/sign-subtree", bytes.NewReader(body)))
}

// grown returns the lines of the cosignatures of a tree of that size.
func (b both) grown(size int) string {
	b.t.Helper()
	return b.want(200, b.request(max(b.held(), 0), size, b.log.signer))
}

// refuseSubtree wants a status, and no signature.
func (r *rig) refuseSubtree(name string, status int, body []byte) {
	r.t.Helper()
	answer := r.signSubtree(body)
	if answer.Code != status || strings.Contains(answer.Body.String(), "— ") {
		r.t.Errorf("%s: status %d %q, want %d", name, answer.Code, answer.Body, status)
	}
}

// TestSignSubtree is the good half of W20: every subtree of a tree that was cosigned is signed, with the
// ML-DSA-44 key alone and without a time; every other range is refused (TW-21, TW-22, TW-23).
func TestSignSubtree(t *testing.T) {
	b := newBoth(t)
	signed := 0
	for _, size := range []int{1, 2, soak.Rounds(7, 64)} {
		lines := b.grown(size)
		for end := range size + 1 {
			for start := range end + 1 {
				if !aligned(start, end) {
					request := receipt.SignSubtree{Start: uint64(start), End: uint64(end),
						Checkpoint: b.subtree(0, 1, size, lines).Checkpoint}
					b.refuseSubtree("no subtree", 400, request.Bytes())
					continue
				}
				b.wantSubtree(b.subtree(start, end, size, lines))
				signed++
			}
		}
	}
	if want := soak.Rounds(1+3+16, 1+3+256); signed != want {
		t.Errorf("%d subtrees signed, want %d", signed, want)
	}
}

// aligned is the definition of a subtree.
func aligned(start, end int) bool {
	room := 1
	for room < end-start {
		room *= 2
	}
	return start < end && start%room == 0
}

// wantSubtree wants the request answered with one line, of the ML-DSA-44 key, whose time is 0.
func (b both) wantSubtree(request receipt.SignSubtree) {
	b.t.Helper()
	answer := b.signSubtree(request.Bytes())
	if answer.Code != 200 || answer.Header().Get("Content-Type") != textPlain {
		b.t.Fatalf("[%d, %d): status %d %q", request.Start, request.End, answer.Code, answer.Body)
	}
	signatures, err := receipt.ParseSignatures(answer.Body.Bytes())
	if err != nil || len(signatures) != 1 || binary.BigEndian.Uint64(signatures[0].Sig) != 0 {
		b.t.Fatalf("%d lines, %v, want one with the time 0", len(signatures), err)
	}
	if err := b.keys[1].VerifySubtree(request.Subtree(b.log.origin), signatures[0]); err != nil {
		b.t.Fatal(err)
	}
}

// TestSignSubtreeRefuses is the bad half of W20, one fault in each request.
func TestSignSubtreeRefuses(t *testing.T) {
	b := newBoth(t)
	lines := b.grown(7)
	ed25519, mldsa, _ := strings.Cut(lines, "\n")
	ed25519 += "\n"
	good := b.subtree(4, 6, 7, lines)
	b.wantSubtree(good)
	with := func(change func(*receipt.SignSubtree)) []byte {
		r := good
		r.Proof = append([]receipt.Hash(nil), good.Proof...)
		change(&r)
		return r.Bytes()
	}
	noted := func(lines string) []byte {
		return with(func(r *receipt.SignSubtree) { r.Checkpoint = b.subtree(4, 6, 7, lines).Checkpoint })
	}
	_, stranger := newCosigner(t, "witness.example/stranger")
	for name, c := range map[string]struct {
		status int
		body   []byte
	}{
		"no body":         {400, nil},
		"an add request":  {400, b.request(7, 8, b.log.signer)},
		"end beyond":      {400, with(func(r *receipt.SignSubtree) { r.Start, r.End = 7, 8 })},
		"empty":           {400, with(func(r *receipt.SignSubtree) { r.End = 4 })},
		"unaligned":       {400, with(func(r *receipt.SignSubtree) { r.Start, r.End = 3, 5 })},
		"64 of the proof": {400, with(func(r *receipt.SignSubtree) { r.Proof = make([]receipt.Hash, 64) })},
		"extension line":  {400, bytes.Replace(good.Bytes(), []byte("\n\n\u2014"), []byte("\nmore\n\n\u2014"), 1)},
		"too large":       {413, make([]byte, maxBody+1)},
		"unknown origin":  {404, bytes.Replace(good.Bytes(), []byte("log.example/a"), []byte("log.example/A"), 1)},
		"no signature":    {400, noted("")},
		"the log's alone": {403, noted(b.line(b.log.head(trunk, 7)))},
		"Ed25519 alone":   {403, noted(ed25519)},
		"a stranger's":    {403, noted(strings.ReplaceAll(lines, b.keys[1].Name, stranger.Name))},
		"twice":           {403, noted(lines + mldsa)},
		"of another tree": {403, noted(b.grown(8))},
		"another hash":    {422, with(func(r *receipt.SignSubtree) { r.Hash[0]++ })},
		"proof changed":   {422, with(func(r *receipt.SignSubtree) { r.Proof[1][31]++ })},
		"a hash less":     {422, with(func(r *receipt.SignSubtree) { r.Proof = r.Proof[1:] })},
		"a hash more":     {422, with(func(r *receipt.SignSubtree) { r.Proof = append(r.Proof, r.Hash) })},
		"another subtree": {422, with(func(r *receipt.SignSubtree) { r.Start, r.End = 2, 4 })},
	} {
		b.refuseSubtree(name, c.status, c.body)
	}
	b.wantSubtree(good) // an older checkpoint than the latest is as good
}

// line is the log's own line on a checkpoint.
func (b both) line(c receipt.Checkpoint) string {
	return string(b.log.sign(b.t, c)[len(c.Body())+1:])
}

// TestSignSubtreeOfSubtree: what was signed without a time, over a tree from 0, was found to be in a tree
// that was cosigned; it will do in place of a cosignature.
func TestSignSubtreeOfSubtree(t *testing.T) {
	b := newBoth(t)
	answer := b.signSubtree(b.subtree(0, 3, 7, b.grown(7)).Bytes())
	if answer.Code != 200 {
		t.Fatal(answer.Body)
	}
	b.wantSubtree(b.subtree(2, 3, 3, answer.Body.String()))
}

// TestSignSubtreeNeedsMLDSA: a witness with Ed25519 alone does not know the path. With it, other methods
// are refused.
func TestSignSubtreeNeedsMLDSA(t *testing.T) {
	r := newRig(t)
	r.refuseSubtree("Ed25519 alone", 404, nil)
	b := newBoth(t)
	answer := b.get("/sign-subtree")
	if answer.Code != http.StatusMethodNotAllowed || answer.Header().Get("Allow") != "POST" {
		t.Errorf("GET: status %d, Allow %q", answer.Code, answer.Header().Get("Allow"))
	}
}

// TestSubtreesApart: whoever asks for subtrees takes no slot of a log, is bounded himself, and waits for
// a processor no longer than the timeout.
func TestSubtreesApart(t *testing.T) {
	b := newBoth(t)
	request := b.subtree(0, 4, 7, b.grown(7))
	for range maxSubtrees {
		b.witness.subtrees.slots <- struct{}{}
	}
	answer := b.signSubtree(request.Bytes())
	if answer.Code != 503 || answer.Header().Get("Retry-After") == "" {
		t.Errorf("status %d, %q, want 503 with Retry-After", answer.Code, answer.Header())
	}
	b.grown(8)
	<-b.witness.subtrees.slots
	for range cap(b.witness.subtrees.work) {
		b.witness.subtrees.work <- struct{}{}
	}
	b.witness.config.Timeout = 10 * time.Millisecond
	b.refuseSubtree("no processor", 503, request.Bytes())
	b.grown(9)
	<-b.witness.subtrees.work
	b.wantSubtree(request)
}

// TestSubtreeOfBadSigner: a signature that does not hold is not answered.
func TestSubtreeOfBadSigner(t *testing.T) {
	b := newBoth(t)
	request := b.subtree(0, 4, 7, b.grown(7)).Bytes()
	good := b.witness.config.Keys[1]
	for name, change := range map[string]func(receipt.Signature, error) (receipt.Signature, error){
		"error": func(s receipt.Signature, _ error) (receipt.Signature, error) {
			return s, errors.New("broken")
		},
		"a bit flipped": func(s receipt.Signature, err error) (receipt.Signature, error) {
			s.Sig[9] ^= 1
			return s, err
		},
		"a time": func(receipt.Signature, error) (receipt.Signature, error) {
			return good.Cosign(b.log.head(trunk, 4), start)
		},
	} {
		b.use(b.witness.config, badSigner{Signer: good, change: change})
		b.refuseSubtree(name, 503, request)
	}
}

// FuzzSignSubtree: whatever is sent, the answer is one that c2sp.org/tlog-witness knows, and what is
// signed is in the tree that was cosigned.
func FuzzSignSubtree(f *testing.F) {
	b := newBoth(f)
	b.witness.guard = newGuard(Limits{AddressFaults: 1e9}.withDefaults()) // the fuzzer is a single address
	lines := b.grown(7)
	f.Add(b.subtree(0, 4, 7, lines).Bytes())
	f.Add(b.subtree(4, 7, 7, lines).Bytes())
	f.Add(b.subtree(6, 7, 7, lines[:110]).Bytes())
	f.Fuzz(func(t *testing.T, body []byte) {
		answer := b.signSubtree(body)
		switch answer.Code {
		case http.StatusOK:
			r, err := receipt.ParseSignSubtree(body)
			if err != nil || r.End > 7 || r.Hash != trunk.root(int(r.Start), int(r.End)) {
				t.Fatalf("signed %+v, %v", r, err)
			}
		case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound,
			http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
			if text := answer.Body.String(); strings.Count(text, "\n") != 1 {
				t.Fatalf("a refusal of several lines: %q", text)
			}
		default:
			t.Fatalf("status %d %q", answer.Code, answer.Body)
		}
	})
}
