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
	"io/fs"
	"log/slog"
	"strings"
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
	FS      FS           // the log's directory, as Dir(path)
	MinFree uint64       // bytes of free space below which nothing is accepted; default 64 MiB
	Reserve uint64       // bytes kept in a file, to finish on a full disk what was accepted; default 16 MiB
	Retain  uint64       // bytes of write-ahead log kept behind the tree, for repair; default 128 MiB
	Logger  *slog.Logger // nil discards
}

func (c Config) withDefaults() Config {
	if c.MinFree == 0 {
		c.MinFree = 64 << 20
	}
	if c.Reserve == 0 {
		c.Reserve = 16 << 20
	}
	if c.Retain == 0 {
		c.Retain = 128 << 20
	}
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

// Open opens the log in a directory, takes its writer's lock and recovers what was acknowledged.
// It starts nothing.
func Open(ctx context.Context, c Config) (*Storage, error) {
	c = c.withDefaults()
	s := &Storage{
		fs: c.FS, config: c, drafts: [2]step{{err: make(chan error, 1)}, {err: make(chan error, 1)}},
		queue: make(chan *request, queueLimit), stopping: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := s.readFormat(); err != nil {
		return nil, err
	}
	var err error
	if s.lock, err = s.fs.Lock("lock"); err != nil {
		return nil, err
	}
	if err := s.recover(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Origin returns the origin that the log was created with.
func (s *Storage) Origin() string { return s.origin }

func (s *Storage) readFormat() error {
	b, err := readFile(s.fs, "format", 1<<10)
	if err != nil {
		return fmt.Errorf("no log here (make one with cocketd init): %w", err)
	}
	lines := strings.Split(string(b), "\n")
	if lines[0] != format {
		return fmt.Errorf("log of format %.40q, this program knows %q: use the program that wrote it", lines[0], format)
	}
	if len(lines) != 4 || !strings.HasPrefix(lines[1], "origin ") || !strings.HasPrefix(lines[2], "log ") {
		return fmt.Errorf("%w: file format", ErrDamaged)
	}
	s.origin = strings.TrimPrefix(lines[1], "origin ")
	return nil
}

// recover reads state, journal and write-ahead log, takes the next epoch, and runs what was
// acknowledged through the normal path.
func (s *Storage) recover(ctx context.Context) error {
	st, err := s.readState()
	if err != nil {
		return err
	}
	s.id, s.epoch = st.id, st.epoch+1
	s.tree.Store(&st.tree)
	s.tail.init()
	s.index = newIndex(s.fs, s.id)
	if err := s.journal.open(s.fs, st); err != nil {
		return err
	}
	if s.edge, err = readEdge(ctx, s, st.tree.Size); err != nil {
		return err
	}
	if s.edge.root() != st.tree.Root {
		return fmt.Errorf("%w: the right edge of the tree does not give the root in state", ErrDamaged)
	}
	if err := s.takeOver(st); err != nil {
		return err
	}
	if err := s.replay(ctx, st); err != nil {
		return err
	}
	if size := s.journal.size; size <= s.tree.Load().Size { // a larger one is for the log to judge
		if err := s.writePartials(ctx, partials(size)); err != nil {
			return err
		}
	}
	return s.fillIndex(ctx)
}

// takeOver makes this the writer: the state gets its epoch. Syncing everything also makes durable
// what a process that was killed had written and not synced.
func (s *Storage) takeOver(st state) error {
	st.epoch = s.epoch
	return s.withReserve(func() error {
		return errors.Join(s.fs.SyncAll(), s.writeState(st))
	})
}

// replay integrates what the write-ahead log holds beyond the tree, in steps as when it runs, and
// begins a new segment.
func (s *Storage) replay(ctx context.Context, st state) error {
	last := time.Now()
	take := func(r record) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.tail.push(append(record(s.tail.buffer(len(r))), r...))
		if size, _, _ := s.tail.waiting(); size < tailLimit {
			return nil
		}
		if time.Since(last) > 2*time.Second {
			s.config.Logger.Info("integrating what the write-ahead log holds", "size", s.tree.Load().Size)
			last = time.Now()
		}
		return s.settle()
	}
	var w *wal
	var cut cut
	err := reading(func() (err error) {
		w, cut, err = recoverWAL(s.fs, st, take)
		return err
	})
	if err = errors.Join(err, cut.keep(s.fs)); err != nil {
		return err
	}
	s.wal, w.id, w.retain = w, s.id, int64(s.config.Retain)
	if cut.name != "" {
		s.config.Logger.Warn("the write-ahead log ended in an unfinished write, kept aside", "file", cut.name)
	}
	if err := s.settle(); err != nil {
		return err
	}
	s.durable.Store(s.wal.next)
	if err := s.withReserve(func() error { return s.wal.roll(nil) }); err != nil {
		return err
	}
	s.trim()
	s.reserve()
	return nil
}

// settle integrates the whole tail.
func (s *Storage) settle() error {
	for len(s.tail.all()) > 0 {
		if err := s.withReserve(s.steps); err != nil {
			return err
		}
	}
	return nil
}

func (s *Storage) readState() (state, error) {
	b, err := readFile(s.fs, "state", 1<<12)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, fmt.Errorf("%w: state (a missing one is never taken for a new log; restore it): %w", ErrDamaged, err)
	}
	if err != nil {
		return state{}, fmt.Errorf("state: %w", err)
	}
	st, err := parseState(b)
	if err != nil {
		return state{}, fmt.Errorf("%w: state: %w", ErrDamaged, err)
	}
	return st, nil
}

func (s *Storage) writeState(st state) error {
	b := st.bytes()
	if err := replaceFile(s.fs, "state", b); err != nil {
		return err
	}
	s.state.Store(&b)
	return nil
}

// owned makes sure that the log has no other writer: the epoch on disk is still this storage's.
func (s *Storage) owned() error {
	b, err := readFile(s.fs, "state", 1<<12)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if string(b) == string(*s.state.Load()) {
		return nil
	}
	st, err := parseState(b)
	if err != nil {
		return fmt.Errorf("%w: state: %w", ErrDamaged, err)
	}
	if st.epoch != s.epoch || st.id != s.id {
		return fmt.Errorf("epoch %d on disk, %d here: %w", st.epoch, s.epoch, log.ErrConflict)
	}
	return nil
}

// fillIndex adds the leaf hashes that no run on disk holds.
func (s *Storage) fillIndex(ctx context.Context) error {
	size := s.tree.Load().Size
	next, err := s.index.open(size)
	for err == nil && next < size {
		var hashes []byte
		at, width := next/tile.Width, tile.WidthAt(0, next/tile.Width, size)
		if hashes, err = s.ReadTile(ctx, 0, at, width); err != nil {
			return err
		}
		for ; err == nil && next < at*tile.Width+uint64(width); next++ {
			err = s.index.add([32]byte(hashes[next%tile.Width*tile.HashSize:]))
		}
		err = errors.Join(err, ctx.Err())
	}
	return err
}

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
	err := reading(func() error {
		found = s.index.candidates(leaf)
		return nil
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
