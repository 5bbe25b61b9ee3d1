// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"filippo.io/mldsa"

	"cocket.example/client/conform/verdict"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// many is how many lines of unknown keys must not matter (SN-7).
const many = 16

// pqSize is that of a time and a signature of ML-DSA-44.
const pqSize = timeSize + mldsa.MLDSA44SignatureSize

// caseSignatures is W12.
func caseSignatures(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w12")
	old, text := int64(0), l.offer(0, 5).text
	good, broken := l.line(text), l.broken(text)
	other := l.cosignatureLine(text)
	const bad, forbidden = http.StatusBadRequest, http.StatusForbidden
	for _, c := range []struct {
		rule
		lines string
	}{
		{must("R1", "no signature line", bad), ""},
		{must("R3", "a line of an unknown key alone", forbidden), unknownLine[1:]},
		{must("R3", "a broken line of the log", forbidden), broken},
		{must("R3", "a broken line of the log, and one of an unknown key", forbidden), broken + unknownLine[1:]},
		{must("SN-8", "the log's key as one of another type", forbidden), other},
		{must("SN-8", "a good signature under an unknown name", forbidden),
			strings.Replace(good, l.origin, stranger, 1)},
		{should("SN-9", "a good and a broken line of the log", bad, forbidden), good + broken},
		{must("SN-9", "a broken and a good line of the log", bad, forbidden), broken + good},
		{practice("SN-12", "the log's line twice", bad, forbidden), good + good},
	} {
		o := l.offer(old, 5)
		o.note = text + "\n" + c.lines
		if s.try(ctx, r, c.rule, o).is(http.StatusOK) {
			old = 5 // from now on the same size once more, which changes nothing
		}
	}
	s.trySecond(ctx, r)
	s.tryMany(ctx, r)
	r.Check("lines that are missing, unknown, broken, doubled, and %d of unknown keys beside a good one", many)
}

// cosignatureLine signs as a cosigner (0x04) would that has the log's name and key.
func (l testLog) cosignatureLine(text string) string {
	k, err := strict.NewKey(l.origin, strict.Cosignature, []byte(l.key.Public))
	if err != nil {
		return ""
	}
	return signer{l.private, k}.line(text)
}

// trySecond: of a log with two keys, each line must hold.
func (s *subject) trySecond(ctx context.Context, r *verdict.Result) {
	l := s.log(second)
	k, err := s.config.Logs.signer(l.origin, "second ")
	if err != nil {
		s.err = err
		return
	}
	o := l.offer(0, 5)
	o.note = o.text + "\n" + k.line(o.text)
	if a := s.post(ctx, o); !a.is(http.StatusOK) {
		r.Skip("lines of a log with two keys: the witness does not know the second one (it %s)", a.what())
		return
	}
	for what, lines := range ordered(map[string]string{
		"broken and good lines of two keys": l.broken(l.text7()) + k.line(l.text7()),
		"good and broken lines of two keys": l.line(l.text7()) + k.broken(l.text7()),
	}) {
		o := l.offer(5, 7)
		o.note = o.text + "\n" + lines
		if s.try(ctx, r, must("SN-9", what, http.StatusForbidden), o).is(http.StatusOK) {
			return
		}
	}
}

func (l testLog) text7() string { return l.offer(5, 7).text }

// tryMany: lines of unknown keys, as long as those of ML-DSA-44, are no matter.
func (s *subject) tryMany(ctx context.Context, r *verdict.Result) {
	l := s.log("w12/many")
	o := l.offer(0, 5)
	for i := range many {
		line := receipt.Signature{Name: fmt.Sprintf("unknown.example/%d", i), ID: uint32(i), Sig: make([]byte, pqSize)}
		o.note += line.String()
	}
	u := should("SN-7", fmt.Sprintf("a good line and %d of unknown ML-DSA-44 keys", many), http.StatusOK)
	s.try(ctx, r, u, o)
}

// caseOrigins is W13.
func caseOrigins(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w13")
	for what, origin := range ordered(map[string]string{
		"an origin that nobody knows":      s.config.Logs.origin("w13/unknown"),
		"an origin in upper case":          strings.ToUpper(l.origin),
		"an origin and a space":            l.origin + " ",
		"an origin and a slash":            l.origin + "/",
		"an origin with an accent (NFC)":   l.origin + "\u00e9",
		"an origin with an accent (NFD)":   l.origin + "e\u0301",
		"an origin without its last digit": l.origin[:len(l.origin)-1],
	}) {
		o := l.offer(0, 5)
		text := origin + strings.TrimPrefix(o.text, l.origin)
		o.note = text + "\n" + l.line(text)
		s.try(ctx, r, must("R2", what, http.StatusNotFound), o)
	}
	s.step(ctx, r, l, [2]int64{0, 5})
	r.Check("seven origins that are not known, and one that is")
}

// caseExtension is W15: a line behind the root may be refused. If it is cosigned, Ed25519 covers it, but
// nothing of ML-DSA-44 does.
func caseExtension(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w15")
	o := l.offer(0, 5)
	o = l.resign(o, o.text+"an extension line\n")
	a := s.try(ctx, r, must("R1", "an extension line", http.StatusBadRequest, http.StatusOK), o)
	if !a.is(http.StatusOK) {
		r.Check("an extension line, which is refused")
		return
	}
	st := l.statement(5)
	st.text = o.text
	s.judgeLines(r, a, st, strict.Cosignature)
	if lines, err := receipt.ParseSignatures(a.body); err == nil {
		for _, key := range s.config.Keys {
			if key.Type == strict.MLDSA44 && len(of(key, lines)) > 0 {
				r.Fail(verdict.Practice, "CS-15", a, "cosigns with ML-DSA-44 a checkpoint with an extension line, "+
					"want 400: that signature holds for any other lines, too")
			}
		}
	}
	r.Check("an extension line, which is cosigned")
}
