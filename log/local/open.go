// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"cocket.example/internal/strict"
	"cocket.example/internal/tile"
	"cocket.example/log"
)

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

func (s *Storage) readFormat() error {
	b, err := readFile(s.fs, "format", 1<<10)
	if err != nil {
		return fmt.Errorf("no log here (make one with cocketd init): %w", err)
	}
	s.origin, s.id, err = parseFormat(b)
	return err
}

// formatFile is the file format, which says what the directory is and whose.
func formatFile(origin string, id identity) []byte {
	return []byte(format + "\norigin " + origin + "\nlog " + id.String() + "\n")
}

func parseFormat(b []byte) (origin string, id identity, err error) {
	var lines [3]string
	for i, rest := 0, b; i < len(lines) && err == nil; i++ {
		lines[i], rest, err = strict.Line(rest)
	}
	if lines[0] != format {
		return "", id, fmt.Errorf("log of format %.40q, this program knows %q: use the program that wrote it",
			lines[0], format)
	}
	raw, hexErr := strict.Hex(strings.TrimPrefix(lines[2], "log "), len(id))
	if err = errors.Join(err, hexErr); err == nil {
		origin, id = strings.TrimPrefix(lines[1], "origin "), identity(raw)
		err = strict.Name(origin)
	}
	if err == nil && !bytes.Equal(formatFile(origin, id), b) {
		err = errors.New("not in the form in which it was written")
	}
	if err != nil {
		return "", id, fmt.Errorf("%w: file format: %w", ErrDamaged, err)
	}
	return origin, id, nil
}

// recover reads state, journal and write-ahead log, takes the next epoch, and runs what was
// acknowledged through the normal path.
func (s *Storage) recover(ctx context.Context) error {
	st, err := s.readState()
	if err != nil {
		return err
	}
	if s.id != st.id {
		return fmt.Errorf("%w: the files format and state belong to different logs", ErrDamaged)
	}
	s.epoch = st.epoch + 1
	s.tree.Store(&st.tree)
	s.tail.init()
	s.index = newIndex(s.fs, s.id)
	if err := s.journal.open(s.fs, st, s.config.KeepAll); err != nil {
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

// replay integrates what the write-ahead log holds beyond the tree, in steps as when it runs and beside
// reading it, and begins a new segment.
func (s *Storage) replay(ctx context.Context, st state) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	integrated := make(chan error, 1)
	go func() {
		err := s.catchUp(ctx)
		fail(err)
		integrated <- err
	}()
	w, cut, err := s.readWAL(ctx, st)
	if err != nil {
		fail(err)
	}
	s.tail.end()
	if failed := <-integrated; err == nil {
		err = failed
	}
	if err = errors.Join(err, cut.keep(s.fs)); err != nil {
		return err
	}
	s.tail.init()
	s.wal, w.id, w.limit, w.retain = w, s.id, int64(s.config.Segment), int64(s.config.Retain)
	if cut.name != "" {
		s.config.Logger.Warn("the write-ahead log ended in an unfinished write, kept aside", "file", cut.name)
	}
	s.durable.Store(s.wal.next)
	if err := s.withReserve(func() error { return s.wal.roll(nil) }); err != nil {
		return err
	}
	s.trim()
	s.reserve()
	return nil
}

// readWAL gives the records beyond the tree to the tail.
func (s *Storage) readWAL(ctx context.Context, st state) (w *wal, end cut, err error) {
	last := time.Now()
	take := func(r record) error {
		if time.Since(last) > 2*time.Second {
			s.config.Logger.Info("integrating what the write-ahead log holds", "size", s.tree.Load().Size)
			last = time.Now()
		}
		if err := s.tail.room(ctx); err != nil || ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.tail.push(append(record(s.tail.buffer(len(r))), r...))
		return nil
	}
	err = reading(func() (err error) {
		w, end, err = recoverWAL(s.fs, st, take)
		return err
	})
	return w, end, err
}

// catchUp integrates the tail until it has ended empty.
func (s *Storage) catchUp(ctx context.Context) error {
	for s.tail.wait() {
		s.pause()
		if err := ctx.Err(); err != nil {
			return err
		}
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
			err = s.index.add(ctx, [32]byte(hashes[next%tile.Width*tile.HashSize:]))
		}
		err = errors.Join(err, ctx.Err())
	}
	return err
}
