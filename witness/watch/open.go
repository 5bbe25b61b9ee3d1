// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"

	"cocket.example/internal/fetch"
)

// newFollower checks what is configured of a log. It opens nothing.
func newFollower(c Config, l Log) (*follower, error) {
	if len(l.Keys) == 0 {
		return nil, errors.New("log without a key")
	}
	client, err := fetch.New(fetch.Config{
		URL: l.URL, Transport: c.Transport, Attempts: 3, Timeout: c.Timeout, Logger: c.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", l.Origin(), err)
	}
	return &follower{
		config: c, log: l, path: statePath(c.Dir, l.Origin()), client: client,
		logger: c.Logger.With("origin", l.Origin()),
		wake:   make(chan struct{}, 1), memory: semaphore.NewWeighted(fetch.MaxBundle),
	}, nil
}

// open reads the state and the mirror, and queues what was cosigned and is not proven. Where the log
// cannot be watched, the error stays, and nothing larger is cosigned for it.
func (f *follower) open(ctx context.Context) error {
	err := f.load(ctx)
	if err != nil {
		err = fmt.Errorf("watching %s: %w", f.log.Origin(), err)
	}
	f.fault = err
	return err
}

func (f *follower) load(ctx context.Context) error {
	s, found, err := readState(f.path, f.log.Origin())
	if err != nil {
		return err
	}
	if f.log.Mirror != "" {
		if err := f.openMirror(ctx, &s); err != nil {
			return err
		}
	}
	f.proven, f.read, f.refuted = s.Proven, s.Read, s.Refuted
	first, waits, err := s.first()
	if err != nil {
		return fmt.Errorf("%s: damaged: %w", f.path, err)
	}
	if waits {
		f.queue = f.queue.with(first)
		if s.Refuted {
			f.wrong = proofs
		}
	}
	f.begins = !found
	if err := f.queueLatest(); err != nil {
		return err
	}
	if n := len(f.queue); n == 0 || f.read.Size > f.queue[n-1].checkpoint.Size {
		f.read = f.proven.Tree.clone()
	}
	return f.save()
}

// queueLatest queues what the witness cosigned last. It has waited since then, but for a log that was
// not watched before, since now. With peers the witness says it, once they have it.
func (f *follower) queueLatest() error {
	if f.config.Peers {
		return nil
	}
	c, at, note, err := f.config.State.Latest(f.log.Origin())
	if err != nil || note == nil {
		return err
	}
	if now := time.Now(); at.After(now) || f.begins {
		at = now
	}
	f.cosigned(signed{c, note, at})
	return nil
}

// openMirror lets the mirror say what is proven: what it does not hold is read again.
func (f *follower) openMirror(ctx context.Context, s *state) error {
	m, fresh, err := openMirror(f.log.Mirror, f.log.Log)
	if err != nil {
		return err
	}
	p, err := m.proven(ctx, f.log.Log)
	if err != nil {
		return err
	}
	older := m.size < s.Mirrored // an older copy, which need not hold what was read since
	if fresh || older || p.Tree.Size > s.Read.Size || !m.holds(s.Read) {
		s.Read = p.Tree.clone()
	}
	last := s.Mirrored
	s.Proven, s.Mirrored = p, m.size
	if s.Waiting != nil && p.Size > 0 {
		if first, ok, err := s.first(); err == nil && ok && first.checkpoint.Size <= p.Size {
			s.Waiting, s.Refuted = nil, false
		}
	}
	m.minFree = f.config.MinFree
	f.mirror = m
	if !fresh {
		return m.collect(min(last, m.size))
	}
	f.proven, f.read = s.Proven, s.Read
	return errors.Join(f.save(), m.begin(f.log.Log)) // in this order: a state never speaks of files that are gone
}
