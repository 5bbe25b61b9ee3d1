// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"cocket.example/benchmarks/internal/peer"
)

const (
	singleConnections = 256
	batchConnections  = 8
	batchEntries      = 1000
)

// webSide is a server, and how it is loaded.
type webSide struct {
	name        string
	address     string
	path, token string
	connections int
	entries     int // of a request
	rates       []float64
}

// measureWeb compares single adds and batches over HTTP.
func measureWeb(ctx context.Context, b *bench) (r results, err error) {
	s, err := b.runSite(ctx, "web", 0)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	empty, stopEmpty, err := b.startWebPeer(ctx, peer.Empty)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, stopEmpty()) }()
	other, stopOther, err := b.startWebPeer(ctx, peer.TesseraServer)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, stopOther()) }()
	sides := []*webSide{
		{name: "empty", address: empty, path: "/add", connections: singleConnections, entries: 1},
		{name: "cocket", address: s.address, path: "/add", token: s.token, connections: singleConnections, entries: 1},
		{name: "tessera", address: other, path: "/add", connections: singleConnections, entries: 1},
		{name: "cocket_batches", address: s.address, path: "/add-batch", token: s.token,
			connections: batchConnections, entries: batchEntries},
	}
	for range b.rounds {
		for _, side := range sides {
			if err := b.loadWeb(ctx, side); err != nil {
				return r, fmt.Errorf("%s: %w", side.name, err)
			}
		}
	}
	return webResults(sides), nil
}

// startWebPeer starts a server among the peers.
func (b *bench) startWebPeer(ctx context.Context, role peer.Role) (address string, stop func() error, err error) {
	dir, err := b.newDir(string(role))
	if err != nil {
		return "", nil, err
	}
	key, err := newLogKey()
	if err != nil {
		return "", nil, err
	}
	p, err := startPeer(ctx, peer.Spec{Role: role, Dir: dir, Key: key.secret, VKey: key.verifier})
	if err != nil {
		return "", nil, err
	}
	e, err := p.next()
	if err != nil {
		return "", nil, errors.Join(err, p.stop())
	}
	return e.Address, p.stop, nil
}

// loadWeb loads a server from all connections at once, and counts what is answered after the warm-up.
func (b *bench) loadWeb(ctx context.Context, s *webSide) error {
	var answered atomic.Uint64
	loading, stop := context.WithTimeout(ctx, b.warm+b.measured)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	for i := range s.connections {
		g.Go(func() error { return s.connection(ctx, loading, uint64(i), &answered) })
	}
	peer.Pause(loading, b.warm)
	from, before := time.Now(), answered.Load()
	<-loading.Done()
	rate := float64(answered.Load()-before) / time.Since(from).Seconds()
	if err := g.Wait(); err != nil {
		return err
	}
	s.rates = append(s.rates, rate)
	b.say("%-14s %9.0f entries/s", s.name, rate)
	return nil
}

// connection sends one request after another until loading ends. What is pushed back does not count.
func (s *webSide) connection(ctx, loading context.Context, seed uint64, answered *atomic.Uint64) error {
	w, err := dial(ctx, s.address)
	if err != nil {
		return err
	}
	defer w.conn.Close()
	f := newForm(s.path, s.token, s.entries, seed)
	for loading.Err() == nil {
		_, err := w.send(f.stamp())
		if pushedBack(err) {
			peer.Pause(loading, time.Millisecond)
			continue
		}
		if err != nil {
			return err
		}
		answered.Add(uint64(s.entries))
	}
	return nil
}

func webResults(sides []*webSide) (r results) {
	rates, p := make(map[string]float64), Plot{Name: "http", Title: "Adding over HTTP", Y: "entries/s"}
	for _, s := range sides {
		rates[s.name] = median(s.rates)
		p.Bars = append(p.Bars, Bar{s.name, rates[s.name]})
	}
	add := func(figure, ours, theirs string) {
		r.add(figure, ratio(rates[ours], rates[theirs]), map[string]float64{ours: rates[ours], theirs: rates[theirs]})
	}
	add("http_single_vs_empty", "cocket", "empty")
	add("http_single_vs_tessera", "cocket", "tessera")
	add("http_batch_vs_tessera", "cocket_batches", "tessera")
	r.plots = []Plot{p}
	return r
}
