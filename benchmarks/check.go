// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cocket.example/benchmarks/internal/peer"
)

// measureCheck checks every byte of one log, with our program and with Tessera's fsck.
func measureCheck(ctx context.Context, b *bench) (r results, err error) {
	entries := full[uint64](b, 5_000_000, 500_000)
	err = b.withDir("check", func(dir string) error {
		key, err := newLogKey()
		if err != nil {
			return err
		}
		c := checks{b, filepath.Join(dir, "log"), filepath.Join(dir, "log.vkey"), key, entries}
		if err := os.WriteFile(c.vkeyFile, []byte(key.verifier+"\n"), 0o644); err != nil {
			return err
		}
		if _, err := runPeer(ctx, peer.Spec{
			Role: peer.Local, Dir: c.log, Key: key.secret, VKey: key.verifier,
			Batch: 1024, Producers: 16, Entries: entries,
		}, nil); err != nil {
			return fmt.Errorf("making a log: %w", err)
		}
		return c.compare(ctx, &r)
	})
	return r, err
}

// checks are of one log.
type checks struct {
	*bench
	log, vkeyFile string
	key           logKey
	entries       uint64
}

// compare takes turns.
func (c checks) compare(ctx context.Context, r *results) error {
	sides := []struct {
		name  string
		check func(context.Context) (seconds float64, err error)
	}{
		{"cocket", c.ours},
		{"tessera_2", func(ctx context.Context) (float64, error) { return c.tessera(ctx, 2) }},
		{"tessera_4", func(ctx context.Context) (float64, error) { return c.tessera(ctx, 4) }},
	}
	rates := make(map[string][]float64)
	for range c.rounds {
		for _, s := range sides {
			seconds, err := s.check(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			rate := float64(c.entries) / seconds
			rates[s.name] = append(rates[s.name], rate)
			c.say("%-14s %9.0f entries/s", s.name, rate)
		}
	}
	c.report(r, rates)
	return nil
}

func (c checks) report(r *results, rates map[string][]float64) {
	parts := make(map[string]float64)
	p := Plot{Name: "fsck", Title: "Checking every byte of a log", Y: "entries/s"}
	for _, name := range slices.Sorted(maps.Keys(rates)) {
		parts[name] = median(rates[name])
		p.Bars = append(p.Bars, Bar{name, parts[name]})
	}
	best := max(parts["tessera_2"], parts["tessera_4"])
	r.add("fsck_vs_tessera", ratio(parts["cocket"], best), parts)
	r.plots = append(r.plots, p)
}

// ours runs "cocket fsck", whose time includes its start.
func (c checks) ours(ctx context.Context) (seconds float64, err error) {
	program, err := c.program(ctx, "cocket")
	if err != nil {
		return 0, err
	}
	p := newProcess(ctx, program, "fsck", "--vkey", c.vkeyFile, c.log)
	began := time.Now()
	if err := p.start(); err != nil {
		return 0, err
	}
	err = p.wait()
	return time.Since(began).Seconds(), err
}

// tessera runs Tessera's fsck with so many workers.
func (c checks) tessera(ctx context.Context, workers uint) (seconds float64, err error) {
	result, err := runPeer(ctx, peer.Spec{
		Role: peer.TesseraCheck, Dir: c.log, VKey: c.key.verifier, Workers: workers, Entries: c.entries,
	}, nil)
	return result.Seconds, err
}
