// SPDX-License-Identifier: Apache-2.0

// Package ingest is the write path of a log over HTTP: who are you, is it well-formed, is there
// room. docs/http.md describes it for those who write clients.
//
//	           ┌ authenticate: 401       nothing of the body is read before
//	POST ──────┤ read: 413, 415, 503     bounded in bytes, memory and time
//	/add       │ parse and judge: 400, 403
//	/add-batch │ refer: 409              after the look-up of the entry itself
//	           └ append: 429, 503  ──▶ 200 with the indexes, which are durable
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/log/internal/web"
	"cocket.example/receipt"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"
)

// Bounds of the write path that belong to the interface.
const (
	MaxDeclaration = 4096     // bytes of an entry that is a declaration
	MaxBatch       = 65_536   // entries of a batch
	MaxBatchBytes  = 32 << 20 // bytes of a batch, decoded
)

// Mode is what a log takes for an entry. It is fixed when the log is created.
type Mode string

// The modes of a log.
const (
	Declarations Mode = "declarations" // entries of docs/entry-format.md and nothing else
	Any          Mode = "any"          // bytes; those that begin like a declaration must be one
)

// ParseMode parses the name of a mode.
func ParseMode(s string) (Mode, error) {
	if m := Mode(s); m == Declarations || m == Any {
		return m, nil
	}
	return "", fmt.Errorf("unknown mode %.40q, want %s or %s", s, Declarations, Any)
}

// MaxEntry is the longest entry in bytes.
func (m Mode) MaxEntry() int {
	if m == Any {
		return tile.MaxEntry
	}
	return MaxDeclaration
}

// Log is what the write path needs of *log.Log.
type Log interface {
	Origin() string
	Append(ctx context.Context, batch []log.Entry, index []uint64) error
	Lookup(ctx context.Context, leaf [32]byte) (uint64, bool, error)
	Entry(ctx context.Context, index uint64) ([]byte, error)
	Wait(ctx context.Context, index uint64) error
	Receipt(ctx context.Context, index uint64, latest bool) (receipt.Receipt, error)
}

// Config of a Handler. The zero value of every optional field means its default.
type Config struct {
	Log           Log
	Entries       Mode          // default Declarations
	Submitters    []Submitter   // none: every request is refused
	MaxInFlight   int64         // bytes of all bodies and decoders at once; default 256 MiB
	MaxWaiting    int           // requests with wait at once; default 2048
	BodyTimeout   time.Duration // for the whole body to arrive; default 30 s
	AppendTimeout time.Duration // for the entries to be durable; default 30 s
	Logger        *slog.Logger  // nil discards. It is never given a body, an entry or a token
	Registerer    prometheus.Registerer
}

func (c Config) withDefaults() Config {
	if c.Entries == "" {
		c.Entries = Declarations
	}
	if c.MaxInFlight == 0 {
		c.MaxInFlight = 256 << 20
	}
	if c.MaxWaiting == 0 {
		c.MaxWaiting = 2048
	}
	if c.BodyTimeout == 0 {
		c.BodyTimeout = 30 * time.Second
	}
	if c.AppendTimeout == 0 {
		c.AppendTimeout = 30 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Handler answers POST /add and POST /add-batch. Other paths are 404.
type Handler struct {
	config     Config
	submitters []*submitter
	room       *semaphore.Weighted // bytes in flight
	waiters    web.Waiters
	metrics    *metrics
}

// New checks the configuration.
func New(c Config) (*Handler, error) {
	c = c.withDefaults()
	if _, err := ParseMode(string(c.Entries)); err != nil {
		return nil, err
	}
	submitters, err := newSubmitters(c.Submitters)
	if err != nil {
		return nil, err
	}
	return &Handler{
		config:     c,
		submitters: submitters,
		room:       semaphore.NewWeighted(c.MaxInFlight),
		waiters:    web.NewWaiters(c.MaxWaiting),
		metrics:    newMetrics(c.Registerer),
	}, nil
}

// Values of headers that every answer shares. Whoever sets or adds to a header makes another slice.
var (
	noStore   = []string{"no-store"}
	noSniff   = []string{"nosniff"}
	plainText = []string{"text/plain; charset=utf-8"}
)

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer h.metrics.observe(time.Now())
	header := w.Header()
	header["Cache-Control"], header["X-Content-Type-Options"] = noStore, noSniff
	a, err := h.serve(w, r)
	if err != nil {
		refusal := h.refusal(r, err)
		h.metrics.answered(refusal.Status)
		refusal.Write(w)
		return
	}
	h.metrics.answered(a.status)
	h.metrics.entries.Add(float64(a.entries))
	header["Content-Type"] = plainText
	web.Send(w, a.status, a.body)
}

// answer is what a request that was accepted gets.
type answer struct {
	status  int
	body    []byte
	entries int
}

// serve does what the picture above the package shows.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request) (answer, error) {
	format := formats[r.URL.EscapedPath()]
	if format == nil {
		return answer{}, web.Errorf(http.StatusNotFound, "no such resource, entries go to /add or /add-batch")
	}
	if err := web.Method(w, r, http.MethodPost); err != nil {
		return answer{}, err
	}
	who, err := h.authenticate(w, r)
	if err != nil {
		return answer{}, err
	}
	query, err := web.Query(r, "wait")
	if err != nil {
		return answer{}, err
	}
	wait, err := web.Wait(query)
	if err != nil {
		return answer{}, err
	}
	index, err := h.add(w, request{r, who, format})
	if err != nil {
		return answer{}, err
	}
	if wait == 0 {
		return answer{http.StatusOK, format.print(index), len(index)}, nil
	}
	return h.wait(r.Context(), format, index, wait), nil
}

// request is a request of a submitter who is known.
type request struct {
	*http.Request
	who    *submitter
	format *format
}

// add reads, judges and appends; it holds room for the body only that long.
func (h *Handler) add(w http.ResponseWriter, r request) ([]uint64, error) {
	room := &reservation{room: h.room}
	defer room.release()
	body, err := h.readBody(w, r, room)
	if err != nil {
		return nil, err
	}
	batch, err := r.format.split(body, h.config.Entries)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.config.AppendTimeout)
	defer cancel()
	if err := h.check(ctx, r, batch); err != nil {
		return nil, err
	}
	if err := r.who.spend(time.Now(), len(batch)); err != nil {
		return nil, err
	}
	index := make([]uint64, len(batch))
	if err := h.config.Log.Append(ctx, batch, index); err != nil {
		return nil, err
	}
	return index, nil
}

// wait answers once a published checkpoint covers the entries. They are durable whatever happens,
// so that nothing from here on is an error: the answer is then 202.
func (h *Handler) wait(ctx context.Context, f *format, index []uint64, d time.Duration) answer {
	last := index[0]
	for _, i := range index {
		last = max(last, i)
	}
	accepted := answer{http.StatusAccepted, f.print(index), len(index)}
	err := h.waiters.Wait(ctx, d, func(ctx context.Context) error {
		return h.config.Log.Wait(ctx, last)
	})
	if err != nil {
		return accepted
	}
	if !f.single {
		return answer{http.StatusOK, accepted.body, len(index)}
	}
	proof, err := h.config.Log.Receipt(ctx, last, false)
	if err != nil {
		return accepted
	}
	return answer{http.StatusOK, proof.Bytes(), len(index)}
}

// refusal is the one place where an error becomes a status.
func (h *Handler) refusal(r *http.Request, err error) *web.Error {
	var refusal *web.Error
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, log.ErrPushback):
		return web.Later("%s", log.ErrPushback)
	case r.Context().Err() != nil:
		return web.Later("the request was given up; send it again, which is safe")
	default:
		h.config.Logger.Error("append", "err", err)
		return web.Later("whether the entries are on file is not known; send them again, which is safe")
	}
}
