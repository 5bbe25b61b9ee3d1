// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"cocket.example/internal/strict"
	"cocket.example/internal/tile"
	"cocket.example/log"
)

// checkpointLimit bounds the published checkpoint (SN-7).
const checkpointLimit = 128 << 10

func (s *Storage) readJournal(st state) error {
	b, err := readFile(s.fs, "journal", 1<<12)
	if err != nil {
		return fmt.Errorf("%w: journal (without it a second tree might be signed; restore it): %w", ErrDamaged, err)
	}
	if s.signed, err = parseSigned(b); err != nil {
		return fmt.Errorf("%w: journal: %w", ErrDamaged, err)
	}
	if s.signed.id != st.id {
		return fmt.Errorf("%w: journal and state belong to different logs", ErrDamaged)
	}
	if size := s.signed.head.Size; size > st.tree.Size {
		return fmt.Errorf("%w: a tree of %d entries was signed, the state has %d: state is older than journal",
			ErrDamaged, size, st.tree.Size)
	}
	if s.published, err = readFile(s.fs, "checkpoint", checkpointLimit); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil && s.published != nil {
		s.pubSize, err = sizeLine(s.published)
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	s.kept, err = openKept(s.fs)
	return err
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
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signed.head, nil
}

// Sign journals next, if previous is the head journalled last and this storage's epoch is still
// that of the state on disk. The size must not shrink, an equal size keeps its root, and the time
// does not go back.
func (s *Storage) Sign(_ context.Context, previous, next log.Head) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.signed.head
	switch {
	case previous != last:
		return fmt.Errorf("the journal has size %d, the signer knows %d: %w", last.Size, previous.Size, log.ErrConflict)
	case next.Size < last.Size, next.Size == last.Size && next.Root != last.Root:
		return fmt.Errorf("head of size %d does not go on from the one of size %d that was signed", next.Size, last.Size)
	case next.Time.Before(last.Time), next.Time.Nanosecond() != 0:
		return fmt.Errorf("time %s of a head, want whole seconds, not before %s", next.Time, last.Time)
	}
	st, err := s.readState()
	if err != nil {
		return err
	}
	if st.epoch != s.epoch || st.id != s.id {
		return fmt.Errorf("epoch %d on disk, %d here: %w", st.epoch, s.epoch, log.ErrConflict)
	}
	entry := signed{id: s.id, epoch: s.epoch, head: next}
	if err := replaceFile(s.fs, "journal", entry.bytes()); err != nil {
		s.releaseReserve(err)
		return err
	}
	s.signed = entry
	return nil
}

// Published returns the checkpoint published last.
func (s *Storage) Published(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.published == nil {
		return nil, fmt.Errorf("no checkpoint is published yet: %w", fs.ErrNotExist)
	}
	return s.published, nil
}

// Publish writes the right edge of the published tree under its tlog-tiles names, keeps the
// checkpoint, and makes it the published one.
func (s *Storage) Publish(ctx context.Context, size uint64, checkpoint []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if size < s.pubSize {
		return fmt.Errorf("checkpoint of size %d, %d is published", size, s.pubSize)
	}
	old := partials(s.pubSize)
	if size != s.pubSize || s.published == nil {
		if err := s.writePartials(ctx, size); err != nil {
			return err
		}
	}
	if !bytes.Equal(checkpoint, s.published) {
		if err := s.kept.add(size, checkpoint); err != nil {
			return err
		}
	}
	if err := replaceFile(s.fs, "checkpoint", checkpoint); err != nil {
		s.releaseReserve(err)
		return err
	}
	s.published, s.pubSize = checkpoint, size
	return s.removePartials(old, size)
}

// partials are the tiles and the bundle that are not full in a tree of this size.
func partials(size uint64) map[tile.Ref]bool {
	refs := make(map[tile.Ref]bool)
	if width := int(size % tile.Width); width > 0 {
		refs[tile.Ref{Entries: true, Index: size / tile.Width, Width: width}] = true
	}
	for level := uint64(0); size>>(level*tile.Height) > 0; level++ {
		hashes := size >> (level * tile.Height)
		if width := int(hashes % tile.Width); width > 0 {
			refs[tile.Ref{Level: level, Index: hashes / tile.Width, Width: width}] = true
		}
	}
	return refs
}

func (s *Storage) writePartials(ctx context.Context, size uint64) error {
	for ref := range partials(size) {
		var b []byte
		var err error
		if ref.Entries {
			b, err = s.ReadBundle(ctx, ref.Index, ref.Width)
		} else {
			b, err = s.ReadTile(ctx, ref.Level, ref.Index, ref.Width)
		}
		if err != nil {
			return err
		}
		name := ref.Path()
		if err := s.fs.MkdirAll(path.Dir(name)); err != nil {
			return err
		}
		if err := replaceFile(s.fs, name, b); err != nil {
			return err
		}
	}
	return nil
}

// removePartials drops the copies that the publication superseded. Their widths are served from
// the growing files.
func (s *Storage) removePartials(old map[tile.Ref]bool, size uint64) error {
	current := partials(size)
	for ref := range old {
		if current[ref] {
			continue
		}
		if err := s.fs.Remove(ref.Path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Covering returns the earliest kept checkpoint of more than index entries.
func (s *Storage) Covering(_ context.Context, index uint64) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept.covering(index)
}
