// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"cocket.example/receipt"
)

const (
	verifyMillion = 1_000_000
	verifyBatch   = 65_536
)

// measureVerify measures what whoever holds receipts computes; no log and no load is there.
func measureVerify(ctx context.Context, b *bench) (r results, err error) {
	s, err := newSigners()
	if err != nil {
		return r, err
	}
	for _, m := range []struct {
		figure  string
		measure func(context.Context, *bench, *signers, *results) error
	}{
		{"receipts_1m_s", measureMillion}, {"receipt_single_ms", measureSingle}, {"batch_cut_s", measureCut},
	} {
		if b.wants(m.figure) {
			if err := m.measure(ctx, b, s, &r); err != nil {
				return r, fmt.Errorf("%s: %w", m.figure, err)
			}
		}
	}
	return r, nil
}

// printed is a receipt as its holder has it.
type printed struct {
	leaf receipt.Hash
	text []byte
}

// measureMillion verifies receipts under one checkpoint, whose signatures are checked once: from the
// bytes of each, over all cores. They are printed in portions, which does not count.
func measureMillion(ctx context.Context, b *bench, s *signers, r *results) error {
	const portion = 50_000
	n := full(b, verifyMillion, verifyMillion/5)
	batch, leaves, err := s.batch(n)
	if err != nil {
		return err
	}
	receipts, err := batch.Cut(leaves)
	if err != nil {
		return err
	}
	began := time.Now()
	trusted, err := s.policy.Verify(batch.Checkpoint)
	if err != nil {
		return err
	}
	spent, computed, verified := time.Since(began), 0.0, 0
	ready := make([]printed, 0, portion)
	for one := range receipts {
		ready = append(ready, printed{leaves[one.Index-batch.Start], one.Bytes()})
		if len(ready) < portion {
			continue
		}
		runtime.GC() // what printing left behind
		began, before := time.Now(), cpuSeconds()
		if err := verifyAll(ctx, trusted, ready); err != nil {
			return err
		}
		spent, computed = spent+time.Since(began), computed+cpuSeconds()-before
		verified, ready = verified+len(ready), ready[:0]
	}
	if verified != n {
		return fmt.Errorf("%d receipts of %d were verified", verified, n)
	}
	seconds := spent.Seconds() * verifyMillion / float64(n)
	r.add("receipts_1m_s", seconds, map[string]float64{
		"receipts": float64(n), "seconds": spent.Seconds(), "cores": float64(runtime.GOMAXPROCS(0)),
		"cpu_us_each": computed * 1e6 / float64(n), // what others leave of the cores is not in it
	})
	return nil
}

// cpuSeconds is what this process has computed so far, over all cores.
func cpuSeconds() float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func verifyAll(ctx context.Context, trusted receipt.Trusted, receipts []printed) error {
	cores := runtime.GOMAXPROCS(0)
	g, ctx := errgroup.WithContext(ctx)
	for part := range slices.Chunk(receipts, (len(receipts)+cores-1)/cores) {
		g.Go(func() error {
			for _, p := range part {
				one, err := trusted.Parse(p.text)
				if err != nil {
					return err
				}
				if err := trusted.Includes(p.leaf, one); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}

// measureSingle verifies one receipt with the four signatures of its checkpoint, again and again.
func measureSingle(ctx context.Context, b *bench, s *signers, r *results) error {
	batch, leaves, err := s.batch(1)
	if err != nil {
		return err
	}
	receipts, err := batch.Cut(leaves)
	if err != nil {
		return err
	}
	var text []byte
	for one := range receipts {
		text = one.Bytes()
	}
	var ms []float64
	for range full(b, 5000, 1000) {
		began := time.Now()
		one, err := receipt.Parse(text)
		if err != nil {
			return err
		}
		trusted, err := s.policy.Verify(one.Checkpoint)
		if err != nil {
			return err
		}
		if err := trusted.Includes(leaves[0], one); err != nil {
			return err
		}
		ms = append(ms, float64(time.Since(began).Nanoseconds())/1e6)
	}
	r.add("receipt_single_ms", median(ms), map[string]float64{
		"median_ms": median(ms), "p99_ms": percentile(ms, 0.99), "bytes": float64(len(text)), "witnesses": verifyWitnesses,
	})
	return ctx.Err()
}

// measureCut parses a batch receipt, checks it against its entries, and cuts and prints all receipts.
func measureCut(ctx context.Context, b *bench, s *signers, r *results) error {
	batch, leaves, err := s.batch(verifyBatch)
	if err != nil {
		return err
	}
	text := batch.Bytes()
	var seconds []float64
	bytes := 0
	for range full(b, 9, 5) {
		began := time.Now()
		parsed, err := receipt.ParseBatch(text)
		if err != nil {
			return err
		}
		receipts, err := parsed.Cut(leaves)
		if err != nil {
			return err
		}
		n := 0
		bytes = 0
		for one := range receipts {
			n, bytes = n+1, bytes+len(one.Bytes())
		}
		if seconds = append(seconds, time.Since(began).Seconds()); n != verifyBatch {
			return fmt.Errorf("%d receipts were cut, want %d", n, verifyBatch)
		}
	}
	r.add("batch_cut_s", median(seconds), map[string]float64{
		"median_s": median(seconds), "max_s": percentile(seconds, 1), "receipts": verifyBatch,
		"bytes_each": float64(bytes) / verifyBatch, "batch_bytes": float64(len(text)),
	})
	return ctx.Err()
}
