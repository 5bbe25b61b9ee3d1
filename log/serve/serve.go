// SPDX-License-Identifier: Apache-2.0

// Package serve is the read path of a log over HTTP: c2sp.org/tlog-tiles, receipts, proofs and a
// status page. Anyone may read, from any origin; nothing is shown beyond what the log has signed.
// docs/http.md describes it for those who write clients.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/log/internal/web"
	"cocket.example/receipt"
	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"
)

// Log is what the read path needs of *log.Log.
type Log interface {
	tile.Reader // never beyond Signed
	Origin() string
	Signed() uint64
	Published(ctx context.Context) ([]byte, error)
	Lookup(ctx context.Context, leaf [32]byte) (uint64, bool, error)
	Receipt(ctx context.Context, index uint64, latest bool) (receipt.Receipt, error)
	BatchReceipt(ctx context.Context, start, end uint64, latest bool) (receipt.Batch, error)
	Wait(ctx context.Context, index uint64) error
}

// Refers finds the signed entries that amend or withdraw the entry with this leaf hash, in
// ascending order, once it has followed the log to this size. *refers.Index is one.
type Refers interface {
	Find(ctx context.Context, target [32]byte, size uint64) ([]uint64, error)
}

// Config of a Handler. The zero value of every optional field means its default.
type Config struct {
	Log         Log
	Refers      Refers
	Policy      receipt.Policy // the log's own key, its witnesses and the quorum; shown to readers
	Metadata    Metadata       // what /metadata says beside the origin, the keys and the policy
	MaxInFlight int64          // bytes of all tiles and bundles on their way; default 256 MiB
	MaxWaiting  int            // requests with wait at once; default 2048
	Patience    time.Duration  // for room, and for the index of references; default 5 s
	Logger      *slog.Logger   // nil discards
	Registerer  prometheus.Registerer
}

func (c Config) withDefaults() Config {
	if c.MaxInFlight == 0 {
		c.MaxInFlight = 256 << 20
	}
	if c.MaxWaiting == 0 {
		c.MaxWaiting = 2048
	}
	if c.Patience == 0 {
		c.Patience = 5 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Handler answers every GET and HEAD of a log.
type Handler struct {
	config     Config
	room       *semaphore.Weighted // bytes in flight
	waiters    web.Waiters
	metadata   []byte
	metrics    *metrics
	compressed http.Handler
}

// New checks the configuration.
func New(c Config) (*Handler, error) {
	c = c.withDefaults()
	metadata, err := c.metadata()
	if err != nil {
		return nil, err
	}
	h := &Handler{
		config:   c,
		room:     semaphore.NewWeighted(c.MaxInFlight),
		waiters:  web.NewWaiters(c.MaxWaiting),
		metadata: metadata,
		metrics:  newMetrics(c.Registerer),
	}
	// Vary stands on every answer. Whatever is not marked otherwise below is compressed, if it is
	// large enough.
	wrap, err := gzhttp.NewWrapper(gzhttp.ContentTypeFilter(gzhttp.CompressAllContentTypeFilter))
	if err != nil {
		return nil, fmt.Errorf("preparing compression: %w", err)
	}
	h.compressed = wrap(http.HandlerFunc(h.serve))
	return h, nil
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	h.compressed.ServeHTTP(w, r)
}

// resource is a good answer.
type resource struct {
	body  []byte
	kind  string // Content-Type
	cache string // Cache-Control
	plain bool   // not to be compressed: hashes are not compressible
	held  int64  // bytes of room, until it is sent
}

// Types and lifetimes of resources.
const (
	text   = "text/plain; charset=utf-8"
	binary = "application/octet-stream"

	immutable = "public, max-age=31536000, immutable"
	second    = "public, max-age=1"
	minute    = "public, max-age=60"
)

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions {
		preflight(w)
		return
	}
	web.KeepOpen(w)
	var res resource
	err := web.Method(w, r, http.MethodGet, http.MethodHead)
	if err == nil {
		res, err = h.find(r)
	}
	defer h.room.Release(res.held)
	header := w.Header()
	if err != nil {
		header.Set(gzhttp.HeaderNoCompression, "1")
		refusal := h.refusal(err)
		h.metrics.requests.WithLabelValues(strconv.Itoa(refusal.Status)).Inc()
		refusal.Write(w)
		return
	}
	if res.plain {
		header.Set(gzhttp.HeaderNoCompression, "1")
	}
	header.Set("Cache-Control", res.cache)
	header.Set("Content-Type", res.kind)
	securePage(header, res.kind)
	header.Set("Content-Length", strconv.Itoa(len(res.body)))
	h.metrics.requests.WithLabelValues("200").Inc()
	h.metrics.bytes.Add(float64(len(res.body)))
	web.Send(w, http.StatusOK, res.body)
}

// preflight answers the question of a browser whether another site's script may read.
func preflight(w http.ResponseWriter) {
	w.Header().Set("Allow", "GET, HEAD")
	w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD")
	w.Header().Set("Access-Control-Max-Age", "86400")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// find finds the resource by the path as it was sent. Nothing is cleaned or decoded: a resource has
// one name, and any other spelling (%2e, //, a slash at the end) is none (L07).
func (h *Handler) find(r *http.Request) (resource, error) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/")
	kind, rest, nested := strings.Cut(path, "/")
	if nested && rest == "" {
		return resource{}, errNoResource
	}
	if kind == "receipt" {
		return h.receipt(r, rest)
	}
	if _, err := web.Query(r); err != nil {
		return resource{}, err
	}
	ctx := r.Context()
	switch kind {
	case "tile":
		return h.tile(ctx, path)
	case "index":
		return h.index(ctx, rest)
	case "refers":
		return h.refers(ctx, rest)
	case "inclusion":
		return h.proof(ctx, rest, inclusion)
	case "consistency":
		return h.proof(ctx, rest, consistency)
	}
	switch path {
	case "":
		return h.page(ctx)
	case "checkpoint":
		return h.checkpoint(ctx)
	case "metadata":
		return resource{body: h.metadata, kind: "application/json", cache: minute}, nil
	}
	return resource{}, errNoResource
}

var errNoResource = web.Errorf(http.StatusNotFound, "no such resource, docs/http.md lists those of a log")

// notYet is the answer for what the log has not signed, as for what there never will be.
func notYet(format string, args ...any) error {
	return web.Errorf(http.StatusNotFound, format, args...)
}

// refusal is the one place where an error becomes a status.
func (h *Handler) refusal(err error) *web.Error {
	var refusal *web.Error
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, fs.ErrNotExist):
		return web.Errorf(http.StatusNotFound, "not there, or not signed yet")
	case errors.Is(err, log.ErrPushback), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, context.Canceled):
		return web.Later("not to be had at the moment, try again later")
	default:
		h.config.Logger.Error("read", "err", err)
		return web.Errorf(http.StatusInternalServerError, "the log could not read this, its operator can see why")
	}
}
