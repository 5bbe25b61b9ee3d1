// SPDX-License-Identifier: Apache-2.0

package fsck_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cocket.example/client"
	"cocket.example/client/fsck"
)

// serve serves a log, but for one path, which a stranger answers.
func serve(t *testing.T, w *world, path string, stranger http.HandlerFunc) fsck.Config {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(os.DirFS(w.dir)))
	if stranger != nil {
		mux.HandleFunc(path, stranger)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c := w.config()
	c.Source = must(client.New(client.Config{URL: server.URL, Attempts: 2}))
	return c
}

func TestHTTP(t *testing.T) {
	w := build(t, 700, 0)
	if report, err := fsck.Check(t.Context(), serve(t, w, "", nil)); err != nil || !report.Good() {
		t.Fatalf("%+v, %v", report, err)
	}
	w.damage(t, "tile/entries/001", harms["flipped"])
	report, err := fsck.Check(t.Context(), serve(t, w, "", nil))
	if err != nil || report.Damaged != 1 || paths(report)[0] != "tile/entries/001" {
		t.Fatalf("%+v, %v", report, err)
	}
}

// TestHTTPFull reads the full tile and bundle where the partial ones are gone.
func TestHTTPFull(t *testing.T) {
	w, larger := build(t, 700, 0), build(t, 768, 0)
	w.remove(t, "tile/0/002.p")
	w.remove(t, "tile/entries/002.p")
	w.write(t, "tile/0/002", larger.read(t, "tile/0/002"))
	w.write(t, "tile/entries/002", larger.read(t, "tile/entries/002"))
	if report, err := fsck.Check(t.Context(), serve(t, w, "", nil)); err != nil || !report.Good() {
		t.Fatalf("%+v, %v", report, err)
	}
	w.remove(t, "edge")
	if report := w.check(t); !report.Good() {
		t.Fatalf("%+v", report)
	}
}

// TestHTTPAgain asks again after 503.
func TestHTTPAgain(t *testing.T) {
	w := build(t, 300, 0)
	whole := w.read(t, "tile/0/000")
	var asked atomic.Int64
	c := serve(t, w, "/tile/0/000", func(rw http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		rw.Write(whole)
	})
	if report, err := fsck.Check(t.Context(), c); err != nil || !report.Good() || asked.Load() != 2 {
		t.Fatalf("%+v, %v, asked %d times", report, err, asked.Load())
	}
}

// TestHostile: whatever a server answers, it is bounded, named, and the rest is checked.
func TestHostile(t *testing.T) {
	w := build(t, 300, 0)
	elsewhere := httptest.NewServer(http.FileServerFS(os.DirFS(w.dir)))
	t.Cleanup(elsewhere.Close)
	bomb := bomb()
	for name, stranger := range map[string]http.HandlerFunc{
		"endless": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", strconv.Itoa(1<<30))
			io.Copy(rw, io.LimitReader(zeros{}, 1<<30))
		},
		"internal": func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusInternalServerError) },
		"redirect": func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, elsewhere.URL+r.URL.Path, http.StatusFound)
		},
		"bomb": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Encoding", "gzip")
			rw.Write(bomb)
		},
	} {
		for _, path := range []string{"/tile/0/000", "/tile/entries/000", "/checkpoint"} {
			before := allocated()
			report, err := fsck.Check(t.Context(), serve(t, w, path, stranger))
			if err != nil || report.Damaged != 1 || paths(report)[0] != strings.TrimPrefix(path, "/") {
				t.Errorf("%s %s: %+v, %v", name, path, report, err)
			}
			if n := allocated() - before; n > 256<<20 {
				t.Errorf("%s %s: %d bytes allocated", name, path, n)
			}
		}
	}
}

// TestSlow: a server that does not answer ends the check, which says nothing of the log.
func TestSlow(t *testing.T) {
	w := build(t, 300, 0)
	checkpoint := w.read(t, "checkpoint")
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/checkpoint" {
			rw.Write(checkpoint)
			return
		}
		rw.Header().Set("Content-Length", "8192")
		rw.Write([]byte("slow"))
		rw.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	c := w.config()
	c.Source = must(client.New(client.Config{URL: server.URL, Attempts: 2, Timeout: 500 * time.Millisecond}))
	if _, err := fsck.Check(t.Context(), c); !errors.Is(err, client.ErrUnreachable) {
		t.Fatal(err)
	}
}

// TestRefused: a server that answers 503 for good is not damaged, but was not checked.
func TestRefused(t *testing.T) {
	w := build(t, 300, 0)
	c := serve(t, w, "/tile/0/000", func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusServiceUnavailable)
	})
	var refusal *client.Error
	if report, err := fsck.Check(t.Context(), c); !errors.As(err, &refusal) || report.Damaged > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// bomb is 64 MiB of zeros in gzip.
func bomb() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.Copy(z, io.LimitReader(zeros{}, 64<<20))
	z.Close()
	return b.Bytes()
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
