// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client/conform/internal/wire"
)

// The tiles of a size are those that x/mod lists, and none of the others is covered by it.
func TestRows(t *testing.T) {
	for size := int64(0); size < 2200; size++ {
		tiles := some(size)
		for _, want := range tlog.NewTiles(height, 0, size) {
			if !slices.Contains(tiles, want) {
				t.Fatalf("size %d lacks %s", size, path(want))
			}
			if want.L == 0 && !slices.Contains(tiles, tile(bundles, want.N, int64(want.W))) {
				t.Fatalf("size %d lacks the bundle of %s", size, path(want))
			}
		}
		if n := len(tlog.NewTiles(height, 0, size)) + int((size+width-1)/width); len(tiles) != n {
			t.Fatalf("size %d has %d tiles and bundles, want %d", size, len(tiles), n)
		}
		for _, other := range tiles {
			if !covered(other, size) {
				t.Fatalf("size %d does not cover %s", size, path(other))
			}
		}
		for _, other := range outside(size) {
			if covered(other, size) {
				t.Fatalf("size %d covers %s", size, path(other))
			}
		}
	}
}

// Of a large tree both ends of each row are among the tiles, and they are as wide as the checklist says.
func TestLargeRows(t *testing.T) {
	tiles := some(70_000)
	for _, want := range []string{"/tile/0/000", "/tile/0/272", "/tile/0/273.p/112", "/tile/1/000", "/tile/1/001.p/17",
		"/tile/2/000.p/1", "/tile/entries/000", "/tile/entries/273.p/112"} {
		if !slices.ContainsFunc(tiles, func(t tlog.Tile) bool { return path(t) == want }) {
			t.Errorf("no %s", want)
		}
	}
	if got := path(tile(0, 1_234_067, 17)); got != "/tile/0/x001/x234/067.p/17" {
		t.Error(got)
	}
}

// No other name of a tile or bundle is its name, or that of another.
func TestOtherNames(t *testing.T) {
	tiles := []tlog.Tile{tile(0, 0, width), tile(0, 273, 112), tile(bundles, 0, 8), tile(bundles, 1234, width)}
	for _, tile := range tiles {
		for _, name := range append(otherNames(tile), noNames...) {
			written := strings.Replace(strings.TrimPrefix(name, "/tile/"), "entries/", "data/", 1)
			if _, err := tlog.ParseTilePath("tile/8/" + written); err == nil &&
				!strings.Contains(name, "/data/") && name != "/tile/64/000" { // which x/mod does not mind
				t.Errorf("%s is a name", name)
			}
		}
	}
}

func TestCaching(t *testing.T) {
	for _, c := range []struct {
		said       string
		within     int64
		want, kept bool
	}{
		{"", 10, false, false},
		{"no-store", 0, true, false},
		{"No-Cache", 0, true, false},
		{"max-age=1", 10, true, false},
		{"public, max-age=600", 10, false, false},
		{"max-age=0, s-maxage=600", 10, false, false},
		{"s-maxage=1, max-age=600", 10, true, false},
		{"max-age=31536000, immutable", 10, false, true},
		{"max-age=x", 10, false, false},
		{`max-age="5"`, 10, true, false},
	} {
		got := caching(http.Header{"Cache-Control": {c.said}})
		if got.within(c.within) != c.want || got.immutable != c.kept {
			t.Errorf("%q: within %v, immutable %v", c.said, got.within(c.within), got.immutable)
		}
	}
}

func testWeb(t *testing.T, h http.HandlerFunc) *web {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	w, err := newWeb(Config{URL: server.URL + "/prefix/"}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Every path goes onto the wire as it is written.
func TestRawPaths(t *testing.T) {
	var got string
	w := testWeb(t, func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI })
	for _, name := range append(otherNames(tile(0, 0, 8)), noNames...) {
		w.send(t.Context(), request{path: name})
		if got != "/prefix"+name {
			t.Errorf("sent %s, want %s", got, name)
		}
	}
}

// What is put off is asked for again, a bounded number of times; what is refused is not.
func TestAttempts(t *testing.T) {
	asked := 0
	status := http.StatusServiceUnavailable
	w := testWeb(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(status)
	})
	if a := w.send(t.Context(), request{path: "/x"}); a.status != status || asked != wire.Attempts {
		t.Errorf("status %d after %d attempts", a.status, asked)
	}
	status, asked = http.StatusNotFound, 0
	if a := w.send(t.Context(), request{path: "/x"}); !a.missing() || asked != 1 {
		t.Errorf("%s after %d attempts", a.what(), asked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a := w.send(ctx, request{path: "/x"}); !errors.Is(a.err, context.Canceled) {
		t.Errorf("after the end: %v", a.err)
	}
}

// Bodies have a bound, also what comes out of a coding, and no redirect is followed.
func TestBounds(t *testing.T) {
	followed := false
	w := testWeb(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/prefix/long":
			w.Write(make([]byte, 101))
		case "/prefix/away":
			http.Redirect(w, r, "http://other.example/away", http.StatusFound)
		case "/prefix/here":
			http.Redirect(w, r, "/target", http.StatusFound)
		default:
			followed = true
		}
	})
	for path, want := range map[string]string{
		"/long": "gave no answer: more than 100 bytes, which it can never have",
		"/away": `redirected with 302 to another host, "other.example"`,
		"/here": "redirected with 302",
	} {
		a := w.send(t.Context(), request{path: path, limit: 100})
		if a.what() != want || a.good() || followed {
			t.Errorf("%s, want %s; followed %v", a.what(), want, followed)
		}
	}
}

// A server that says nothing is given up.
func TestSilence(t *testing.T) {
	w := testWeb(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	w.timeout = time.Millisecond
	if a := w.send(t.Context(), request{path: "/x"}); !errors.Is(a.err, context.DeadlineExceeded) {
		t.Error(a.what())
	}
}
