// SPDX-License-Identifier: Apache-2.0

package ingest_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"cocket.example/log/ingest"
	"cocket.example/log/internal/logtest"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// encode compresses with an encoding of the interface.
func encode(t *testing.T, encoding string, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&out)
	if encoding == "zstd" {
		encoder, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		w = encoder
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEncodings(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t)})
	good := batch(t, logtest.Issue(t), logtest.Issue(t))
	for range 2 { // the second time with a used decoder
		for _, encoding := range []string{"gzip", "zstd"} {
			post := func(b []byte) answer {
				return s.do("/add-batch", bytes.NewReader(b), header("Content-Encoding", encoding))
			}
			whole := encode(t, encoding, good)
			post(whole).want(t, 200, "0 2\n")
			post(whole[:len(whole)-3]).want(t, 400, "the body is not what its Content-Encoding says\n")
			bomb := encode(t, encoding, make([]byte, ingest.MaxBatchBytes+1))
			post(bomb).want(t, 413, "the body is too large, want at most 33554432 bytes for a batch, decoded\n")
		}
	}
}

func TestLargestBatch(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t), Entries: ingest.Any})
	entry := make([]byte, 65_535)
	var body []byte
	for len(body)+2+len(entry) <= ingest.MaxBatchBytes {
		_, _ = rand.Read(entry)
		body = append(body, batch(t, entry)...)
	}
	n := len(body) / (2 + len(entry))
	last := make([]byte, ingest.MaxBatchBytes-len(body)-2)
	body = append(body, batch(t, last)...)
	s.do("/add-batch", bytes.NewReader(body)).want(t, 200, fmt.Sprintf("0 %d\n", n+1))
	chunked := io.MultiReader(bytes.NewReader(body), strings.NewReader("x")) // length not announced
	s.do("/add-batch", chunked).want(t, 413, "the body is too large…")
}

// TestEndlessNothing sends zstd frames that decode to nothing.
func TestEndlessNothing(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t)})
	skippable := append([]byte{0x50, 0x2A, 0x4D, 0x18, 0, 0, 0x10, 0}, make([]byte, 1<<20)...)
	body := bytes.NewReader(bytes.Repeat(skippable, 40))
	s.do("/add-batch", io.MultiReader(body), header("Content-Encoding", "zstd")).
		want(t, 413, "the body is too large…")
}

func TestLargeWindow(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t)})
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithWindowSize(64<<20), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(make([]byte, 9<<20))
	_ = w.Close()
	s.do("/add-batch", &out, header("Content-Encoding", "zstd")).
		want(t, 413, "the zstd window is too large, want at most 8 MiB\n")
}

// TestDripFedBody announces an entry and sends a part of it.
func TestDripFedBody(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t), BodyTimeout: 20 * time.Millisecond})
	body, w := io.Pipe()
	defer w.Close()
	go func() { _, _ = w.Write([]byte("cocket-")) }() // ends when the client closes the pipe
	a := s.do("/add", body)
	a.want(t, 408, "the body did not arrive in time\n")
}

func TestBodyEndsEarly(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t)})
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /add HTTP/1.1\r\nHost: log\r\nAuthorization: Bearer %s\r\nContent-Length: 99\r\n\r\ncut", token)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 400 ") ||
		!strings.HasSuffix(string(b), "the body ended early\n") {
		t.Errorf("answer %q, %v", b, err)
	}
}

// TestBytesInFlight fills the room with one request, so that another is pushed back until it ends.
func TestBytesInFlight(t *testing.T) {
	l := logtest.Start(t)
	gate := gated{l, make(chan struct{}), make(chan struct{})}
	s := serve(t, ingest.Config{Log: gate, MaxInFlight: 5000})
	done := make(chan answer)
	first := logtest.Issue(t)
	chunked := func(b []byte) io.Reader { return io.MultiReader(bytes.NewReader(b)) }
	go func() { done <- s.do("/add", chunked(first)) }() // holds 4 KiB, since no length is announced
	<-gate.entered
	second := logtest.Issue(t)
	a := s.do("/add", chunked(second))
	a.want(t, 503, "too many bytes are on their way into this log, try again later\n")
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	close(gate.open)
	(<-done).want(t, 200, "0")
	go func() { <-gate.entered }()
	s.do("/add", chunked(second)).want(t, 200, "1")
}

// TestDecodersCount refuses a compressed batch where there is no room for a decoder.
func TestDecodersCount(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t), MaxInFlight: 1 << 20})
	small := encode(t, "zstd", batch(t, logtest.Issue(t)))
	s.do("/add-batch", bytes.NewReader(small), header("Content-Encoding", "zstd")).
		want(t, 503, "too many bytes…")
	s.addBatch(logtest.Issue(t)).want(t, 200, "0 1\n") // all room was given back
}

func TestAnyTakesBytes(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t), Entries: ingest.Any})
	form := header("Content-Type", "application/x-www-form-urlencoded") // as curl --data-binary says
	s.add([]byte("anything"), form).want(t, 200, "0")
	s.add(nil).want(t, 200, "1")
	s.add(make([]byte, 65_535)).want(t, 200, "2")
	s.add(make([]byte, 65_536)).want(t, 413, "the body is too large, want at most 65535 bytes for one entry\n")
	s.addBatch(nil, []byte("anything"), []byte{0}).want(t, 200, "1 1\n0 1\n3 1\n")
	s.add([]byte("cocket-entry/v1\n")).want(t, 400, "not an entry that this log takes…")
	s.add([]byte("cocket-entry/v9\nwhatever\n")).want(t, 400, "not an entry that this log takes…")
	s.add(logtest.Issue(t)).want(t, 200, "4")
}

func TestQuota(t *testing.T) {
	list := submitters()
	list[0].Quota = 0.01
	s := serve(t, ingest.Config{Log: logtest.Start(t), Submitters: list})
	entry := logtest.Issue(t)
	s.add(entry).want(t, 200, "0")
	a := s.add(entry)
	a.want(t, 429, "your quota of 0.01 entries a second is used up…")
	if got := a.header.Get("Retry-After"); got != "100" {
		t.Errorf("Retry-After %q, want 100", got)
	}
}
