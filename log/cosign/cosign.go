// SPDX-License-Identifier: Apache-2.0

// Package cosign asks the witnesses of a policy for cosignatures (c2sp.org/tlog-witness). Witnesses
// are not trusted: of their answers nothing is taken but a valid cosignature of their own key for
// the very checkpoint that was sent, and none of them can hold back a quorum of the others.
package cosign

import (
	"cmp"
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
	endpoints []*endpoint

	mu      sync.Mutex
	offer   *offer        // the newest
	ahead   error         // wraps log.ErrAhead once a witness has shown what this log does not know
	changed chan struct{} // closed and replaced at every new offer or answer
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
		if err := g.place(w, client); err != nil {
			return nil, err
		}
	}
	for name := range c.Monitors {
		if !slices.ContainsFunc(c.Policy.Witnesses, func(w receipt.Witness) bool { return w.Name == name }) {
			return nil, fmt.Errorf("monitor of %q, which is no witness of the policy", name)
		}
	}
	return g, nil
}

// place puts a witness to the others of its URL.
func (g *Gatherer) place(w receipt.Witness, client *http.Client) error {
	url, monitor := strings.TrimSuffix(w.URL, "/"), strings.TrimSuffix(g.config.Monitors[w.Name], "/")
	i := slices.IndexFunc(g.endpoints, func(e *endpoint) bool { return e.url == url })
	if i < 0 {
		i = len(g.endpoints)
		g.endpoints = append(g.endpoints, &endpoint{url: url, client: client, prove: g.config.Prove})
	}
	e := g.endpoints[i]
	e.witnesses = append(e.witnesses, w)
	if e.monitor != "" && monitor != "" && e.monitor != monitor {
		return fmt.Errorf("monitors of %q and %q differ, though they have one URL in the policy", e.name(), w.Name)
	}
	e.monitor = cmp.Or(e.monitor, monitor)
	return nil
}

// Run asks until ctx ends: one goroutine for each address, always on the newest offer.
func (g *Gatherer) Run(ctx context.Context) error {
	var group errgroup.Group
	for _, e := range g.endpoints {
		group.Go(func() error {
			g.serve(ctx, e)
			return nil
		})
	}
	return group.Wait()
}

// serve keeps one endpoint on the newest offer. After an answer without every cosignature it asks again
// later, and later still.
func (g *Gatherer) serve(ctx context.Context, e *endpoint) {
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
		t, err := e.ask(ctx, o)
		if errors.Is(err, errClaimsMore) {
			g.question(ctx, e, o)
		}
		if ctx.Err() != nil {
			return
		}
		if g.answered(o, e, t) {
			done, pause = o, backoff{}
			continue
		}
		if !pause.wait(ctx, err) {
			return
		}
	}
}

// wake tells everyone that something changed; mu is held.
func (g *Gatherer) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
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
