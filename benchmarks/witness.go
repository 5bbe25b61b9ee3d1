// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"cocket.example/benchmarks/internal/peer"
	"cocket.example/internal/peerbuild"
	"cocket.example/receipt"
)

// witnessLoad is what the witnesses get to do, all the same requests.
type witnessLoad struct {
	name        string // of its figures
	logs        int
	connections int
	steps       int // by which each log grows in a turn
	refreshes   int // or how often each connection asks for the same checkpoint again
}

// witnessLoads in the order in which they run: what one log sees, whose every checkpoint waits for the one
// before; one whose checkpoint is asked for by many; and many logs, each growing step by step.
func witnessLoads(b *bench) []witnessLoad {
	return []witnessLoad{
		{name: "witness_alone", logs: 1, connections: 1, steps: full(b, 4000, 600)},
		{name: "witness_refresh", logs: 1, connections: 64, steps: 1, refreshes: full(b, 40, 15)},
		{name: "witness_1000", logs: 1000, connections: 64, steps: full(b, 6, 2)},
	}
}

// witnessSide is a witness in a process of its own.
type witnessSide struct {
	name, address string
	stop          func() error
	rates         []float64
}

// measureWitness compares witnesses, whose states lie side by side on the disk.
func measureWitness(ctx context.Context, b *bench) (r results, err error) {
	for _, load := range witnessLoads(b) {
		lite, omni := load.name+"_vs_litewitness", load.name+"_vs_omniwitness"
		if !b.wants(lite, omni) {
			continue
		}
		rates, err := b.measureWitnessLoad(ctx, load)
		if err != nil {
			return r, fmt.Errorf("%s: %w", load.name, err)
		}
		for _, other := range []string{"litewitness", "omniwitness"} {
			r.add(load.name+"_vs_"+other, ratio(rates["cocket"], rates[other]),
				map[string]float64{"cocket": rates["cocket"], other: rates[other]})
		}
	}
	return r, nil
}

// measureWitnessLoad lets the witnesses take turns, and returns the median rate of each, in requests/s.
func (b *bench) measureWitnessLoad(ctx context.Context, load witnessLoad) (rates map[string]float64, err error) {
	rounds := full(b, 5, 3)
	logs, vkeys, err := newLogs(load, rounds)
	if err != nil {
		return nil, err
	}
	sides, err := b.startWitnesses(ctx, vkeys)
	defer func() {
		for _, s := range sides {
			err = errors.Join(err, s.stop())
		}
	}()
	if err != nil {
		return nil, err
	}
	for round := range rounds + 1 { // the first, in which each log comes to its first size, does not count
		for _, s := range sides {
			if err := b.takeTurn(ctx, load, s, turnOf(logs, load, round)); err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	rates = make(map[string]float64)
	for _, s := range sides {
		rates[s.name] = median(s.rates[1:])
	}
	return rates, nil
}

// newLogs makes the logs' keys and all that they will ever ask for.
func newLogs(load witnessLoad, rounds int) (requests [][][]byte, vkeys []string, err error) {
	n := 1 + load.steps*rounds
	if load.refreshes > 0 {
		n = 1
	}
	tree, err := newSteps(n)
	if err != nil {
		return nil, nil, err
	}
	for i := range load.logs {
		skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, fmt.Sprintf("log.example/%d", i))
		if err != nil {
			return nil, nil, err
		}
		log, err := receipt.NewSigner(skey)
		if err != nil {
			return nil, nil, err
		}
		all, err := tree.requests(log)
		if err != nil {
			return nil, nil, err
		}
		requests, vkeys = append(requests, all), append(vkeys, vkey)
	}
	return requests, vkeys, nil
}

// turnOf returns what each connection sends in a round, one after the other: the next steps of its logs in
// turn, or the same again and again.
func turnOf(logs [][][]byte, load witnessLoad, round int) [][][]byte {
	turn := make([][][]byte, load.connections)
	from, to := 1+(round-1)*load.steps, 1+round*load.steps
	if round == 0 {
		from, to = 0, 1
	}
	if load.refreshes > 0 && round > 0 {
		for c := range turn {
			for range load.refreshes {
				turn[c] = append(turn[c], logs[0][1])
			}
		}
		return turn
	}
	for step := from; step < to; step++ {
		for i, log := range logs {
			turn[i%load.connections] = append(turn[i%load.connections], log[step])
		}
	}
	return turn
}

// takeTurn sends what each connection has to send, from all at once.
func (b *bench) takeTurn(ctx context.Context, load witnessLoad, s *witnessSide, turn [][][]byte) error {
	g, ctx := errgroup.WithContext(ctx)
	n, began := 0, time.Now()
	for _, requests := range turn {
		n += len(requests)
		if len(requests) > 0 {
			g.Go(func() error { return sendAll(ctx, s.address, requests) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	rate := float64(n) / time.Since(began).Seconds()
	s.rates = append(s.rates, rate)
	b.say("%-16s %-12s %9.0f requests/s", load.name, s.name, rate)
	return nil
}

// sendAll sends one request after the other. What is pushed back is sent again.
func sendAll(ctx context.Context, address string, requests [][]byte) error {
	w, err := dial(ctx, address)
	if err != nil {
		return err
	}
	defer w.conn.Close()
	defer context.AfterFunc(ctx, func() { w.conn.Close() })()
	for _, r := range requests {
		answer, err := w.send(r)
		for pushedBack(err) && ctx.Err() == nil {
			peer.Pause(ctx, time.Millisecond)
			answer, err = w.send(r)
		}
		if err != nil {
			return err
		}
		if _, err := receipt.ParseSignatures(answer); err != nil {
			return fmt.Errorf("the answer is no cosignature: %w", err)
		}
	}
	return nil
}

// startWitnesses starts one of each. What it returns is to be stopped even if there was an error.
func (b *bench) startWitnesses(ctx context.Context, vkeys []string) (sides []*witnessSide, err error) {
	ours, err := b.startOurs(ctx, vkeys)
	if err != nil {
		return nil, err
	}
	sides = append(sides, ours)
	for _, other := range []struct {
		name  string
		start func(context.Context, peerbuild.Config) (*peerbuild.Peer, error)
	}{{"litewitness", peerbuild.StartLitewitness}, {"omniwitness", peerbuild.StartOmniwitness}} {
		dir, err := b.newDir(other.name)
		if err != nil {
			return sides, err
		}
		p, err := other.start(ctx, peerbuild.Config{Dir: dir, Name: "witness.example/" + other.name, Logs: vkeys})
		if err != nil {
			return sides, fmt.Errorf("%s: %w", other.name, err)
		}
		at, err := url.Parse(p.URL)
		if err != nil {
			return sides, errors.Join(err, p.Close())
		}
		sides = append(sides, &witnessSide{name: other.name, address: at.Host, stop: p.Close})
	}
	return sides, nil
}

// startOurs starts this project's witness and waits until it answers.
func (b *bench) startOurs(ctx context.Context, vkeys []string) (*witnessSide, error) {
	dir, err := b.newDir("cocket-witness")
	if err != nil {
		return nil, err
	}
	addresses, err := freeAddresses(1)
	if err != nil {
		return nil, err
	}
	s := &site{dir: dir}
	if err := s.newWitness("w", addresses[0]); err != nil {
		return nil, err
	}
	config := fmt.Sprintf("listen: %s\ndir: w\nkeys: [w.key]\nlogs:\n", addresses[0])
	for _, vkey := range vkeys {
		config += "  - vkey: " + vkey + "\n"
	}
	path := filepath.Join(dir, "w.yaml")
	if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
		return nil, err
	}
	if err := b.initialise(ctx, "cocket-witness", path); err != nil {
		return nil, err
	}
	p, err := b.startServer(ctx, "cocket-witness", path)
	if err != nil {
		return nil, err
	}
	return &witnessSide{name: "cocket", address: addresses[0], stop: p.stop}, awaitServer(ctx, p, addresses[0])
}

// awaitServer waits until a process listens.
func awaitServer(ctx context.Context, p *process, address string) error {
	for {
		w, err := dial(ctx, address)
		if err == nil {
			return w.conn.Close()
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-p.ended:
			return fmt.Errorf("the witness: %w", errors.Join(p.wait(), errors.New("ended early")))
		case <-ctx.Done():
			return errors.Join(ctx.Err(), p.stop())
		}
	}
}
