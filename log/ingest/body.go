// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"cocket.example/log/internal/web"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/semaphore"
)

const (
	// maxWindow bounds what a zstd decoder keeps of the past, as RFC 9659 does for HTTP.
	maxWindow = 8 << 20
	// decoderRoom is reserved for a decoder: its window and its blocks.
	decoderRoom = maxWindow + 1<<20

	firstBuffer    = 4 << 10  // of a body whose length is not known
	maxFirstBuffer = 64 << 10 // of one that announces its length: it is believed so far
)

// errRoom is the answer when the bytes in flight reach their bound: nothing was accepted.
var errRoom = web.Later("too many bytes are on their way into this log, try again later")

// reservation is a request's share of the bytes in flight. It grows with what has really arrived,
// so that a client that announces much and sends little holds little; it never waits, so that two
// that grow cannot wait for each other.
type reservation struct {
	room *semaphore.Weighted
	held int64
}

func (r *reservation) grow(n int64) error {
	if !r.room.TryAcquire(n) {
		return errRoom
	}
	r.held += n
	return nil
}

func (r *reservation) shrink(n int64) {
	r.room.Release(n)
	r.held -= n
}

func (r *reservation) release() {
	r.room.Release(r.held)
	r.held = 0
}

// readBody reads the decoded body within the limits of its format. The slice is the caller's to
// keep: entries alias it, and a storage may hold them after the request.
func (h *Handler) readBody(w http.ResponseWriter, r request, room *reservation) ([]byte, error) {
	if err := r.checkEncoding(w); err != nil {
		return nil, err
	}
	limit := r.format.limit(h.config.Entries)
	if r.ContentLength > int64(limit) {
		return nil, r.bodyError(w, &http.MaxBytesError{Limit: int64(limit)})
	}
	deadline := time.Now().Add(h.config.BodyTimeout)
	if err := http.NewResponseController(w).SetReadDeadline(deadline); err != nil {
		return nil, fmt.Errorf("setting the deadline of a body: %w", err)
	}
	body, err := r.read(w, room, limit)
	if err != nil {
		return nil, r.bodyError(w, err)
	}
	web.KeepOpen(w)
	return body, nil
}

// read reads a body as it is if its length was announced and no encoding; the server ends it there.
func (r request) read(w http.ResponseWriter, room *reservation, limit int) ([]byte, error) {
	if r.ContentLength >= 0 && r.Header.Get("Content-Encoding") == "" {
		whole := int(r.ContentLength) + 1 // one more, to see the end
		return readAll(r.Body, room, span{min(whole, maxFirstBuffer), whole})
	}
	// The encoded body is bounded as well: what decodes to nothing could go on for ever.
	encoded := &remembering{Reader: http.MaxBytesReader(w, r.Body, int64(limit))}
	decoded, done, err := r.decode(encoded, room)
	if err != nil {
		return nil, errors.Join(encoded.err, err)
	}
	defer done()
	body, err := readAll(decoded, room, span{firstBuffer, limit + 1})
	if err != nil {
		return nil, errors.Join(encoded.err, err)
	}
	return body, nil
}

// checkEncoding refuses a Content-Encoding that the path does not take, and names those that it
// takes (RFC 7694, 3).
func (r request) checkEncoding(w http.ResponseWriter) error {
	encoding := r.Header.Get("Content-Encoding")
	if encoding == "" || slices.Contains(r.format.encodings, encoding) {
		return nil
	}
	known := strings.Join(r.format.encodings, ", ")
	if known == "" {
		w.Header().Set("Accept-Encoding", "identity")
		return web.Errorf(http.StatusUnsupportedMediaType, "one entry takes no Content-Encoding, leave it out")
	}
	w.Header().Set("Accept-Encoding", known)
	return web.Errorf(http.StatusUnsupportedMediaType,
		"this Content-Encoding is not known here, want one of %s, or none", known)
}

// remembering keeps the error that ended reading, because decoders may report another.
type remembering struct {
	io.Reader
	err error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// span is the first and the last size of a buffer. A body that fills the last is too large.
type span struct{ first, last int }

// growth is by how much a buffer grows that is full: what has arrived vouches for so much more.
const growth = 8

// readAll reads to the end, and reserves room before it takes any.
func readAll(r io.Reader, room *reservation, s span) ([]byte, error) {
	if err := room.grow(int64(s.first)); err != nil {
		return nil, err
	}
	body := make([]byte, 0, s.first)
	for {
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) == s.last:
			return nil, &http.MaxBytesError{Limit: int64(s.last - 1)}
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, err
		case len(body) < cap(body):
			continue
		}
		larger := min(growth*cap(body), s.last)
		if err := room.grow(int64(larger)); err != nil { // while it is copied there are two
			return nil, err
		}
		room.shrink(int64(cap(body)))
		body = append(make([]byte, 0, larger), body...)
	}
}

// bodyError says why a body could not be read.
func (r request) bodyError(w http.ResponseWriter, err error) error {
	var tooLarge *http.MaxBytesError
	var refusal *web.Error
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.As(err, &tooLarge):
		return web.Errorf(http.StatusRequestEntityTooLarge, "the body is too large, want at most %d bytes%s",
			tooLarge.Limit, r.format.hint)
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		return web.Errorf(http.StatusRequestTimeout, "the body did not arrive in time")
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return web.Errorf(http.StatusRequestEntityTooLarge, "the zstd window is too large, want at most 8 MiB")
	case r.Header.Get("Content-Encoding") != "":
		return web.Errorf(http.StatusBadRequest, "the body is not what its Content-Encoding says")
	default:
		return web.Errorf(http.StatusBadRequest, "the body ended early")
	}
}

// decode undoes the Content-Encoding. done returns the decoder, and with it everything that it
// holds of the body.
func (r request) decode(body io.Reader, room *reservation) (io.Reader, func(), error) {
	encoding := r.Header.Get("Content-Encoding")
	if encoding == "" {
		return body, func() {}, nil
	}
	if err := room.grow(decoderRoom); err != nil {
		return nil, nil, err
	}
	if encoding == "gzip" {
		decoded, err := gzip.NewReader(body)
		return decoded, func() {}, err
	}
	return zstdReader(body)
}

// zstdDecoders are kept, because making one costs more than decoding a small batch.
var zstdDecoders sync.Pool

func zstdReader(body io.Reader) (io.Reader, func(), error) {
	decoder, ok := zstdDecoders.Get().(*zstd.Decoder)
	if !ok {
		var err error
		decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, fmt.Errorf("making a zstd decoder: %w", err)
		}
	}
	if err := decoder.Reset(body); err != nil {
		return nil, nil, err
	}
	done := func() {
		if decoder.Reset(nil) == nil { // forgets the body
			zstdDecoders.Put(decoder)
		}
	}
	return decoder, done, nil
}
