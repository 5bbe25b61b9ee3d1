// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"cocket.example/client/conform/verdict"
)

// day is how many seconds a tile should be fresh at least; most logs say a year.
const day = 86_400

// caseCaching is L11: the type and lifetime of tiles and bundles, which never change, and of every
// refusal in the whole run, which may.
func caseCaching(ctx context.Context, s *subject, r *verdict.Result) {
	kept := 0
	for _, t := range s.examples() {
		a := s.read(ctx, t)
		if !a.good() {
			continue // see L04
		}
		kept++
		item := "TT-5"
		if t.L == bundles {
			item = "TT-14"
		}
		judgeKept(r, item, a)
	}
	s.web.send(ctx, request{path: "/tile/0/x999/x999/999"})
	s.web.send(ctx, request{path: "/no-such-resource", accept: "gzip"})
	s.web.send(ctx, request{method: http.MethodPost, path: "/checkpoint", guard: true})
	s.judgeRefusals(r)
	r.Check("%d tiles and bundles, %d refusals", kept, len(s.web.refusals))
}

func judgeKept(r *verdict.Result, item string, a answer) {
	if got := a.header.Get("Content-Type"); got != typeBinary {
		r.Fail(verdict.Must, item, a, "has Content-Type %.60q, want %q", got, typeBinary)
	}
	c := caching(a.header)
	switch {
	case c.never || c.seconds < day:
		r.Fail(verdict.Should, item, a, "has Cache-Control %.60q, want public, max-age=31536000, immutable: it never changes",
			c.said)
	case !c.immutable:
		r.Fail(verdict.Practice, item, a, "has Cache-Control %.60q, want immutable as well: browsers would ask again", c.said)
	}
}

// judgeRefusals tells those with the same headers together, whatever they refused.
func (s *subject) judgeRefusals(r *verdict.Result) {
	for _, a := range s.web.refusals {
		// Of the others, caches keep none unless they are told to (RFC 9110 section 15.1).
		heuristic := strings.Contains(" 203 204 300 301 308 404 405 410 414 501 ", " "+strconv.Itoa(a.status)+" ")
		c := caching(a.header)
		if c.within(0) || c.said == "" && !heuristic {
			continue
		}
		r.Fail(verdict.Practice, "TT-5", a, "answered %d with Cache-Control %.60q, want no-store: "+
			"a cache may go on refusing what is there tomorrow", a.status, c.said)
	}
}
