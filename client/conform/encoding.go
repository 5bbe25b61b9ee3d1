// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"bytes"
	"compress/gzip"
	"context"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client/conform/verdict"
)

// worthwhile is from how many bytes on compression pays: what is shorter fits into a packet anyway.
const worthwhile = 2048

// caseEncoding is L10: for a tile and a bundle, whatever encodings are accepted, the label is right
// and the bytes are the same (TT-17).
func caseEncoding(ctx context.Context, s *subject, r *verdict.Result) {
	asked := 0
	for _, t := range s.examples() {
		plain := s.read(ctx, t)
		if !plain.good() {
			r.Fail(verdict.Must, "TT-17", plain, "%s, want 200 without coding or with gzip", plain.what())
			continue
		}
		var answers []answer
		for _, accept := range []string{"identity", "gzip", "br", "gzip, br"} {
			a := s.web.send(ctx, request{path: path(t), accept: accept, limit: plain.limit})
			asked++
			if !a.good() {
				r.Fail(verdict.Must, "TT-17", a, "%s with Accept-Encoding %q, want 200", a.what(), accept)
				continue
			}
			judgeCoding(r, t, a, plain.body)
			answers = append(answers, a)
		}
		judgeVary(r, answers)
		judgeCompressed(r, t, answers, plain.body)
	}
	if asked > 0 {
		r.Check("%d answers with Accept-Encoding identity, gzip, br, or both", asked)
	}
}

// judgeCoding compares the label with the bytes.
func judgeCoding(r *verdict.Result, t tlog.Tile, a answer, plain []byte) {
	accept := strings.Split(a.accept, ", ")
	switch coding := a.coding(); coding {
	case "":
		if !bytes.Equal(a.body, plain) {
			r.Fail(verdict.Must, "TT-17", a, "has other bytes with Accept-Encoding %q, and no Content-Encoding", a.accept)
		}
	case "gzip":
		got, err := a.plain()
		if err != nil {
			r.Fail(verdict.Must, "TT-17", a, "is %v", err)
		} else if !bytes.Equal(got, plain) {
			r.Fail(verdict.Must, "TT-17", a, "has other bytes as gzip than without")
		}
		if t.L != bundles && !slices.Contains(accept, "gzip") {
			r.Fail(verdict.Practice, "TT-17", a, "is gzip with Accept-Encoding %q: only a bundle may be so unasked", a.accept)
		}
	default:
		if !slices.Contains(accept, coding) {
			r.Fail(verdict.Must, "TT-17", a, "is %.20q with Accept-Encoding %q: only what is asked for, or gzip",
				coding, a.accept)
		} else if bytes.Equal(a.body, plain) {
			r.Fail(verdict.Must, "TT-17", a, "is labelled %.20q, which it is not", coding)
		}
	}
}

// judgeVary wants Vary on every answer, once they differ: a cache would give one reader's coding to
// another (RFC 9110 section 12.5.5).
func judgeVary(r *verdict.Result, answers []answer) {
	differ := slices.ContainsFunc(answers, func(a answer) bool { return a.coding() != answers[0].coding() })
	for _, a := range answers {
		vary := strings.ToLower(strings.Join(a.header.Values("Vary"), ","))
		if differ && !strings.Contains(vary, "accept-encoding") && vary != "*" {
			r.Fail(verdict.Practice, "TT-17", a, "differs by Accept-Encoding, and has no Vary: Accept-Encoding, "+
				"so that a cache gives one reader's coding to another")
		}
	}
}

// judgeCompressed wants a bundle compressed for who accepts that, if it pays.
func judgeCompressed(r *verdict.Result, t tlog.Tile, answers []answer, plain []byte) {
	if t.L != bundles || !pays(plain) {
		return
	}
	for _, a := range answers {
		if a.accept == "gzip" && a.coding() == "" {
			r.Fail(verdict.Should, "TT-17", a, "is not compressed for who accepts gzip, which would halve it")
		}
	}
}

// pays reports whether gzip halves these bytes.
func pays(plain []byte) bool {
	if len(plain) < worthwhile {
		return false
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(plain) // into memory: it cannot fail
	return err == nil && z.Close() == nil && b.Len() < len(plain)/2
}
