// SPDX-License-Identifier: Apache-2.0

// Package log runs a transparency log over a storage: it appends, checks, journals, signs,
// publishes and proves. Sequencing, deduplication and memory belong to the storage; judging,
// signing and publishing happen here, once, for every storage.
package log

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sync/errgroup"

	"cocket.example/receipt"
)

// Config of a Log. The zero value of every optional field means its default.
type Config struct {
	Origin     string
	Signers    []note.Signer // the log's keys, from receipt.NewLogSigner, named like the origin (CP-8); each signs
	Storage    Storage
	Policy     receipt.Policy        // what a published checkpoint must satisfy: this log's key, its witnesses, the quorum
	Cosigner   Cosigner              // nil only where the policy's quorum is none
	Interval   time.Duration         // between checkpoints when there is something new; default 200 ms
	Heartbeat  time.Duration         // after which the same tree is signed again; default 10 min
	Timeout    time.Duration         // how long one publication waits for the quorum; default 5 s
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil: metrics are kept and not registered
}

func (c Config) withDefaults() Config {
	if c.Interval == 0 {
		c.Interval = 200 * time.Millisecond
	}
	if c.Heartbeat == 0 {
		c.Heartbeat = 10 * time.Minute
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Cosigner gathers the cosignatures of witnesses.
type Cosigner interface {
	// Run owns every goroutine; it returns when ctx ends.
	Run(ctx context.Context) error

	// Confirm sends the checkpoint signed last again and returns once the witnesses that were
	// not heard from could not satisfy the quorum alone. An error that wraps ErrAhead means
	// that one of them showed a checkpoint with the log's own signature that is larger than
	// this one or contradicts it.
	Confirm(ctx context.Context, signed []byte) error

	// Cosign offers a signed checkpoint to every witness and returns it with valid
	// cosignatures once they satisfy the quorum.
	Cosign(ctx context.Context, signed []byte) ([]byte, error)

	// Cosigned returns the checkpoint offered last with every valid cosignature so far.
	Cosigned() []byte

	// Err returns an error that wraps ErrAhead once a witness has shown a checkpoint with the
	// log's own signature that is larger than what was offered or contradicts it.
	Err() error
}

// ErrAhead means that a checkpoint with the log's own signature exists that its storage does not
// know: the storage was restored from an older copy, or the key is used elsewhere.
var ErrAhead = errors.New("a checkpoint with this log's signature is ahead of its storage")

// errStop ends signing for good; reads go on.
var errStop = errors.New("the log is read-only from now on")

// Log is a transparency log.
type Log struct {
	config  Config
	metrics *metrics

	appends sync.WaitGroup // appends under way
	refuse  atomic.Pointer[error]
	signed  atomic.Uint64 // the largest size that was journalled and signed: what may be read
	held    atomic.Uint64 // the size of the smallest tree with all acknowledged entries

	mu        sync.Mutex // holds what follows
	published []byte
	size      uint64        // of the published tree
	changed   chan struct{} // closed and replaced at every publication
	closing   bool

	// owned by the publishing goroutine
	head     Head      // journalled last
	beat     time.Time // when head was signed, by a clock that nobody sets back
	note     []byte    // head, signed
	gathered []byte    // note with a quorum of cosignatures; nil: not yet
	complete bool      // gathered is published
	complain complaint
}

// New checks the configuration. It starts nothing.
func New(c Config) (*Log, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	return &Log{config: c, metrics: newMetrics(c.Registerer), changed: make(chan struct{})}, nil
}

func (c Config) check() error {
	if c.Storage == nil {
		return errors.New("a log needs a storage")
	}
	if len(c.Signers) == 0 {
		return errors.New("a log needs a key to sign with")
	}
	for i, s := range c.Signers {
		if s.Name() != c.Origin {
			return fmt.Errorf("key %q, want one named like the origin %q (CP-8)", s.Name(), c.Origin)
		}
		same := func(other note.Signer) bool { return other.KeyHash() == s.KeyHash() }
		if slices.ContainsFunc(c.Signers[:i], same) {
			return fmt.Errorf("key %s+%08x is given twice (SN-12)", s.Name(), s.KeyHash())
		}
	}
	if !slices.ContainsFunc(c.Policy.Logs, c.signs) {
		return fmt.Errorf("the policy names no key that this log signs with, so nothing could satisfy it")
	}
	if c.Cosigner == nil && c.Policy.Quorum != "none" {
		return fmt.Errorf("quorum %q and nobody to ask for cosignatures", c.Policy.Quorum)
	}
	if c.Interval < 0 || c.Heartbeat < 0 || c.Timeout < 0 {
		return fmt.Errorf("interval %s, heartbeat %s, timeout %s, want none below zero",
			c.Interval, c.Heartbeat, c.Timeout)
	}
	return nil
}

// signs reports whether a log of the policy is this one.
func (c Config) signs(l receipt.Log) bool {
	return slices.ContainsFunc(c.Signers, func(s note.Signer) bool {
		return l.Key.Name == s.Name() && l.Key.ID == s.KeyHash()
	})
}

// mayGrow refuses keys that are not good, by the log's own policy, for the tree signed last and the
// next one: nobody would believe what they sign.
func (c Config) mayGrow(size uint64) error {
	if err := c.maySign(size); err != nil {
		return err
	}
	return c.maySign(size + 1)
}

// maySign refuses keys that the log's own policy bounds to other sizes or an earlier time.
func (c Config) maySign(size uint64) error {
	for _, l := range c.Policy.Logs {
		if !c.signs(l) {
			continue
		}
		if err := l.Period.Check(size, now()); err != nil {
			return fmt.Errorf("key %s+%08x is %w: sign with the key that follows it, or change the policy",
				l.Key.Name, l.Key.ID, err)
		}
	}
	return nil
}

// Create journals the head of the empty tree in a storage that never signed one, so that there is
// always a head that can be signed again. A Log does not run without.
func Create(ctx context.Context, s Storage) error {
	head, err := s.Signed(ctx)
	if err != nil {
		return err
	}
	if !head.Time.IsZero() {
		return errors.New("this log has signed already")
	}
	tree, err := s.Tree(ctx)
	if err != nil {
		return err
	}
	if tree.Size != 0 {
		return fmt.Errorf("the storage holds %d entries, want none", tree.Size)
	}
	return s.Sign(ctx, head, Head{Tree: tree, Time: now()})
}

// now is the time of a head: whole seconds.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// Run runs storage, cosigner and publication. When ctx ends it takes no more entries, publishes
// what was accepted, as far as the witnesses allow within Timeout, and returns.
func (l *Log) Run(ctx context.Context) error {
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, inner := errgroup.WithContext(inner)
	g.Go(func() error { return l.config.Storage.Run(inner) })
	if l.config.Cosigner != nil {
		g.Go(func() error { return l.config.Cosigner.Run(inner) })
	}
	defer context.AfterFunc(ctx, l.refuseNew)()
	g.Go(func() error {
		defer stop()
		return l.publishing(ctx, inner)
	})
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Origin returns the log's name.
func (l *Log) Origin() string { return l.config.Origin }

// Append makes a batch durable; see Storage.Append.
func (l *Log) Append(ctx context.Context, batch []Entry, index []uint64) error {
	l.mu.Lock()
	closing := l.closing
	if !closing {
		l.appends.Add(1)
	}
	l.mu.Unlock()
	if closing {
		return fmt.Errorf("stopping: %w", ErrPushback)
	}
	defer l.appends.Done()
	if why := l.refuse.Load(); why != nil {
		return fmt.Errorf("%w: %w", ErrPushback, errStop)
	}
	err := l.config.Storage.Append(ctx, batch, index)
	if err == nil {
		l.acknowledged(index)
	} else if errors.Is(err, ErrPushback) {
		l.metrics.pushback.Inc()
	}
	return err
}

// acknowledged counts what a stop must not leave unpublished.
func (l *Log) acknowledged(index []uint64) {
	l.metrics.appended.Add(float64(len(index)))
	if len(index) == 0 {
		return
	}
	size := slices.Max(index) + 1
	for held := l.held.Load(); size > held && !l.held.CompareAndSwap(held, size); {
		held = l.held.Load()
	}
}

// refuseNew takes no more entries.
func (l *Log) refuseNew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing = true
}
