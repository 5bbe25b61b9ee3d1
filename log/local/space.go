// SPDX-License-Identifier: Apache-2.0

package local

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"cocket.example/log"
)

// space refuses entries when the disk is nearly full, and takes them again when there is room.
func (s *Storage) space() error {
	free, err := s.fs.Free()
	if err != nil {
		return err
	}
	if free < s.config.MinFree {
		return fmt.Errorf("%d MiB free on the disk, want %d: %w", free>>20, s.config.MinFree>>20, log.ErrPushback)
	}
	if s.spent.Load() {
		s.reserve()
	}
	return nil
}

// reserve fills the file "reserve" if it is not there whole and there is room beside it. A log
// without a reserve works, so that a failure is only reported.
func (s *Storage) reserve() {
	free, err := s.fs.Free()
	if err == nil && free < s.config.MinFree+s.config.Reserve {
		s.spent.Store(true)
		return
	}
	if err == nil {
		err = fillReserve(s.fs, s.config.Reserve)
	}
	if err != nil {
		s.config.Logger.Warn("the reserve of disk space could not be set aside", "err", err)
	}
	s.spent.Store(err != nil)
}

func fillReserve(fsys FS, want uint64) error {
	if f, err := fsys.OpenFile("reserve", os.O_RDONLY); err == nil {
		size, err := f.Size()
		if err = errors.Join(err, f.Close()); err != nil || uint64(size) >= want {
			return err
		}
	}
	return writeFile(fsys, "reserve", make([]byte, want))
}

// withReserve does f, and once more with the reserve given up if the disk is full, so that what
// was accepted can be integrated and published. Every f begins new files when it is done again.
func (s *Storage) withReserve(f func() error) error {
	err := f()
	if !errors.Is(err, syscall.ENOSPC) || s.fs.Remove("reserve") != nil {
		return err
	}
	s.spent.Store(true)
	s.config.Logger.Warn("the disk is full: the reserve is given up to finish what was accepted")
	return f()
}
