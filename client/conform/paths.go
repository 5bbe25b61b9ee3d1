// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client/conform/verdict"
)

// noNames are paths that no log has, whatever its size.
var noNames = []string{
	"/tile/64/000", "/tile/-1/000", "/tile/0/000.p/0", "/tile/0/000.p/256", "/tile/0/000.p/-1", "/tile/0/000.p/",
	"/tile/0/000.p", "/tile/0/", "/tile/entries/", "/tile/", "/tile", "/tile/entries/000.p/0",
	"/tile/entries/000.p/256", "/tile/x/000", "/tile/data/000", "/checkpoint/", "/Checkpoint", "/CHECKPOINT",
	"//checkpoint", "/%2e/checkpoint", "/tile/%2e%2e/checkpoint", "/tile/..%2fcheckpoint", "/%2e%2e/%2e%2e/etc/passwd",
	"/checkpoint?x=1",
}

// otherNames spells the path of a tile or bundle that is there in ways that the grammar does not
// have (TT-6 … TT-8). Each would be a second name for bytes that caches keep under the first.
//
//	/tile/ level / [xNNN/…] NNN [.p/ width]
func otherNames(t tlog.Tile) []string {
	name := path(t)
	kind, rest, _ := strings.Cut(strings.TrimPrefix(name, "/tile/"), "/")
	number, partial, _ := strings.Cut(rest, ".p/")
	if partial != "" {
		partial = ".p/" + partial
	}
	names := []string{
		"/" + name, "/tile//" + kind + "/" + rest, "/tile/" + kind + "//" + rest,
		"/TILE/" + kind + "/" + rest, name + "/", name + "?x=1", name + "%2f", name + "%20", name + "%00",
		"/tile/" + kind + "/%2e/" + rest, "/tile/%2e%2e/tile/" + kind + "/" + rest, "/tile/" + kind + "%2f" + rest,
		"/tile/" + kind + "/x000/" + rest, "/tile/" + kind + "/0" + rest, "/tile/" + kind + "/+" + rest,
	}
	if short, ok := strings.CutPrefix(number, "0"); ok {
		names = append(names, "/tile/"+kind+"/"+short+partial)
	}
	if t.L >= 0 {
		names = append(names, "/tile/0"+kind+"/"+rest, "/tile/+"+kind+"/"+rest)
	} else {
		names = append(names, "/tile/Entries/"+rest, "/tile/ENTRIES/"+rest)
	}
	if t.W < width {
		head := "/tile/" + kind + "/" + number
		names = append(names, fmt.Sprintf("%s.p/0%d", head, t.W), fmt.Sprintf("%s.p/+%d", head, t.W),
			fmt.Sprintf("%s.P/%d", head, t.W), fmt.Sprintf("%s.p/%d.0", head, t.W))
	}
	return names
}

// casePaths is L07: each of those is 404 or 400, kept by no cache, and not compressed.
func casePaths(ctx context.Context, s *subject, r *verdict.Result) {
	names := slices.Clone(noNames)
	for _, t := range s.examples() {
		names = append(names, otherNames(t)...)
	}
	for _, name := range names {
		judgeNoName(r, s.web.send(ctx, request{path: name, limit: maxBundle}))
	}
	r.Check("%d paths that are no names", len(names))
}

func judgeNoName(r *verdict.Result, a answer) {
	switch {
	case a.err != nil:
		r.Fail(verdict.Practice, "TT-7", a, "%s, want 404", a.what())
	case a.status == http.StatusNotFound || a.status == http.StatusBadRequest:
		judgeRefusal(r, a)
	case a.status != http.StatusOK:
		r.Fail(verdict.Practice, "TT-7", a, "%s, want 404 or 400", a.what())
	case strings.Contains(a.path, "?"):
		r.Fail(verdict.Practice, "TT-7", a, "answered 200, want 400 or 404: with a query there is no end to its names, "+
			"and a cache before the log keeps each of them")
	default:
		r.Fail(verdict.Must, "TT-7", a, "answered 200, want 404 or 400: this is no name that a log has")
	}
}

// judgeRefusal wants a refusal to be kept by nobody, since tomorrow there may be something.
func judgeRefusal(r *verdict.Result, a answer) {
	if c := caching(a.header); !c.within(0) {
		r.Fail(verdict.Practice, "TT-5", a, "%s with Cache-Control %.60q, want no-store: "+
			"a cache may go on refusing what is there tomorrow", a.what(), c.said)
	}
	if coding := a.coding(); coding != "" {
		r.Fail(verdict.Practice, "TT-17", a, "%s with Content-Encoding %.20q, which was not asked for", a.what(), coding)
	}
}

// examples are a tile and a bundle at each end of the tree: full, if there is one, and partial.
func (s *subject) examples() (tiles []tlog.Tile) {
	for _, r := range rows(s.latest.tree.N) {
		if r.level > 0 {
			break
		}
		if r.full > 0 {
			tiles = append(tiles, tile(r.level, 0, width))
		}
		if r.partial > 0 {
			tiles = append(tiles, tile(r.level, r.full, r.partial))
		}
	}
	return tiles
}

// caseMethods is L12: other methods are refused with 405, which names those that are allowed, and
// change nothing. A condition that nothing meets goes with each of them, so that even a server that
// would obey must not.
func caseMethods(ctx context.Context, s *subject, r *verdict.Result) {
	asked := []string{"/checkpoint"}
	before := make(map[string]answer)
	for _, t := range s.examples() {
		asked = append(asked, path(t))
		before[path(t)] = s.read(ctx, t)
	}
	for _, name := range asked {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
			a := s.web.send(ctx, request{method: method, path: name, guard: true, limit: maxBundle})
			switch {
			case a.err != nil || a.status != http.StatusMethodNotAllowed:
				r.Fail(verdict.Practice, "TT-5", a, "%s, want 405", a.what())
			case a.header.Get("Allow") == "":
				r.Fail(verdict.Practice, "TT-5", a, "answered 405 without Allow, want Allow: GET, HEAD")
			}
		}
	}
	for _, t := range s.examples() {
		if after, was := s.read(ctx, t), before[path(t)]; was.good() && !bytes.Equal(after.body, was.body) {
			r.Fail(verdict.Must, "TT-5", after, "is not what it was before POST, PUT and DELETE")
		}
	}
	r.Check("POST, PUT and DELETE on %d resources", len(asked))
}
