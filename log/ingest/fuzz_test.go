// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"cocket.example/declaration"
	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/receipt"
)

// FuzzBatch: the entries of a batch make it again, and there are as many as the lengths say.
func FuzzBatch(f *testing.F) {
	f.Add([]byte("\x00\x01a\x00\x00\x00\x02bc"))
	f.Add([]byte("\x00\x03ab"))
	f.Fuzz(func(t *testing.T, body []byte) {
		entries, err := splitBatch(body, Any)
		if err != nil {
			return
		}
		var again []byte
		for _, e := range entries {
			if again, err = tile.AppendEntry(again, e.Data); err != nil {
				t.Fatal(err)
			}
		}
		if n := countEntries(body); n != len(entries) || !bytes.Equal(again, body) {
			t.Fatalf("%d entries, %d by their lengths, which print back as %q", len(entries), n, again)
		}
	})
}

// taker is a log that takes everything, and remembers what the last request appended.
type taker struct{ last []log.Entry }

func (*taker) Origin() string { return "log.example/a" }

func (l *taker) Append(_ context.Context, batch []log.Entry, index []uint64) error {
	l.last = batch
	for i := range index {
		index[i] = uint64(i)
	}
	return nil
}

func (*taker) Lookup(context.Context, [32]byte) (uint64, bool, error) { return 0, false, nil }
func (*taker) Entry(context.Context, uint64) ([]byte, error)          { return nil, fs.ErrNotExist }
func (*taker) Wait(context.Context, uint64) error                     { return nil }

func (*taker) Receipt(context.Context, uint64, bool) (receipt.Receipt, error) {
	return receipt.Receipt{}, fs.ErrNotExist
}

// recorder is a connection whose deadlines can be set.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetReadDeadline(time.Time) error  { return nil }
func (recorder) SetWriteDeadline(time.Time) error { return nil }

// fuzzed is what a fuzzer makes of a POST.
type fuzzed struct{ path, query, authorization, encoding, mode string }

// FuzzRequest sends anything at all to the write path. It is taken, every entry hashed and well
// formed, or refused in one line; and what it costs in memory is bounded by what was sent, or where
// that is compressed, by the limit.
func FuzzRequest(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, path, query, authorization, encoding, mode string, body []byte) {
		q := fuzzed{path, query, authorization, encoding, mode}
		l := &taker{}
		m, err := ParseMode(q.mode)
		if err != nil {
			m = Declarations
		}
		h, err := New(Config{Log: l, Entries: m, Submitters: []Submitter{
			{Name: "broker.example", TokenSHA256: sha256.Sum256([]byte("token"))},
		}})
		if err != nil {
			t.Fatal(err)
		}
		before := allocated()
		answer := q.send(h, body)
		if n := allocated() - before; encoding == "" && n > 1<<20+64*uint64(len(body)) {
			t.Fatalf("%d bytes allocated for a body of %d", n, len(body))
		}
		if answer.Code != http.StatusOK && answer.Code != http.StatusAccepted {
			if text := answer.Body.String(); strings.Count(text, "\n") != 1 || answer.Code >= 500 || l.last != nil {
				t.Fatalf("status %d %q, after %d entries were appended", answer.Code, text, len(l.last))
			}
			return
		}
		l.check(t, m)
	})
}

func seeds(f *testing.F) {
	bundle := []byte("\x00\x01a\x00\x02bc")
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	z.Write(bundle)
	z.Close()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("/add", "", "Bearer token", "", "any", []byte("entry"))
	f.Add("/add", "wait=1s", "bearer token", "", "declarations", []byte("cocket-entry/v1\nlog log.example/a\n"))
	f.Add("/add-batch", "", "Bearer token", "", "any", bundle)
	f.Add("/add-batch", "", "Bearer token", "gzip", "any", gz.Bytes())
	f.Add("/add-batch", "", "Bearer token", "zstd", "any", e.EncodeAll(bundle, nil))
	f.Add("/add", "", "Bearer  token", "", "any", []byte("entry"))
}

// send sends a body to the handler as from this machine.
func (q fuzzed) send(h http.Handler, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/add", bytes.NewReader(body))
	r.URL.Path, r.URL.RawQuery, r.RemoteAddr = q.path, q.query, "127.0.0.1:1234"
	r.Header.Set("Authorization", q.authorization)
	if q.encoding != "" {
		r.Header.Set("Content-Encoding", q.encoding)
	}
	w := recorder{httptest.NewRecorder()}
	h.ServeHTTP(w, r)
	return w.ResponseRecorder
}

// check checks what was appended as a reader of the log would.
func (l *taker) check(t *testing.T, m Mode) {
	if len(l.last) == 0 {
		t.Fatal("a good answer, and nothing was appended")
	}
	for i, e := range l.last {
		if e.Leaf != sha256.Sum256(append([]byte{0}, e.Data...)) {
			t.Fatalf("entry %d has another leaf hash", i)
		}
		if m == Declarations || bytes.HasPrefix(e.Data, prefix) {
			if d, err := declaration.Parse(e.Data); err != nil || d.Log != l.Origin() {
				t.Fatalf("entry %d is none: %v", i, err)
			}
		}
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
