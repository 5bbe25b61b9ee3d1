// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"cocket.example/client"
	"cocket.example/declaration"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// measureStatus reads every entry of a log over HTTP, with "cocket status --scan" from its start to its
// answer, and in a bare loop that reads and hashes the same bundles and nothing else. The server runs on
// the same cores.
func measureStatus(ctx context.Context, b *bench) (r results, err error) {
	entries := full[uint64](b, 1_000_000, 200_000)
	err = b.withDir("status", func(dir string) error {
		s, err := b.newSite(ctx, dir, "declarations", 0)
		if err != nil {
			return err
		}
		if err := b.startSite(ctx, s); err != nil {
			return err
		}
		leaf, err := b.fill(ctx, s, entries)
		if err == nil {
			err = b.scanAndLoop(ctx, &r, scan{s, leaf})
		}
		return errors.Join(err, s.stop())
	})
	return r, err
}

// scan is of a log, and asks about one of its entries.
type scan struct {
	*site
	leaf declaration.Hash
}

// fill appends so many declarations and waits until they are published. It returns the leaf hash of one.
func (b *bench) fill(ctx context.Context, s *site, entries uint64) (leaf declaration.Hash, err error) {
	b.say("filling the log")
	var sent atomic.Uint64
	group, sending := errgroup.WithContext(ctx)
	for i := range batchConnections {
		group.Go(func() error {
			w, err := dial(sending, s.address)
			if err != nil {
				return err
			}
			defer w.conn.Close()
			f := newForm("/add-batch", s.token, batchEntries, uint64(i))
			for sent.Add(batchEntries) <= entries {
				_, err := w.send(f.stamp())
				for ; pushedBack(err); _, err = w.send(f.bytes) {
					time.Sleep(time.Millisecond)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return leaf, err
	}
	c, err := client.New(client.Config{URL: "http://" + s.address})
	if err != nil {
		return leaf, err
	}
	if _, err := c.Receipt(ctx, entries-1, time.Minute); err != nil {
		return leaf, err
	}
	entry, err := tile.ReadEntry(ctx, c, entries/2, entries)
	return declaration.LeafHash(entry), err
}

// scanAndLoop takes turns.
func (b *bench) scanAndLoop(ctx context.Context, r *results, s scan) error {
	var rates, bare []float64
	for range b.rounds {
		rate, err := b.statusScan(ctx, s)
		if err != nil {
			return fmt.Errorf("cocket status: %w", err)
		}
		loop, err := s.bareLoop(ctx)
		if err != nil {
			return fmt.Errorf("bare loop: %w", err)
		}
		b.say("%-14s %9.0f entries/s, a bare loop %.0f", "status", rate, loop)
		rates, bare = append(rates, rate), append(bare, loop)
	}
	r.add("status_scan_rate", median(rates), map[string]float64{"cocket": median(rates), "bare_loop": median(bare)})
	return nil
}

// statusScan runs "cocket status --scan", whose time includes its start. What it answers is checked.
func (b *bench) statusScan(ctx context.Context, s scan) (rate float64, err error) {
	program, err := b.program(ctx, "cocket")
	if err != nil {
		return 0, err
	}
	p := newProcess(ctx, program, "status", fmt.Sprintf("%x", s.leaf), "--url", "http://"+s.address,
		"--policy", s.path("policy"), "--scan", "--json")
	var out tail
	p.Stdout = &out
	began := time.Now()
	if err := p.start(); err != nil {
		return 0, err
	}
	if err := p.wait(); err != nil {
		return 0, err
	}
	elapsed := time.Since(began).Seconds()
	var answers []struct {
		Status   string
		Complete bool
		Size     uint64
	}
	if err := json.Unmarshal(out.bytes, &answers); err != nil {
		return 0, err
	}
	if len(answers) != 1 || answers[0].Status != "in force" || !answers[0].Complete {
		return 0, fmt.Errorf("it answered %+v", answers)
	}
	return float64(answers[0].Size) / elapsed, nil
}

// bareLoop reads the same bundles over as many connections, and hashes their entries.
func (s scan) bareLoop(ctx context.Context) (rate float64, err error) {
	const connections = 8
	c, err := client.New(client.Config{URL: "http://" + s.address})
	if err != nil {
		return 0, err
	}
	signed, err := c.Checkpoint(ctx)
	if err != nil {
		return 0, err
	}
	cp, _, err := receipt.ParseCheckpoint(signed)
	if err != nil {
		return 0, err
	}
	size := cp.Size
	began := time.Now()
	var next atomic.Uint64
	group, ctx := errgroup.WithContext(ctx)
	for range connections {
		group.Go(func() error {
			w, err := dial(ctx, s.address)
			if err != nil {
				return err
			}
			defer w.conn.Close()
			var h tile.Hasher
			for i := next.Add(1) - 1; i <= (size-1)/tile.Width; i = next.Add(1) - 1 {
				ref := tile.Ref{Entries: true, Index: i, Width: tile.WidthAt(0, i, size)}
				body, err := w.send(fmt.Appendf(nil, "GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n", ref.Path()))
				for err == nil && len(body) > 0 {
					var entry []byte
					if entry, body, err = tile.CutEntry(body); err == nil {
						h.Leaf(entry)
					}
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = group.Wait()
	return float64(size) / time.Since(began).Seconds(), err
}
