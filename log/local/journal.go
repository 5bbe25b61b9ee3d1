// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"cocket.example/internal/strict"
	"cocket.example/log"
)

// checkpointLimit bounds the published checkpoint (SN-7).
const checkpointLimit = 128 << 10

// journal remembers what was signed and published.
type journal struct {
	mu        sync.Mutex // holds everything
	signed    signed
	published []byte
	size      uint64 // of the published tree
	kept      *kept
}

func (j *journal) open(fsys FS, st state, keepAll time.Duration) error {
	b, err := readFile(fsys, "journal", 1<<12)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: journal (without it a second tree might be signed; restore it): %w", ErrDamaged, err)
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if j.signed, err = parseSigned(b); err != nil {
		return fmt.Errorf("%w: journal: %w", ErrDamaged, err)
	}
	if j.signed.id != st.id {
		return fmt.Errorf("%w: journal and state belong to different logs", ErrDamaged)
	}
	if size := j.signed.head.Size; size > st.tree.Size {
		return fmt.Errorf("%w: a tree of %d entries was signed, the state has %d: state is older than journal",
			ErrDamaged, size, st.tree.Size)
	}
	if j.published, err = readFile(fsys, "checkpoint", checkpointLimit); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil && j.published != nil {
		j.size, err = sizeLine(j.published)
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	j.kept, err = openKept(fsys, keepAll)
	return err
}

func (j *journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.kept != nil {
		j.kept.close()
	}
}

// sizeLine reads the second line of a checkpoint (CP-4).
func sizeLine(checkpoint []byte) (uint64, error) {
	_, rest, err := strict.Line(checkpoint)
	if err != nil {
		return 0, err
	}
	size, _, err := strict.Line(rest)
	if err != nil {
		return 0, err
	}
	return strict.Decimal(size)
}

// Signed returns the head journalled last.
func (s *Storage) Signed(context.Context) (log.Head, error) {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.signed.head, nil
}

// Sign journals next, if previous is the head journalled last and this storage's epoch is still
// that of the state on disk. The size must not shrink, an equal size keeps its root, and the time
// does not go back.
func (s *Storage) Sign(_ context.Context, previous, next log.Head) error {
	j := &s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	last := j.signed.head
	if previous.Tree != last.Tree || !previous.Time.Equal(last.Time) {
		return fmt.Errorf("the journal has size %d, the signer knows %d: %w", last.Size, previous.Size, log.ErrConflict)
	}
	if err := follows(last, next); err != nil {
		return err
	}
	if size := s.tree.Load().Size; next.Size > size {
		return fmt.Errorf("head of size %d, the integrated tree has %d", next.Size, size)
	}
	if err := s.owned(); err != nil {
		return err
	}
	entry := signed{id: s.id, epoch: s.epoch, head: next}
	if err := s.withReserve(func() error { return replaceFile(s.fs, "journal", entry.bytes()) }); err != nil {
		return err
	}
	j.signed = entry
	return nil
}

// follows judges whether next may be signed after last.
func follows(last, next log.Head) error {
	switch {
	case next.Size < last.Size, next.Size == last.Size && next.Root != last.Root:
		return fmt.Errorf("head of size %d does not go on from the one of size %d that was signed", next.Size, last.Size)
	case next.Time.Unix() <= 0, next.Time.Nanosecond() != 0:
		return fmt.Errorf("time %s of a head, want whole seconds after 1970", next.Time)
	case next.Time.Before(last.Time):
		return fmt.Errorf("time %s of a head, want not before %s", next.Time, last.Time)
	}
	return nil
}

// Published returns the checkpoint published last.
func (s *Storage) Published(context.Context) ([]byte, error) {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	if s.journal.published == nil {
		return nil, fmt.Errorf("no checkpoint is published yet: %w", fs.ErrNotExist)
	}
	return s.journal.published, nil
}

// Publish writes the right edge of the published tree under its tlog-tiles names, keeps the
// checkpoint, and makes it the published one.
func (s *Storage) Publish(ctx context.Context, size uint64, checkpoint []byte) error {
	j := &s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if size < j.size {
		return fmt.Errorf("checkpoint of size %d, %d is published", size, j.size)
	}
	line, err := sizeLine(checkpoint)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if line != size || len(checkpoint) > checkpointLimit {
		return fmt.Errorf("checkpoint of %d bytes says size %d, want at most %d bytes and size %d",
			len(checkpoint), line, checkpointLimit, size)
	}
	if bytes.Equal(checkpoint, j.published) {
		return nil
	}
	old := partials(j.size)
	if err := s.withReserve(func() error { return s.publish(ctx, size, checkpoint) }); err != nil {
		return err
	}
	j.published, j.size = bytes.Clone(checkpoint), size
	s.removePartials(old, partials(size))
	return nil
}

func (s *Storage) publish(ctx context.Context, size uint64, checkpoint []byte) error {
	if size != s.journal.size {
		if err := s.writePartials(ctx, partials(size)); err != nil {
			return err
		}
	}
	if err := s.journal.kept.add(size, checkpoint); err != nil {
		return err
	}
	return replaceFile(s.fs, "checkpoint", checkpoint)
}

// Covering returns the earliest kept checkpoint of more than index entries.
func (s *Storage) Covering(_ context.Context, index uint64) ([]byte, error) {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.kept.covering(index)
}
