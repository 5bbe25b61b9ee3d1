// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
	"golang.org/x/sync/errgroup"

	"cocket.example/benchmarks/internal/peer"
	"cocket.example/receipt"
)

const (
	floodLogs = 20
	floodRate = 200 // checkpoints a second of all logs together
	floodLoad = 4 * time.Second
)

// measureFlood lets logs grow at a fixed rate, each on a connection of its own from 127.0.0.1, by turns
// alone and while another process floods the witness from another address. Latencies count from when a
// checkpoint was due, whether or not the one before was answered in time. The ratio is the median of those
// of the turns, which what else the machine does now and then does not move.
func measureFlood(ctx context.Context, b *bench) (r results, err error) {
	dir, err := b.newDir("flood")
	if err != nil {
		return r, err
	}
	witness, address, logs, err := b.startFlooded(ctx, dir)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, witness.stop()) }()
	if _, err := growAll(ctx, address, logs, b.warm+time.Second); err != nil {
		return r, err
	}
	var quiet, flooded, ratios []float64
	attacks := 0.0
	for range full(b, 15, 5) {
		before, err := growAll(ctx, address, logs, floodLoad)
		if err != nil {
			return r, err
		}
		beside, tried, err := growFlooded(ctx, address, logs, floodLoad)
		if err != nil {
			return r, err
		}
		quiet, flooded, attacks = append(quiet, before...), append(flooded, beside...), attacks+float64(tried)
		ratios = append(ratios, percentile(beside, 0.99)/percentile(before, 0.99))
		b.say("p99 %.1f ms alone, %.1f ms flooded", percentile(before, 0.99), percentile(beside, 0.99))
	}
	m, err := readMemory(witness.Process.Pid)
	if err != nil {
		return r, err
	}
	r.add("witness_flood_rss_mib", m.peak, map[string]float64{"attacks": attacks, "anonymous_mib": m.anonymous})
	r.add("witness_flood_p99_ratio", median(ratios), map[string]float64{
		"quiet_p50_ms": median(quiet), "flooded_p50_ms": median(flooded),
		"quiet_p99_ms": percentile(quiet, 0.99), "flooded_p99_ms": percentile(flooded, 0.99),
		"offered": floodRate, "checkpoints": float64(len(quiet) + len(flooded)),
	})
	return r, nil
}

// growFlooded is growAll beside a flood, which has begun before and ends after.
func growFlooded(ctx context.Context, address string, logs []*growing, d time.Duration,
) (ms []float64, tried uint64, err error) {
	flood, err := startPeer(ctx, peer.Spec{Role: peer.Flood, Target: address, Measure: d + 2*time.Second})
	if err != nil {
		return nil, 0, err
	}
	peer.Pause(ctx, time.Second)
	if ms, err = growAll(ctx, address, logs, d); err != nil {
		return nil, 0, errors.Join(err, flood.stop())
	}
	e, err := flood.next()
	if err != nil {
		return nil, 0, err
	}
	if e.Result == nil {
		return nil, 0, errors.New("the flood has no result")
	}
	return ms, e.Result.Total, flood.wait()
}

// startFlooded starts a witness with its default limits, and makes the logs that it knows.
func (b *bench) startFlooded(ctx context.Context, dir string) (*process, string, []*growing, error) {
	addresses, err := freeAddresses(1)
	if err != nil {
		return nil, "", nil, err
	}
	s := &site{dir: dir}
	if err := s.newWitness("w1", addresses[0]); err != nil {
		return nil, "", nil, err
	}
	config := fmt.Sprintf("listen: %s\ndir: w1\nkeys: [w1.key]\nlogs:\n", addresses[0])
	logs := make([]*growing, floodLogs)
	for i := range logs {
		name := fmt.Sprintf("log-%d.customs.benchmark.example", i)
		secret, verifier, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, name)
		if err != nil {
			return nil, "", nil, err
		}
		signer, err := receipt.NewSigner(secret)
		if err != nil {
			return nil, "", nil, err
		}
		logs[i] = &growing{signer: signer, tree: testonly.New(rfc6962.DefaultHasher)}
		config += "  - vkey: " + verifier + "\n"
	}
	path := filepath.Join(dir, "w1.yaml")
	if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
		return nil, "", nil, err
	}
	if err := b.initialise(ctx, "cocket-witness", path); err != nil {
		return nil, "", nil, err
	}
	p, err := b.startServer(ctx, "cocket-witness", path)
	if err != nil {
		return nil, "", nil, err
	}
	return p, addresses[0], logs, awaitAddress(ctx, p, addresses[0])
}

// awaitAddress waits until a server accepts connections.
func awaitAddress(ctx context.Context, p *process, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		if w, err := dial(ctx, address); err == nil {
			return w.conn.Close()
		}
		select {
		case <-p.ended:
			return errors.Join(p.wait(), errors.New("the server ended early"))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// growing is a log that has its checkpoints cosigned one after the other.
type growing struct {
	signer *receipt.Signer
	tree   *testonly.Tree
}

// growAll lets all logs grow for a while, at floodRate, and returns the latencies in ms.
func growAll(ctx context.Context, address string, logs []*growing, d time.Duration) ([]float64, error) {
	every := time.Second * time.Duration(len(logs)) / floodRate
	began := time.Now()
	all := make([][]float64, len(logs))
	group, ctx := errgroup.WithContext(ctx)
	for i, l := range logs {
		group.Go(func() error {
			w, err := dial(ctx, address)
			if err != nil {
				return err
			}
			defer w.conn.Close()
			due := began.Add(every * time.Duration(i) / time.Duration(len(logs)))
			for ; due.Before(began.Add(d)); due = due.Add(every) {
				request, err := l.next()
				if err != nil {
					return err
				}
				peer.Pause(ctx, time.Until(due))
				if _, err := w.send(request); err != nil {
					return fmt.Errorf("honest checkpoint: %w", err)
				}
				all[i] = append(all[i], float64(time.Since(due))/float64(time.Millisecond))
			}
			return nil
		})
	}
	err := group.Wait()
	var ms []float64
	for _, one := range all {
		ms = append(ms, one...)
	}
	return ms, err
}

// next returns the request for a checkpoint that is larger by one entry.
func (l *growing) next() ([]byte, error) {
	old := l.tree.Size()
	l.tree.AppendData([]byte(rand.Text()))
	add := receipt.AddCheckpoint{Old: old}
	if old > 0 {
		proof, err := l.tree.ConsistencyProof(old, old+1)
		if err != nil {
			return nil, err
		}
		for _, hash := range proof {
			add.Proof = append(add.Proof, receipt.Hash(hash))
		}
	}
	cp := receipt.Checkpoint{Origin: l.signer.Name(), Size: old + 1, Root: receipt.Hash(l.tree.Hash())}
	signed, err := cp.Sign(l.signer)
	if err != nil {
		return nil, err
	}
	add.Checkpoint = signed
	body := add.Bytes()
	return append(fmt.Appendf(nil, "POST /add-checkpoint HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n",
		len(body)), body...), nil
}
