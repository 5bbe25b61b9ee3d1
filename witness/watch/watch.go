// SPDX-License-Identifier: Apache-2.0

// Package watch reads what is behind the checkpoints that a witness cosigns: the entries, whose hashes
// must give the signed root. Consistency alone says that a log has forgotten nothing that it never
// showed; with this it has shown it.
//
//	witness ── cosigned ──▶ queue ──▶ follower ── bundles ──▶ the log's URL
//	   ▲                                 │ hashes, compares the root at every cosigned size
//	   └──────────── Gate ◀── late? wrong? ──▶ state, evidence, mirror
//
// A follower for each log, in Run: what one log does keeps no other one waiting.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"cocket.example/receipt"
	"cocket.example/witness"
)

// Config of a Watcher. State and Dir are needed; the zero value of every other field means its default.
type Config struct {
	State *witness.State // says what was cosigned before, and keeps evidence
	Dir   string         // holds one small file for each log; made if it is not there
	// Lag is for how long the entries of a cosigned checkpoint may be out of reach until nothing larger
	// is cosigned. Default 1 h.
	Lag time.Duration
	// Timeout bounds one request to a log. Default 30 s.
	Timeout time.Duration
	// Pause is how long to wait after a first failure; it doubles up to MaxPause. Default 1 s, 5 min.
	Pause, MaxPause time.Duration
	// MinFree is how many bytes a mirror leaves free on its file system. Default 1 GiB.
	MinFree uint64

	Transport  http.RoundTripper     // to all logs; nil: one for each
	Peers      bool                  // the witness has peers, which may not have yet what is in State
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil: not registered
}

func (c Config) withDefaults() Config {
	if c.Lag == 0 {
		c.Lag = time.Hour
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Pause == 0 {
		c.Pause = time.Second
	}
	if c.MaxPause == 0 {
		c.MaxPause = 5 * time.Minute
	}
	if c.MinFree == 0 {
		c.MinFree = 1 << 30
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Log is a log that is watched. Its URL is needed.
type Log struct {
	witness.Log
	// Mirror is the directory of a copy of what is read, in the layout of c2sp.org/tlog-tiles, so that
	// any web server can serve it; empty: none is kept.
	Mirror string
}

func (l Log) equal(other Log) bool {
	return l.URL == other.URL && l.Mirror == other.Mirror && slices.Equal(l.Keys, other.Keys)
}

// Watcher watches logs. It is the Watcher of a witness, and safe for concurrent use.
type Watcher struct {
	config  Config
	changed chan struct{} // holds an element once followers are to be started

	mu        sync.Mutex // held for the whole of SetLogs and of starting; never by Gate and Cosigned
	look      sync.RWMutex
	followers map[string]*follower // by origin; guarded by look, changed with mu held
}

var _ witness.Watcher = (*Watcher)(nil)

// New opens the state of each log, and its mirror. It starts nothing.
func New(c Config, logs []Log) (*Watcher, error) {
	c = c.withDefaults()
	if c.State == nil || c.Dir == "" {
		return nil, errors.New("watching without a state or a directory")
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	w := &Watcher{config: c, changed: make(chan struct{}, 1), followers: make(map[string]*follower)}
	if err := w.SetLogs(logs); err != nil {
		return nil, err
	}
	if c.Registerer != nil {
		return w, c.Registerer.Register(collector{w})
	}
	return w, nil
}

// ErrNotOpened means that the logs were replaced, and that the state or the mirror of some could not be
// opened: nothing larger is cosigned for these.
var ErrNotOpened = errors.New("some logs cannot be watched")

// SetLogs replaces the logs that are watched. A log that stays as it was is not disturbed. If the
// configuration is refused, nothing changes, unless the error wraps ErrNotOpened.
func (w *Watcher) SetLogs(logs []Log) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	next, err := w.plan(logs)
	if err != nil {
		return err
	}
	for origin, f := range w.followers {
		if next[origin] != f {
			f.halt()
		}
	}
	var faults []error
	for _, f := range next {
		if w.followers[f.log.Origin()] != f {
			faults = append(faults, f.open(context.Background()))
		}
	}
	old := w.followers
	w.look.Lock()
	w.followers = next
	w.look.Unlock()
	for origin, f := range next {
		if old[origin] != f && f.fault == nil { // what was cosigned since it was opened, nobody has told it
			faults = append(faults, f.queueLatest())
		}
	}
	select {
	case w.changed <- struct{}{}:
	default:
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("%w: %w", ErrNotOpened, err)
	}
	return nil
}

// plan keeps the followers of logs that have not changed, and makes others.
func (w *Watcher) plan(logs []Log) (map[string]*follower, error) {
	next := make(map[string]*follower)
	mirrors := make(map[string]bool)
	for _, l := range logs {
		f, err := newFollower(w.config, l)
		if err != nil {
			return nil, err
		}
		if old := w.followers[l.Origin()]; old != nil && old.log.equal(l) && old.fault == nil {
			f = old
		}
		if next[l.Origin()] != nil || l.Mirror != "" && mirrors[l.Mirror] {
			return nil, fmt.Errorf("watching %s: the log or its mirror is given twice", l.Origin())
		}
		next[l.Origin()], mirrors[l.Mirror] = f, true
	}
	return next, nil
}

// halt stops a follower for good and waits until it has. Its caller holds Watcher.mu.
func (f *follower) halt() {
	if f.quit != nil {
		f.quit()
		<-f.done
	}
}

// Run reads until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	var group errgroup.Group
	for {
		w.start(ctx, &group)
		select {
		case <-ctx.Done():
			return group.Wait()
		case <-w.changed:
		}
	}
}

// start runs the followers that do not run yet.
func (w *Watcher) start(ctx context.Context, group *errgroup.Group) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.all() {
		if f.quit != nil || f.fault != nil {
			continue
		}
		own, quit := context.WithCancel(ctx)
		f.quit, f.done = quit, make(chan struct{})
		group.Go(func() error {
			defer close(f.done)
			defer quit()
			f.run(own)
			return nil
		})
	}
}

// all returns the followers by origin.
func (w *Watcher) all() (all []*follower) {
	w.look.RLock()
	defer w.look.RUnlock()
	for _, origin := range slices.Sorted(maps.Keys(w.followers)) {
		all = append(all, w.followers[origin])
	}
	return all
}

func (w *Watcher) follower(origin string) *follower {
	w.look.RLock()
	defer w.look.RUnlock()
	return w.followers[origin]
}

// Gate returns why nothing larger is cosigned for the origin, or nil.
func (w *Watcher) Gate(origin string) error {
	f := w.follower(origin)
	if f == nil {
		return nil
	}
	err := f.gate(time.Now())
	if err != nil {
		f.refused.Add(1)
	}
	return err
}

// Cosigned queues a checkpoint whose entries are to be read, if its log is watched.
func (w *Watcher) Cosigned(c receipt.Checkpoint, note []byte) {
	if f := w.follower(c.Origin); f != nil {
		f.cosigned(signed{c, note, time.Now()})
	}
}

// Health returns for which logs nothing larger is cosigned, and why, or nil.
func (w *Watcher) Health() error {
	var all []error
	for _, f := range w.all() {
		if err := f.gate(time.Now()); err != nil {
			all = append(all, fmt.Errorf("%s: %w", f.log.Origin(), err))
		}
	}
	return errors.Join(all...)
}
