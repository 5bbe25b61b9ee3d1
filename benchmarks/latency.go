// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"cocket.example/benchmarks/internal/peer"
)

const (
	receiptWitnesses = 3
	receiptBatch     = 100
	receiptRate      = 10_000 // entries a second offered, for the figure
)

// measureReceipts offers entries at fixed rates, whether or not the log keeps up, and measures from
// the moment when a batch was to be sent until the receipt of its last entry is there.
func measureReceipts(ctx context.Context, b *bench) (r results, err error) {
	s, err := b.runSite(ctx, "receipts", receiptWitnesses)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	p := Plot{Name: "receipts", Title: "Receipts with three witnesses", X: "share of receipts, %", Y: "ms"}
	warm, measured := full(b, 5*time.Second, 2*time.Second), full(b, 60*time.Second, 12*time.Second)
	for _, rate := range full(b, []int{1000, receiptRate, 20_000, 50_000}, []int{receiptRate}) {
		l := &openLoad{site: s, rate: rate, warm: warm, total: warm + measured}
		ms, err := l.run(ctx)
		if err != nil {
			return r, fmt.Errorf("%d entries/s: %w", rate, err)
		}
		b.say("%d entries/s offered: %d receipts, p50 %.0f ms, p99 %.0f ms", rate, len(ms), median(ms), percentile(ms, 0.99))
		p.Lines = append(p.Lines, quantiles(fmt.Sprintf("%d entries/s", rate), ms))
		if rate != receiptRate {
			continue
		}
		r.add("receipt_p99_ms", percentile(ms, 0.99), map[string]float64{
			"p50_ms": median(ms), "p90_ms": percentile(ms, 0.9), "p999_ms": percentile(ms, 0.999),
			"max_ms": percentile(ms, 1), "receipts": float64(len(ms)), "offered": float64(rate),
		})
	}
	r.plots = []Plot{p}
	return r, nil
}

func quantiles(label string, ms []float64) Line {
	l := Line{Label: label}
	for percent := 1; percent <= 100; percent++ {
		l.Points = append(l.Points, Point{float64(percent), percentile(ms, float64(percent)/100)})
	}
	return l
}

// maxWaiting bounds the batches under way: a log that does not keep up fails the measurement.
const maxWaiting = 2000

// openLoad sends batches at fixed times.
type openLoad struct {
	site        *site
	rate        int // entries a second
	warm, total time.Duration

	mu   sync.Mutex // holds what follows
	idle []*caller
	ms   []float64
}

// caller is a connection and its request.
type caller struct {
	*wire
	form *form
}

func (l *openLoad) run(ctx context.Context) ([]float64, error) {
	defer l.closeIdle()
	g, sending := errgroup.WithContext(ctx)
	g.SetLimit(maxWaiting)
	between := time.Second * receiptBatch / time.Duration(l.rate)
	began := time.Now()
	for i := 0; sending.Err() == nil; i++ {
		offset := time.Duration(i) * between
		if offset > l.total {
			break
		}
		due := began.Add(offset)
		peer.Pause(sending, time.Until(due))
		if !g.TryGo(func() error { return l.batch(sending, due, offset >= l.warm) }) {
			return nil, errors.Join(fmt.Errorf("%d batches wait for receipts: the log does not keep up", maxWaiting), g.Wait())
		}
	}
	return l.ms, errors.Join(g.Wait(), ctx.Err())
}

// batch sends one batch and gets the receipt of its last entry, which covers all.
func (l *openLoad) batch(ctx context.Context, due time.Time, counts bool) error {
	c, err := l.caller(ctx)
	if err != nil {
		return err
	}
	answer, err := c.send(c.form.stamp())
	if err != nil {
		return fmt.Errorf("batch: %w", err)
	}
	var first, count uint64
	if _, err := fmt.Sscan(string(answer), &first, &count); err != nil || count != receiptBatch {
		return fmt.Errorf("the answer to a batch of %d new entries is %.40q", receiptBatch, answer)
	}
	request := fmt.Appendf(nil, "GET /receipt/%d?wait=30s HTTP/1.1\r\nHost: localhost\r\n\r\n", first+count-1)
	if _, err := c.send(request); err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	took := time.Since(due)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle = append(l.idle, c)
	if counts {
		l.ms = append(l.ms, float64(took)/float64(time.Millisecond))
	}
	return nil
}

// caller takes a connection that is idle, or makes one.
func (l *openLoad) caller(ctx context.Context) (*caller, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.idle); n > 0 {
		c := l.idle[n-1]
		l.idle = l.idle[:n-1]
		return c, nil
	}
	w, err := dial(ctx, l.site.address)
	if err != nil {
		return nil, err
	}
	return &caller{w, newForm("/add-batch", l.site.token, receiptBatch, 0)}, nil
}

func (l *openLoad) closeIdle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.idle {
		c.conn.Close()
	}
}
