// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"cocket.example/benchmarks/internal/peer"
	"cocket.example/log/local"
)

// restart kills a log server under load, and returns the seconds from its next start to its answer.
func (b *bench) restart(ctx context.Context, s *site) (seconds float64, err error) {
	b.say("killing the server under load")
	if err := b.startSite(ctx, s); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	load := webSide{address: s.address, path: "/add-batch", token: s.token, entries: batchEntries}
	var answered atomic.Uint64
	loading, stop := context.WithCancel(ctx)
	defer stop()
	var g errgroup.Group
	for i := range batchConnections {
		g.Go(func() error { return load.connection(ctx, loading, uint64(i), &answered) })
	}
	peer.Pause(loading, full(b, 5*time.Second, time.Second))
	s.log.kill()
	stop()
	_ = g.Wait() // connections break
	if answered.Load() == 0 {
		return 0, errors.New("the server answered nothing before it was killed")
	}
	began := time.Now()
	if err := b.startLog(ctx, s); err != nil {
		return 0, err
	}
	return time.Since(began).Seconds(), nil
}

// measureReplay opens a storage whose whole write-ahead log is still to be replayed: the state is
// put back to what it was when the log was empty, and what was written behind the log is removed.
func measureReplay(ctx context.Context, b *bench) (r results, err error) {
	bytes := full(b, 1<<30, 256<<20)
	err = b.withDir("replay", func(dir string) error {
		log := filepath.Join(dir, "log")
		if err := local.Create(local.Dir(log), origin); err != nil {
			return err
		}
		state, err := os.ReadFile(filepath.Join(log, "state"))
		if err != nil {
			return err
		}
		if err := b.journal(ctx, log, bytes); err != nil {
			return err
		}
		if err := rewind(log, state); err != nil {
			return err
		}
		b.say("replaying")
		result, err := runPeer(ctx, peer.Spec{Role: peer.Open, Dir: log}, nil)
		if err != nil {
			return err
		}
		if want := uint64(bytes / peer.EntrySize); result.Entries < want {
			return fmt.Errorf("%d entries were replayed, want %d", result.Entries, want)
		}
		r.add("restart_wal_s", result.Seconds, map[string]float64{
			"seconds": result.Seconds, "replayed_bytes": float64(result.Entries) * peer.EntrySize,
		})
		return nil
	})
	return r, err
}

// journal fills the write-ahead log of a storage and kills the process.
func (b *bench) journal(ctx context.Context, dir string, bytes int) error {
	p, err := startPeer(ctx, peer.Spec{
		Role: peer.Journal, Dir: dir, Batch: 1024, Producers: 16,
		Entries: uint64(bytes/peer.EntrySize) + 1, Retain: 2 * uint64(bytes),
	})
	if err != nil {
		return err
	}
	for {
		e, err := p.next()
		if err != nil {
			return err
		}
		if e.Result != nil {
			p.kill()
			return nil
		}
	}
}

// rewind makes a log look as if nothing behind its write-ahead log had ever been written. What was written
// is moved aside and not removed: ext4 is slow to make files for minutes after many were removed.
func rewind(dir string, state []byte) error {
	aside := dir + ".before"
	for _, name := range []string{"tile", "edge", "index"} {
		children, err := os.ReadDir(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := os.MkdirAll(filepath.Join(aside, name), 0o755); err != nil {
			return err
		}
		for _, child := range children {
			err := os.Rename(filepath.Join(dir, name, child.Name()), filepath.Join(aside, name, child.Name()))
			if err != nil {
				return err
			}
		}
	}
	defer unix.Sync()
	return os.WriteFile(filepath.Join(dir, "state"), state, 0o644)
}
