// SPDX-License-Identifier: Apache-2.0

// Package local stores a log in a directory of one machine. It is the default storage.
//
// What is acknowledged is durable in the write-ahead log; bundles and tiles are written behind it:
//
//	Append ──▶ sequencer ── one record, one fdatasync ──▶ wal/0000000000000007
//	              │ answers with the index
//	              ▼
//	          integrator ── files, rename ─────────────▶ edge/0-2, tile/0/001, tile/entries/001
//	              │       ── then one syncfs for all
//	              │       ── then replaced durably ────▶ state
//	              ▼
//	            Tree()
//	Sign ─────────────────── replaced durably ──────────▶ journal
//	Publish ──────────────── replaced durably ──────────▶ checkpoint, kept/…
//	                         second names ─────────────▶ tile/0/002.p/17
//	Lookup ◀──────────────── derived, never synced ─────▶ index/…
//
// The directory keeps the layout of c2sp.org/tlog-tiles below it, for the published size, so that
// other programs can read it.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/sync/errgroup"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

// format is the version of the directory's layout. One that is not known is refused.
const format = "cocket-log/v2"

// Config of a Storage. Only FS is required.
type Config struct {
	FS      FS            // the log's directory, as Dir(path)
	MinFree uint64        // bytes of free space below which nothing is accepted; default 64 MiB
	Reserve uint64        // bytes kept in a file, to finish on a full disk what was accepted; default 16 MiB
	Segment uint64        // bytes after which the write-ahead log goes on in the next file; default 64 MiB
	Retain  uint64        // bytes of write-ahead log kept behind the tree, for repair; default 128 MiB
	KeepAll time.Duration // how long every published checkpoint is kept; default, and least, an hour
	Logger  *slog.Logger  // nil discards
}

func (c Config) withDefaults() Config {
	if c.MinFree == 0 {
		c.MinFree = 64 << 20
	}
	if c.Reserve == 0 {
		c.Reserve = 16 << 20
	}
	if c.Segment == 0 {
		c.Segment = 64 << 20
	}
	if c.Retain == 0 {
		c.Retain = 128 << 20
	}
	c.KeepAll = max(c.KeepAll, time.Hour)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Storage keeps one log. It implements log.Storage.
type Storage struct {
	fs     FS
	config Config
	lock   io.Closer
	origin string
	id     identity
	epoch  uint64

	tree    atomic.Pointer[log.Tree] // integrated; its state is durable
	state   atomic.Pointer[[]byte]   // the file of that name, as written last
	durable atomic.Uint64            // entries that are acknowledged
	index   *index
	tail    tail

	queue    chan *request
	stopping chan struct{} // closed when nothing more is taken
	stopped  chan struct{} // closed when the sequencer has answered everything it took
	spent    atomic.Bool   // the reserve was given up and is not set aside again yet

	wal    *wal    // owned by the sequencer
	edge   *edge   // owned by the integrator: that of tree
	drafts [2]step // likewise: the step that is being made durable, and the next

	journal journal
}

var emptyRoot = [32]byte(rfc6962.DefaultHasher.EmptyRoot())

// Origin returns the origin that the log was created with.
func (s *Storage) Origin() string { return s.origin }

// Run sequences and integrates until ctx ends and everything accepted is integrated.
func (s *Storage) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.sequence(ctx) })
	g.Go(func() error { return s.integrate(ctx) })
	g.Go(func() error {
		return s.index.run(ctx, func(err error) {
			s.config.Logger.Error("index: a run could not be written; it is tried again", "err", err)
		})
	})
	return errors.Join(g.Wait(), s.Close())
}

// Close releases a storage that was opened and never run.
func (s *Storage) Close() error {
	var errs []error
	if s.wal != nil && s.wal.file != nil {
		errs = append(errs, s.wal.file.Close())
	}
	s.journal.close()
	if s.index != nil {
		errs = append(errs, s.index.close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// Tree returns the integrated tree.
func (s *Storage) Tree(context.Context) (log.Tree, error) { return *s.tree.Load(), nil }

// Lookup returns the index of a durable entry.
func (s *Storage) Lookup(ctx context.Context, leaf [32]byte) (uint64, bool, error) {
	return s.find(ctx, &leaf)
}

// find compares the stored leaf hashes of all candidates, whole.
func (s *Storage) find(ctx context.Context, leaf *[32]byte) (uint64, bool, error) {
	var found []uint64
	err := reading(func() (err error) {
		found, err = s.index.candidates(leaf)
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("index: %w", err)
	}
	for _, i := range found {
		if i >= s.durable.Load() {
			continue
		}
		if stored, err := s.leafAt(ctx, i); err != nil || stored == *leaf {
			return i, err == nil, err
		}
	}
	return 0, false, nil
}

// leafAt returns the stored leaf hash of a durable entry.
func (s *Storage) leafAt(ctx context.Context, i uint64) ([32]byte, error) {
	if leaf, ok := s.tail.leaf(i); ok {
		return leaf, nil
	}
	return tile.ReadLeaf(ctx, s, i, s.tree.Load().Size)
}
