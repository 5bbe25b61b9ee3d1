// SPDX-License-Identifier: Apache-2.0

// Package cosign asks the witnesses of a policy for cosignatures (c2sp.org/tlog-witness). Witnesses
// are not trusted: of their answers nothing is taken but a valid cosignature of their own key for
// the very checkpoint that was sent, and none of them can hold back a quorum of the others.
package cosign

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"cocket.example/receipt"
)

// Config of a Gatherer. The zero value of every optional field means its default.
type Config struct {
	Policy receipt.Policy // the log's own key, and its witnesses with their URLs

	// Prove returns the consistency proof between two sizes of the log's tree.
	Prove func(ctx context.Context, from, to uint64) ([]receipt.Hash, error)
	// Root returns the root of the log's tree at a size.
	Root func(ctx context.Context, size uint64) (receipt.Hash, error)

	Monitors  map[string]string // optional: monitoring prefixes, by the policy's names
	Transport http.RoundTripper // default: http.DefaultTransport's settings, no compression, small headers
	Timeout   time.Duration     // for one request; default 10 s
	Logger    *slog.Logger      // nil discards

	Registerer prometheus.Registerer // nil: metrics are kept and not registered
}

func (c Config) withDefaults() Config {
	if c.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.DisableCompression = true
		t.MaxResponseHeaderBytes = 16 << 10
		t.MaxConnsPerHost = 8
		c.Transport = t
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Gatherer gathers cosignatures. It implements log.Cosigner.
type Gatherer struct {
	config    Config
	metrics   *metrics
	witnesses []*witness

	mu      sync.Mutex
	offer   *offer        // the newest
	ahead   error         // wraps log.ErrAhead once a witness has shown what this log does not know
	changed chan struct{} // closed and replaced at every new offer or answer
}

// offer is a signed checkpoint and what the witnesses said to it.
type offer struct {
	checkpoint receipt.Checkpoint
	signed     []byte
	lines      map[string]receipt.Signature // valid cosignatures, by the policy's names
	errs       map[string]error             // what each of the others answered last
	unproven   map[string]bool              // who claimed to hold more and did not show it
	satisfied  bool                         // a quorum was handed out
}

// New checks that every witness of the policy has a URL. It starts nothing.
func New(c Config) (*Gatherer, error) {
	c = c.withDefaults()
	g := &Gatherer{config: c, metrics: newMetrics(c.Registerer), changed: make(chan struct{})}
	client := &http.Client{
		Transport:     c.Transport,
		Timeout:       c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, w := range c.Policy.Witnesses {
		if w.URL == "" {
			return nil, fmt.Errorf("witness %q has no URL in the policy, so it cannot be asked", w.Name)
		}
		g.metrics.begin(w.Name)
		g.witnesses = append(g.witnesses, &witness{
			Witness: w, client: client, prove: c.Prove,
			url: strings.TrimSuffix(w.URL, "/"), monitor: strings.TrimSuffix(c.Monitors[w.Name], "/"),
		})
	}
	for name := range c.Monitors {
		if !slices.ContainsFunc(g.witnesses, func(w *witness) bool { return w.Name == name }) {
			return nil, fmt.Errorf("monitor of %q, which is no witness of the policy", name)
		}
	}
	return g, nil
}

// Run asks until ctx ends: one goroutine for each witness, always on the newest offer.
func (g *Gatherer) Run(ctx context.Context) error {
	var group errgroup.Group
	for _, w := range g.witnesses {
		group.Go(func() error {
			g.serve(ctx, w)
			return nil
		})
	}
	return group.Wait()
}

// serve keeps one witness on the newest offer. After an answer that was no cosignature it asks again
// later, and later still.
func (g *Gatherer) serve(ctx context.Context, w *witness) {
	var done *offer
	pause := backoff{}
	for {
		o, changed := g.newest()
		if o == nil || o == done {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				return
			}
		}
		line, err := w.ask(ctx, o)
		if errors.Is(err, errClaimsMore) {
			g.question(ctx, w, o)
		}
		if ctx.Err() != nil {
			return
		}
		g.answered(o, w, line, err)
		if err == nil {
			done, pause = o, backoff{}
			continue
		}
		if !pause.wait(ctx, err) {
			return
		}
	}
}

func (g *Gatherer) newest() (*offer, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.offer, g.changed
}

// answered records what a witness said to an offer.
func (g *Gatherer) answered(o *offer, w *witness, line receipt.Signature, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if before := o.errs[w.Name]; err != nil && (before == nil || before.Error() != err.Error()) {
		level := slog.LevelWarn
		if errors.Is(err, errClaimsMore) {
			level = slog.LevelError
		}
		g.config.Logger.Log(context.Background(), level, "witness gave no cosignature",
			"witness", w.Name, "size", o.checkpoint.Size, "err", err)
	}
	if err == nil {
		o.lines[w.Name] = line
		delete(o.unproven, w.Name)
		g.metrics.size.WithLabelValues(w.Name).Set(float64(o.checkpoint.Size))
		delete(o.errs, w.Name)
	} else {
		o.errs[w.Name] = err
		g.metrics.failures.WithLabelValues(w.Name).Inc()
		if errors.Is(err, errClaimsMore) {
			g.metrics.claims.WithLabelValues(w.Name).Inc()
		}
	}
	g.wake()
}

// wake tells everyone that something changed; mu is held.
func (g *Gatherer) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// put makes a signed checkpoint the newest offer. One that is still without a quorum stays, with the
// cosignatures that it has.
func (g *Gatherer) put(signed []byte) (*offer, error) {
	cp, _, err := receipt.ParseCheckpoint(signed)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.offer != nil && string(g.offer.signed) == string(signed) && !g.offer.satisfied {
		return g.offer, nil
	}
	g.offer = &offer{
		checkpoint: cp, signed: signed,
		lines: make(map[string]receipt.Signature), errs: make(map[string]error), unproven: make(map[string]bool),
	}
	g.wake()
	return g.offer, nil
}

// Cosign offers a signed checkpoint to every witness and returns it with the valid cosignatures once
// they satisfy the quorum, without waiting for the rest.
func (g *Gatherer) Cosign(ctx context.Context, signed []byte) ([]byte, error) {
	o, err := g.put(signed)
	if err != nil {
		return nil, err
	}
	enough := func() bool { return g.config.Policy.Satisfied(o.has) }
	if err := g.await(ctx, o, enough); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	o.satisfied = true
	return g.assemble(o), nil
}

// Cosigned returns the newest offer with every valid cosignature so far.
func (g *Gatherer) Cosigned() []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.offer == nil {
		return nil
	}
	return g.assemble(g.offer)
}

// Err returns an error that wraps log.ErrAhead once a witness has shown a checkpoint with this log's
// signature that is larger than what this log has signed or contradicts it.
func (g *Gatherer) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ahead
}

func (o *offer) has(name string) bool {
	_, ok := o.lines[name]
	return ok
}

// await waits until enough holds, which is called with mu held, or a witness has shown that this log
// must not go on.
func (g *Gatherer) await(ctx context.Context, o *offer, enough func() bool) error {
	for {
		g.mu.Lock()
		ahead, ok, changed := g.ahead, enough(), g.changed
		g.mu.Unlock()
		if ahead != nil || ok {
			return ahead
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return g.missing(ctx, o)
		}
	}
}

// missing says who has not cosigned, and why.
func (g *Gatherer) missing(ctx context.Context, o *offer) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var why []string
	for _, w := range g.witnesses {
		if o.has(w.Name) {
			continue
		}
		if err := o.errs[w.Name]; err != nil {
			why = append(why, fmt.Sprintf("%s: %v", w.Name, err))
		} else {
			why = append(why, w.Name+": no answer yet")
		}
	}
	return fmt.Errorf("no quorum of cosignatures (%s): %w", strings.Join(why, "; "), context.Cause(ctx))
}

// assemble puts the cosignatures behind the log's signatures, in the policy's order.
func (g *Gatherer) assemble(o *offer) []byte {
	b := slices.Clone(o.signed)
	for _, w := range g.witnesses {
		if line, ok := o.lines[w.Name]; ok {
			b = append(b, line.String()...)
		}
	}
	return b
}
