// SPDX-License-Identifier: Apache-2.0

// Package local stores a log in a directory of one machine. It is the default storage.
//
// What is acknowledged is durable in the write-ahead log; bundles and tiles are written behind it:
//
//	Append ──▶ sequencer ── one record, one fdatasync ──▶ wal/0000000000000007
//	              │ answers with the index
//	              ▼
//	          integrator ── files, fdatasync, rename ──▶ edge/0-2, tile/0/001, tile/entries/001
//	              │       ── then fsync of directories
//	              │       ── then replaced durably ────▶ state
//	              ▼
//	            Tree()
//	Sign ─────────────────── replaced durably ──────────▶ journal
//	Publish ──────────────── replaced durably ──────────▶ checkpoint, kept/…, tile/0/002.p/17
//
// The directory keeps the layout of c2sp.org/tlog-tiles below it, for the published size, so that
// other programs can read it.
package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/sync/errgroup"

	"cocket.example/internal/strict"
	"cocket.example/internal/tile"
	"cocket.example/log"
)

// format is the version of the directory's layout. One that is not known is refused.
const format = "cocket-log/v1"

// Config of a Storage. Only FS is required.
type Config struct {
	FS      FS           // the log's directory, as Dir(path)
	MinFree uint64       // bytes of free space below which nothing is accepted; default 64 MiB
	Reserve uint64       // bytes kept in a file, to finish on a full disk what was accepted; default 16 MiB
	Logger  *slog.Logger // nil discards
}

func (c Config) withDefaults() Config {
	if c.MinFree == 0 {
		c.MinFree = 64 << 20
	}
	if c.Reserve == 0 {
		c.Reserve = 16 << 20
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

	tree  atomic.Pointer[log.Tree] // integrated; its state is durable
	index *index
	tail  tail

	queue    chan *request
	stopping chan struct{} // closed when nothing more is taken
	stopped  chan struct{} // closed when the sequencer has answered everything it took
	spent    atomic.Bool   // the reserve was given up and is not set aside again yet

	wal  *wal  // owned by the sequencer
	edge *edge // owned by the integrator

	journal journal
}

// Create makes a new, empty log in an empty or missing directory. Its last step writes the file
// "format": a directory without it is not a log, and creating one can be tried again.
func Create(fsys FS, origin string) error {
	if err := strict.Name(origin); err != nil {
		return fmt.Errorf("origin: %w", err)
	}
	if err := errors.Join(fsys.MkdirAll("."), fsys.SyncDir("..")); err != nil {
		return err
	}
	lock, err := fsys.Lock("lock")
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := vacant(fsys); err != nil {
		return err
	}
	for _, dir := range []string{"wal", "edge", "kept", "tile"} {
		if err := fsys.MkdirAll(dir); err != nil {
			return err
		}
	}
	return createFiles(fsys, origin)
}

// vacant makes sure that no log is here, whole or with its file "format" lost. A creation that
// was cut short does not count: its state says that nobody has opened it.
func vacant(fsys FS) error {
	for _, name := range []string{"format", "checkpoint"} {
		_, err := readFile(fsys, name, checkpointLimit)
		if err == nil {
			err = fmt.Errorf("%s: %w", name, fs.ErrExist)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is a log already, which is never written over: %w", err)
		}
	}
	b, err := readFile(fsys, "state", 1<<12)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if st, err := parseState(b); err != nil || st.epoch > 0 {
		return fmt.Errorf("there is a log already, only its file format is missing; restore that: %w", fs.ErrExist)
	}
	return nil
}

func createFiles(fsys FS, origin string) error {
	st := state{tree: log.Tree{Root: [32]byte(rfc6962.DefaultHasher.EmptyRoot())}}
	rand.Read(st.id[:])
	w := &wal{fs: fsys, segment: segment{id: st.id}}
	if err := w.roll(nil); err != nil {
		return err
	}
	if err := w.file.Close(); err != nil {
		return err
	}
	journal := signed{id: st.id}
	journal.head.Root = st.tree.Root
	for _, file := range []struct {
		name  string
		bytes []byte
	}{
		{"state", st.bytes()},
		{"journal", journal.bytes()},
		{"format", []byte(format + "\norigin " + origin + "\nlog " + st.id.String() + "\n")},
	} {
		if err := replaceFile(fsys, file.name, file.bytes); err != nil {
			return err
		}
	}
	return nil
}

// Open opens the log in a directory, takes its writer's lock and recovers what was acknowledged.
// It starts nothing.
func Open(ctx context.Context, c Config) (*Storage, error) {
	c = c.withDefaults()
	s := &Storage{
		fs: c.FS, config: c, index: newIndex(),
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
	s.tail.init(st.tree.Size)
	if err := s.journal.open(s.fs, st); err != nil {
		return err
	}
	var replayed *replay
	if s.wal, replayed, err = recoverWAL(s.fs, st); err != nil {
		return err
	}
	if replayed.cut != "" {
		s.config.Logger.Warn("the write-ahead log ended in an unfinished write, kept aside", "file", replayed.cut)
	}
	if s.edge, err = readEdge(ctx, s, st.tree.Size); err != nil {
		return err
	}
	if s.edge.root() != st.tree.Root {
		return fmt.Errorf("%w: the right edge of the tree does not give the root in state", ErrDamaged)
	}
	if err := s.takeOver(st, replayed.entries); err != nil {
		return err
	}
	return s.fillIndex(ctx, st.tree.Size, replayed.entries)
}

// takeOver makes this the writer: the state gets its epoch, and what is acknowledged and not yet
// integrated gets a new segment. Syncing the directory also makes durable what a process that was
// killed had replaced and not synced, such as the journal.
func (s *Storage) takeOver(st state, entries []log.Entry) error {
	st.epoch = s.epoch
	err := s.withReserve(func() error { return replaceFile(s.fs, "state", st.bytes()) })
	if err != nil {
		return err
	}
	if err := s.withReserve(func() error { return s.wal.roll(entries) }); err != nil {
		return err
	}
	s.tail.push(entries)
	s.trim()
	s.reserve()
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

// owned makes sure that the log has no other writer: the epoch on disk is still this storage's.
func (s *Storage) owned() error {
	st, err := s.readState()
	if err != nil {
		return err
	}
	if st.epoch != s.epoch || st.id != s.id {
		return fmt.Errorf("epoch %d on disk, %d here: %w", st.epoch, s.epoch, log.ErrConflict)
	}
	return nil
}

// fillIndex reads every leaf hash.
func (s *Storage) fillIndex(ctx context.Context, size uint64, entries []log.Entry) error {
	for i := uint64(0); i < size; i += tile.Width {
		width := tile.WidthAt(0, i/tile.Width, size)
		hashes, err := s.ReadTile(ctx, 0, i/tile.Width, width)
		if err != nil {
			return err
		}
		for j := range width {
			s.index.add([32]byte(hashes[j*tile.HashSize:]), i+uint64(j))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	for j, e := range entries {
		s.index.add(e.Leaf, size+uint64(j))
	}
	return nil
}

// Run sequences and integrates until ctx ends and everything accepted is integrated.
func (s *Storage) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.sequence(ctx) })
	g.Go(func() error { return s.integrate(ctx) })
	return errors.Join(g.Wait(), s.Close())
}

// Close releases a storage that was opened and never run.
func (s *Storage) Close() error {
	var err error
	if s.wal != nil && s.wal.file != nil {
		err = s.wal.file.Close()
	}
	s.journal.close()
	return errors.Join(err, s.lock.Close())
}

// Tree returns the integrated tree.
func (s *Storage) Tree(context.Context) (log.Tree, error) { return *s.tree.Load(), nil }

// Lookup returns the index of a durable entry.
func (s *Storage) Lookup(ctx context.Context, leaf [32]byte) (uint64, bool, error) {
	return s.index.find(leaf, func(i uint64) ([32]byte, error) { return s.leafAt(ctx, i) })
}

// leafAt returns the stored leaf hash of a durable entry.
func (s *Storage) leafAt(ctx context.Context, i uint64) ([32]byte, error) {
	if leaf, ok := s.tail.leaf(i); ok {
		return leaf, nil
	}
	return tile.ReadLeaf(ctx, s, i, s.tree.Load().Size)
}
