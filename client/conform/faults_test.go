// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"cocket.example/client/conform"
)

// fault is one thing that a server does wrong, and the cases that see it.
type fault struct {
	name  string
	sees  []string
	wrong server // instead of the good log
}

var faults = []fault{
	{"checkpoint of another type", []string{"L01"}, header("/checkpoint", "Content-Type", "text/plain")},
	{"checkpoint without caching", []string{"L01"}, header("/checkpoint", "Cache-Control", "")},
	{"checkpoint that is kept", []string{"L01"}, header("/checkpoint", "Cache-Control", "public, max-age=600")},
	{"HEAD refused", []string{"L01"}, func(m *memlog, w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusNotImplemented)
			return
		}
		m.ServeHTTP(w, r)
	}},
	{"base64 with stray bits", []string{"L01", "L02"}, edit("/checkpoint", func(b []byte) []byte {
		return bytes.Replace(b, []byte("=\n\n"), []byte("=\n\n— x AAAAAAF=\n"), 1)
	})},
	{"extension line", []string{"L02"}, resign(func(_ *memlog, text string) string { return text + "extension\n" })},
	{"leading zero", []string{"L02"}, resign(func(_ *memlog, text string) string {
		return strings.Replace(text, "\n", "\n0", 1)
	})},
	{"other root for nothing", []string{"L02", "L03"}, resign(func(m *memlog, text string) string {
		if m.signed > 0 {
			return text
		}
		return origin + "\n0\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n"
	})},
	{"goes back", []string{"L02"}, goesBack()},
	{"shows two trees of one size", []string{"L02"}, forks(false)},
	{"rewrites what it has signed", []string{"L02"}, forks(true)},
	{"signs another name", []string{"L01"}, resign(func(_ *memlog, text string) string {
		return strings.Replace(text, origin, "other.example", 1)
	})},
	{"signature twice", []string{"L15"}, edit("/checkpoint", func(b []byte) []byte {
		i := bytes.LastIndex(b, []byte("\n\n")) + 2
		return append(b, b[i:]...)
	})},
	{"tile that grows by a hash", []string{"L04", "L06"}, edit("/tile/0/001.p/1", func(b []byte) []byte {
		return append(b, b[:32]...)
	})},
	{"flipped bit in a tile", []string{"L06", "L09", "L13"}, edit("/tile/0/000", func(b []byte) []byte {
		if len(b) == 8192 {
			b[100] ^= 1
		}
		return b
	})},
	{"no level 1", []string{"L04", "L05", "L13"}, gone(func(m *memlog, uri string) bool {
		return strings.HasPrefix(uri, "/tile/1/")
	})},
	{"empty tile at the end of a full one", []string{"L04"}, func(m *memlog, w http.ResponseWriter, r *http.Request) {
		if r.RequestURI == "/tile/0/001.p/1" && m.size() == 256 {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			w.Header().Set("Content-Type", "application/octet-stream")
			return
		}
		m.ServeHTTP(w, r)
	}},
	{"partial dropped at the next checkpoint", []string{"L05"}, gone(func(m *memlog, uri string) bool {
		_, width, partial := strings.Cut(uri, ".p/")
		w, err := strconv.Atoi(width)
		return partial && err == nil && w < m.signed%256 && !strings.HasPrefix(uri, "/tile/1")
	})},
	{"unsigned tiles", []string{"L08"}, served(func(m *memlog, _ string) int { return len(m.entries) })},
	{"unsigned bundles", []string{"L08"}, served(func(m *memlog, uri string) int {
		if strings.Contains(uri, "entries") {
			return len(m.entries)
		}
		return m.signed
	})},
	{"byte behind a bundle", []string{"L09"}, edit("/tile/entries/", func(b []byte) []byte { return append(b, 0) })},
	{"bundle that says something else", []string{"L09", "L17"}, edit("/tile/entries/", func(b []byte) []byte {
		b[2] ^= 1
		return b
	})},
	{"takes what is too long", []string{"L09"}, after(func(r *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == http.StatusRequestEntityTooLarge {
			a.Code, a.Body = http.StatusOK, bytes.NewBufferString("1")
		}
	})},
	{"label gzip on plain bytes", []string{"L10"}, after(func(r *http.Request, a *httptest.ResponseRecorder) {
		if strings.HasPrefix(r.RequestURI, "/tile/0") && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			a.Header().Set("Content-Encoding", "gzip")
		}
	})},
	{"gzip without a label", []string{"L10"}, header("/tile/entries", "Content-Encoding", "")},
	{"label br on plain bytes", []string{"L10"}, after(func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.Header.Get("Accept-Encoding") == "br" && a.Code == http.StatusOK {
			a.Header().Set("Content-Encoding", "br")
		}
	})},
	{"no Vary", []string{"L10"}, header("/tile", "Vary", "")},
	{"nothing compressed", []string{"L10"}, func(m *memlog, w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept-Encoding")
		m.ServeHTTP(w, r)
	}},
	{"tile of another type", []string{"L11"}, header("/tile/0", "Content-Type", "text/html")},
	{"bundle that is not kept", []string{"L11"}, header("/tile/entries", "Cache-Control", "no-cache")},
	{"tile that is not immutable", []string{"L11"}, header("/tile/0", "Cache-Control", "max-age=31536000")},
	{"404 that is kept", []string{"L07", "L11"}, after(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == http.StatusNotFound {
			a.Header().Set("Cache-Control", "public, max-age=60")
		}
	})},
	{"405 without caching", []string{"L11"}, after(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == http.StatusMethodNotAllowed {
			a.Header().Del("Cache-Control")
		}
	})},
	{"404 with a coding", []string{"L07"}, after(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == http.StatusNotFound {
			a.Header().Set("Content-Encoding", "gzip")
		}
	})},
	{"POST allowed", []string{"L12"}, func(m *memlog, w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && !strings.HasPrefix(r.RequestURI, "/add") {
			r.Method = http.MethodGet
		}
		m.ServeHTTP(w, r)
	}},
	{"405 without Allow", []string{"L12"}, after(func(_ *http.Request, a *httptest.ResponseRecorder) {
		a.Header().Del("Allow")
	})},
	{"query ignored", []string{"L07"}, alias(func(uri string) string {
		path, _, _ := strings.Cut(uri, "?")
		return path
	})},
	{"slash at the end ignored", []string{"L07"}, alias(func(uri string) string {
		return strings.TrimRight(uri, "/")
	})},
	{"double slashes ignored", []string{"L07"}, replace("//", "/")},
	{"%2e ignored", []string{"L07"}, replace("/%2e/", "/")},
	{"level with a zero", []string{"L07"}, replace("/00/", "/0/")},
	{"width with a zero", []string{"L07"}, replace(".p/0", ".p/")},
	{"group of zeros", []string{"L07"}, replace("/x000/", "/")},
	{"upper case", []string{"L07"}, alias(strings.ToLower)},
	{"redirect of a bad path", []string{"L07"}, func(m *memlog, w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.RequestURI, "//") {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Location", "/")
			w.WriteHeader(http.StatusMovedPermanently)
			return
		}
		m.ServeHTTP(w, r)
	}},
	{"redirect to elsewhere", []string{"L04", "L09", "L10", "L13", "L17"}, func(m *memlog, w http.ResponseWriter,
		r *http.Request) {
		if r.Method == http.MethodGet && m.size() > 256 &&
			(r.RequestURI == "/tile/0/000" || r.RequestURI == "/tile/entries/000") {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(http.StatusFound)
			return
		}
		m.ServeHTTP(w, r)
	}},
	{"first bundle pruned", []string{"L04", "L05", "L09", "L10", "L17"}, gone(func(m *memlog, uri string) bool {
		return strings.HasPrefix(uri, "/tile/entries/000") && m.signed >= 512
	})},
}

// TestFaults: each fault is seen by the cases that are made for it, and by no other. Most of the time
// goes into waiting for the network, so that many run at once.
func TestFaults(t *testing.T) {
	t.Parallel()
	var g errgroup.Group
	g.SetLimit(8)
	for _, f := range faults {
		g.Go(func() error {
			t.Run(f.name, f.test)
			return nil
		})
	}
	_ = g.Wait()
}

func (f fault) test(t *testing.T) {
	m := newMemlog()
	url := m.start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.wrong(m, w, r) }))
	r, err := conform.Run(t.Context(), config(m, url).Quick())
	if got := failed(r); err != nil || !slices.Equal(got, f.sees) {
		t.Errorf("failed %v, want %v, error %v", got, f.sees, err)
		tell(t, r)
	}
	for _, result := range r.Results {
		for _, p := range result.Problems {
			if !slices.Contains(result.Items, p.Item) {
				t.Errorf("%s is not about %s", result.ID, p.Item)
			}
		}
	}
}

// TestEveryCaseSees: a case that no fault makes fail would be no case.
func TestEveryCaseSees(t *testing.T) {
	for _, c := range conform.Cases() {
		if !slices.ContainsFunc(faults, func(f fault) bool { return slices.Contains(f.sees, c.ID) }) {
			t.Errorf("no fault is seen by %s", c.ID)
		}
	}
}
