// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"cocket.example/internal/soak"
	"cocket.example/receipt"
	"cocket.example/witness"
)

// TestHostile: whatever a log does instead of serving a bundle, its size is not had and the reason is
// logged in characters that print; nobody else is asked, and other logs go on. What this takes in memory
// is bounded.
func TestHostile(t *testing.T) {
	soak.NoRace(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("another host was asked")
	}))
	defer elsewhere.Close()
	for name, h := range map[string]struct {
		do   http.HandlerFunc
		want string
	}{
		"endless": {func(w http.ResponseWriter, _ *http.Request) { io.Copy(w, zeros{}) }, "longer than"},
		"announced": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1099511627776")
			io.Copy(w, zeros{})
		}, "longer than"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusFound)
		}, "redirects are not followed"},
		"bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.CopyN(z, zeros{}, 64<<20)
			z.Close()
		}, "not asked for"},
		"slow": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				fmt.Fprint(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		}, "no whole answer in time"},
		"headers": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
		}, "is the log running"},
		"too few entries":  {func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 510)) }, "bundle entry 255"},
		"too many entries": {func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 514)) }, "after the bundle's 256 entries"},
		"terminal":         {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "\x1b[2Jgone\r\n", 500) }, "the log answered 500"},
		"page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
		}, "web page"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(h.do)
			defer server.Close()
			bad, good := newPaper(t, "log.example/bad", 1000), newPaper(t, "log.example/good", 1000)
			c := quick
			c.Timeout = 300 * time.Millisecond
			s := newSite(t, c, publish(t, good, ""),
				Log{Log: witness.Log{Keys: []receipt.VerifierKey{bad.key}, URL: server.URL}})
			s.want(200, bad, 0, 1000)
			s.until(func() bool { return strings.Contains(s.logged.String(), h.want) }, "no "+h.want)
			s.want(200, good, 0, 1000)
			s.await(good, 1000)
			s.stop()
			if log := s.logged.String(); strings.Contains(log, "\x1b") || s.proven(bad) > 0 {
				t.Errorf("proven %d, logged:\n%s", s.proven(bad), log)
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if m.HeapInuse > 400<<20 { // ten logs at once, 17 MB each, and what waits for collection
				t.Errorf("%d MiB in use", m.HeapInuse>>20)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
