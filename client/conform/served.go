// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"cocket.example/client/conform/verdict"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

const (
	typeText   = "text/plain; charset=utf-8"
	typeBinary = "application/octet-stream"
	// shortly is how many seconds a cache may keep a checkpoint: "a few" (TT-3).
	shortly = 10
)

// caseServed is L01: the checkpoint's headers, its form as a note, and the log's own signatures.
func caseServed(ctx context.Context, s *subject, r *verdict.Result) {
	h := s.head(ctx)
	a := h.answer
	r.Check("GET and HEAD, the form of the note, signatures: %d", len(s.keys()))
	if !a.good() {
		r.Fail(verdict.Must, "TT-3", a, "%s, want 200", a.what())
		return
	}
	if got := a.header.Get("Content-Type"); got != typeText {
		r.Fail(verdict.Must, "TT-3", a, "has Content-Type %.60q, want %q", got, typeText)
	}
	if c := caching(a.header); !c.within(shortly) {
		r.Fail(verdict.Should, "TT-3", a, "has Cache-Control %.60q, want max-age of a few seconds at most, or no-cache: "+
			"a cache may keep it, and nobody sees the log grow", c.said)
	}
	judgeHead(r, a, s.web.send(ctx, request{method: http.MethodHead, path: "/checkpoint", limit: maxCheckpoint}))
	if _, err := parseNote(a.body); err != nil {
		r.Fail(verdict.Must, "SN-1", a, "is no signed note: %v", err)
	}
	s.judgeKeys(r, h)
}

// judgeHead wants for HEAD the status and headers of GET.
func judgeHead(r *verdict.Result, get, head answer) {
	if !head.good() {
		r.Fail(verdict.Practice, "TT-3", head, "%s, want 200 as for GET", head.what())
		return
	}
	for _, name := range []string{"Content-Type", "Cache-Control"} {
		if got, want := head.header.Get(name), get.header.Get(name); got != want {
			r.Fail(verdict.Practice, "TT-3", head, "has %s %.60q, and GET has %.60q", name, got, want)
		}
	}
}

// judgeKeys wants a good signature of every key that the caller named, or of one of the policy's.
func (s *subject) judgeKeys(r *verdict.Result, h head) {
	if h.err != nil && len(s.config.Keys) == 0 {
		r.Fail(verdict.Must, "SN-9", h.answer, "is not signed by a log of the policy: %.200v", h.err)
		return
	}
	plain := false
	for _, key := range s.keys() {
		plain = plain || receipt.KeyType(key.Type) == receipt.Ed25519
		if err := signedBy(key, h.answer.body); err != nil && len(s.config.Keys) > 0 {
			r.Fail(verdict.Must, "SN-9", h.answer, "does not verify under %s+%08x: %.200v", key.Name, key.ID, err)
		} else if err == nil && h.err == nil && key.Name != h.origin {
			r.Fail(verdict.Should, "CP-8", h.answer, "is signed by %q for the origin %.80q, want one name", key.Name, h.origin)
		}
	}
	if !plain {
		r.Skip("whether there is an Ed25519 signature (type 0x01), which public logs must have: give its vkey, too")
	}
}

// note is a signed note that is well-formed.
type signedNote struct {
	text       []byte
	signatures []receipt.Signature
}

// parseNote parses a note strictly, whatever its text says (SN-1 … SN-6).
func parseNote(signed []byte) (n signedNote, err error) {
	i := bytes.LastIndex(signed, []byte("\n\n"))
	if i < 0 {
		return n, errors.New("no empty line between text and signatures")
	}
	n.text = signed[:i+1]
	for rest := n.text; len(rest) > 0; {
		if _, rest, err = strict.Cut(rest); err != nil {
			return n, fmt.Errorf("text: %w", err)
		}
	}
	n.signatures, err = receipt.ParseSignatures(signed[i+2:])
	return n, err
}
