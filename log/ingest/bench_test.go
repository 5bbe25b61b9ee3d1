// SPDX-License-Identifier: Apache-2.0

package ingest_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cocket.example/declaration"
	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/log/ingest"
	"cocket.example/log/internal/logtest"
)

// counting is a log that numbers entries and keeps none.
type counting struct {
	ingest.Log
	size atomic.Uint64
}

func (*counting) Origin() string { return logtest.Origin }

func (c *counting) Append(_ context.Context, batch []log.Entry, index []uint64) error {
	n := uint64(len(batch))
	first := c.size.Add(n) - n
	for i := range index {
		index[i] = first + uint64(i)
	}
	return nil
}

// writePath is a server on loopback with a log that costs nothing.
func writePath(b *testing.B) *httptest.Server {
	b.Helper()
	h, err := ingest.New(ingest.Config{Log: new(counting), Submitters: submitters()})
	if err != nil {
		b.Fatal(err)
	}
	return listening(b, h)
}

func listening(b *testing.B, h http.Handler) *httptest.Server {
	s := httptest.NewServer(h)
	b.Cleanup(s.Close)
	return s
}

// empty reads the body and answers, which is the least that a server can do.
func empty(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = io.WriteString(w, "0")
}

// padded is a declaration of 400 bytes: of five goods lines the origin is public.
func padded(b *testing.B) []byte {
	b.Helper()
	fields := map[string]string{"goods.count": "5", "declaration.number": "1", "declaration.date": "2026-11-24"}
	d := declaration.Declaration{
		Log: logtest.Origin, Event: "issue", Profile: "import/1", Submitter: logtest.Submitter, Fields: fields,
	}
	for i := range 5 {
		line := "goods[" + strconv.Itoa(i) + "]."
		fields[line+"hs"], fields[line+"origin.country"] = "870830", "MX"
		d.Public = append(d.Public, line+"origin.country")
	}
	o, err := d.Seal(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	return o.Entry()
}

// post is the bytes of a request.
func post(path string, body []byte) []byte {
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: log\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n",
		path, token, len(body))
	return append([]byte(head), body...)
}

// load sends a request b.N times over some connections, and wants 200 every time.
func load(b *testing.B, s *httptest.Server, request []byte, connections int) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var group sync.WaitGroup
	b.ResetTimer()
	for range connections {
		group.Go(func() {
			if err := drive(s.Listener.Addr().String(), request, &left); err != nil {
				b.Error(err)
			}
		})
	}
	group.Wait()
}

func drive(address string, request []byte, left *atomic.Int64) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for left.Add(-1) >= 0 {
		if _, err := c.Write(request); err != nil {
			return err
		}
		if err := readAnswer(r); err != nil {
			return err
		}
	}
	return nil
}

// readAnswer reads one answer, which must be good.
func readAnswer(r *bufio.Reader) error {
	length, first := 0, true
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		text := strings.TrimSpace(string(line))
		if first && !strings.HasPrefix(text, "HTTP/1.1 200") {
			return fmt.Errorf("answer %q", text)
		}
		first = false
		if value, ok := strings.CutPrefix(text, "Content-Length: "); ok {
			length, _ = strconv.Atoi(value)
		}
		if text == "" {
			_, err := r.Discard(length)
			return err
		}
	}
}

// BenchmarkSingle adds one entry with each request, from 256 connections. The empty handler says
// what a server and this load cost at least.
func BenchmarkSingle(b *testing.B) {
	request := post("/add", padded(b))
	b.Run("empty", func(b *testing.B) {
		b.ReportAllocs()
		load(b, listening(b, http.HandlerFunc(empty)), request, 256)
	})
	b.Run("add", func(b *testing.B) {
		b.ReportAllocs()
		load(b, writePath(b), request, 256)
	})
}

// BenchmarkBatch adds 1,000 entries with each request.
func BenchmarkBatch(b *testing.B) {
	const size = 1000
	var body []byte
	for range size {
		var err error
		if body, err = tile.AppendEntry(body, padded(b)); err != nil {
			b.Fatal(err)
		}
	}
	request := post("/add-batch", body)
	perEntry := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/entry")
	}
	b.Run("empty", func(b *testing.B) {
		load(b, listening(b, http.HandlerFunc(empty)), request, 8)
		perEntry(b)
	})
	b.Run("add", func(b *testing.B) {
		b.ReportAllocs()
		load(b, writePath(b), request, 8)
		perEntry(b)
	})
}
