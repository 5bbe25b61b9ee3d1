// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"cocket.example/client/conform/internal/wire"
	"cocket.example/client/conform/verdict"
)

const (
	oversize = 1 << 20  // that no request can have
	flood    = 64 << 20 // that is offered to a witness that reads on
	enough   = 16 << 20 // of it, after which it should have answered; buffers on the way take some
)

// caseLimits is W22.
func caseLimits(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w22")
	must("R1", "no body", http.StatusBadRequest).judge(r, s.add(ctx, ""))
	s.tryFlood(ctx, r, &stream{start: l.offer(0, 5).body(), size: oversize})
	s.tryFlood(ctx, r, &stream{start: "old 0\n", size: flood})
	if s.config.Slow < 0 {
		r.Skip("a body that comes byte by byte")
	} else {
		s.trySlow(ctx, r)
	}
	s.step(ctx, r, l, [2]int64{0, 5})
	r.Check("no body, and bodies of 1 and 64 MiB")
}

// tryFlood sends a body without saying how long it is. A witness that closes the connection while it is
// written to has refused it, too.
func (s *subject) tryFlood(ctx context.Context, r *verdict.Result, body *stream) {
	q := s.web.post("/add-checkpoint", "")
	q.stream = body
	a := s.web.once(ctx, q)
	switch read := body.read.Load(); {
	case ctx.Err() != nil:
	case read > enough:
		r.Fail(verdict.Practice, "TW-6", a, "read on beyond 16 MiB of one body, want 413 after some 128 KiB")
	case a.status != 0:
		u := practice("TW-6", "a body that is far too long", http.StatusRequestEntityTooLarge, http.StatusBadRequest)
		u.judge(r, a)
	}
}

// stream is a body that goes on with line feeds.
type stream struct {
	start string
	size  int64
	read  atomic.Int64 // the transport reads it in a goroutine of its own
}

func (t *stream) Read(b []byte) (int, error) {
	at := t.read.Load()
	if at >= t.size {
		return 0, io.EOF
	}
	n := copy(b, t.start[min(at, int64(len(t.start))):])
	for ; n < len(b); n++ {
		b[n] = 'A'
	}
	t.read.Add(int64(n))
	return n, nil
}

// trySlow sends a byte now and then, for as long as it is let.
func (s *subject) trySlow(ctx context.Context, r *verdict.Result) {
	began := time.Now()
	q := s.web.post("/add-checkpoint", "")
	q.stream, q.wait = &dripping{ctx, s.config.Slow / 80}, s.config.Slow
	a := s.web.once(ctx, q)
	if ctx.Err() == nil && time.Since(began) >= s.config.Slow {
		r.Fail(verdict.Practice, "TW-6", a, "a body that comes byte by byte is waited for longer than %v, "+
			"want an end after some seconds", s.config.Slow)
	}
}

// dripping is a body that never ends.
type dripping struct {
	ctx   context.Context // of the request; io.Reader has none
	pause time.Duration
}

func (d *dripping) Read(b []byte) (int, error) {
	if err := wire.Sleep(d.ctx, d.pause); err != nil {
		return 0, err
	}
	b[0] = 'o'
	return 1, nil
}
