// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"cocket.example/internal/address"
)

// Limits bound what clients may take of the witness, in all and of one address, so that one cannot
// take everything. An address is an IPv4 address or the /64 network of an IPv6 address, as
// http.Request.RemoteAddr has it. The zero value of a field means its default.
type Limits struct {
	// Requests are answered at one time in all. Default 1,024.
	Requests int
	// AddressRequests are answered at one time for one address. Default 256.
	AddressRequests int
	// Bodies is how many bytes of bodies are in memory in all. Default 8 MiB.
	Bodies int
	// AddressBodies is how many of them are of one address. Default 2 MiB.
	AddressBodies int
	// AddressFaults is how many requests of one address may be at fault a second: unreadable, of an
	// unknown log, without a signature, too large, too slow. After a pause the faults of 10 s may come
	// at once; who has spent them is refused unread. Default 100.
	AddressFaults float64
}

func (l Limits) withDefaults() Limits {
	or := func(to *int, n int) {
		if *to == 0 {
			*to = n
		}
	}
	or(&l.Requests, 1024)
	or(&l.AddressRequests, 256)
	or(&l.Bodies, 8<<20)
	or(&l.AddressBodies, 2<<20)
	if l.AddressFaults == 0 {
		l.AddressFaults = 100
	}
	return l
}

const (
	// faultSeconds is how many seconds' faults an address may make at once.
	faultSeconds = 10
	// maxClients bounds the addresses that are remembered. Those that come when there are so many share
	// one account.
	maxClients = 1 << 14
	// sweepInterval is the least time between two looks for addresses to be forgotten.
	sweepInterval = time.Second
	// unreadTime is how long the body of a request that was refused unread may take to pass by. Then
	// the connection ends.
	unreadTime = time.Second
)

// Limits that can be reached: texts of the answers, and labels of the metric.
const (
	manyRequests = "requests"
	manyOfOne    = "address_requests"
	manyFaults   = "address_faults"
	fullBodies   = "bodies"
	fullOfOne    = "address_bodies"
)

var limitTexts = map[string]string{
	manyRequests: "too many requests at once",
	manyOfOne:    "too many requests at once from this address",
	manyFaults:   "too many faulty requests from this address",
	fullBodies:   "too many bodies at once",
	fullOfOne:    "too many bodies at once from this address",
}

func limited(status int, reason string, retry time.Duration) *refusal {
	refused := refuse(status, "%s", limitTexts[reason])
	refused.reason, refused.retry = reason, retry
	return refused
}

// guard counts what the addresses take.
type guard struct {
	limits Limits
	faults rate

	mu      sync.Mutex
	clients map[netip.Addr]*client // that have requests, or faults to be remembered
	others  client                 // all that came when clients was full
	swept   time.Time
	bodies  int // bytes
}

// client is what one address takes.
type client struct {
	address  netip.Addr
	requests int
	bodies   int // bytes
	faults   bucket
}

func newGuard(l Limits) *guard {
	return &guard{
		limits: l, faults: rate{second: l.AddressFaults, burst: max(1, faultSeconds*l.AddressFaults)},
		clients: make(map[netip.Addr]*client),
	}
}

// admit answers requests within the limits of their addresses, and refuses others unread.
func (w *Witness) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		start := time.Now()
		w.limitTime(rw, start)
		c, refused := w.guard.enter(address.Of(r.RemoteAddr), start)
		if refused != nil {
			_ = http.NewResponseController(rw).SetReadDeadline(start.Add(unreadTime))
			w.metrics.count(writeError(rw, refused), refused)
			return
		}
		answer := &answered{ResponseWriter: rw, status: http.StatusOK}
		counted := &body{ReadCloser: r.Body, guard: w.guard, client: c}
		r.Body = counted
		defer func() { w.guard.leave(c, counted.size, answer.status) }()
		next.ServeHTTP(answer, r)
	})
}

// enter counts a request. The caller leaves with the client once it is answered.
func (g *guard) enter(of netip.Addr, now time.Time) (*client, *refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.find(of, now)
	if c.requests >= g.limits.AddressRequests {
		return nil, limited(http.StatusTooManyRequests, manyOfOne, time.Second)
	}
	if c.faults.fill(g.faults, now) < 1 {
		return nil, limited(http.StatusTooManyRequests, manyFaults, c.faults.wait(g.faults))
	}
	c.requests++
	return c, nil
}

// find returns the account of an address.
func (g *guard) find(of netip.Addr, now time.Time) *client {
	if c, ok := g.clients[of]; ok {
		return c
	}
	if len(g.clients) >= maxClients && now.Sub(g.swept) >= sweepInterval {
		g.swept = now
		for other, c := range g.clients {
			if g.clean(c, now) {
				delete(g.clients, other)
			}
		}
	}
	if len(g.clients) >= maxClients {
		return &g.others
	}
	c := &client{address: of}
	g.clients[of] = c
	return c
}

// clean reports whether there is nothing to be remembered of a client.
func (g *guard) clean(c *client, now time.Time) bool {
	return c.requests == 0 && c.faults.fill(g.faults, now) >= g.faults.burst
}

// leave ends a request that was answered.
func (g *guard) leave(c *client, body, status int) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	c.requests--
	c.bodies -= body
	g.bodies -= body
	if fault(status) {
		c.faults.fill(g.faults, now)
		c.faults.level--
	}
	if c != &g.others && g.clean(c, now) {
		delete(g.clients, c.address)
	}
}

// fault reports whether a status blames the client. What a log meets that does nothing wrong, or that
// only a log's own signature leads to, does not.
func fault(status int) bool {
	switch status {
	case http.StatusConflict, http.StatusUnprocessableEntity, http.StatusTooManyRequests:
		return false
	}
	return status >= 400 && status < 500
}

// body counts what is read of a request's body, until the request is answered.
type body struct {
	io.ReadCloser
	guard  *guard
	client *client
	size   int
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.size += n
	if refused := b.guard.take(b.client, n); refused != nil {
		return 0, refused
	}
	return n, err
}

// take counts bytes that were read, and refuses if they are too many.
func (g *guard) take(c *client, n int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.bodies += n
	g.bodies += n
	switch {
	case c.bodies > g.limits.AddressBodies:
		return limited(http.StatusTooManyRequests, fullOfOne, time.Second)
	case g.bodies > g.limits.Bodies:
		return limited(http.StatusServiceUnavailable, fullBodies, time.Second)
	}
	return nil
}

// answered remembers the status of an answer, as far as it may blame the client.
type answered struct {
	http.ResponseWriter
	status  int
	excused bool // the status blames nobody
}

// excuse says that the answer blames nobody, whatever its status will be.
func excuse(rw http.ResponseWriter) {
	if a, ok := rw.(*answered); ok {
		a.excused = true
	}
}

func (w *answered) WriteHeader(status int) {
	if !w.excused {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *answered) Unwrap() http.ResponseWriter { return w.ResponseWriter }
