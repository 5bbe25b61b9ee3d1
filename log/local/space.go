// SPDX-License-Identifier: Apache-2.0

package local

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"cocket.example/log"
)

// reserveSize is kept in a file of its own, to be given up when the disk is full, so that what was
// accepted can still be integrated and published.
const reserveSize = 16 << 20

// space refuses entries when the disk is nearly full, and takes them again when there is room.
func (s *Storage) space() error {
	free, err := s.fs.Free()
	if err != nil {
		return err
	}
	if free < s.config.MinFree {
		return fmt.Errorf("%d MiB free on the disk, want %d: %w", free>>20, s.config.MinFree>>20, log.ErrPushback)
	}
	return nil
}

// reserve writes the reserve file if it is not there whole, unless the disk is nearly full.
func (s *Storage) reserve() error {
	free, err := s.fs.Free()
	if err != nil || free < s.config.MinFree+reserveSize {
		return err
	}
	f, err := s.fs.OpenFile("reserve", os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err == nil && size < reserveSize {
		_, err = f.WriteAt(make([]byte, reserveSize), 0)
	}
	return errors.Join(err, f.Close())
}

// releaseReserve gives up the reserve if the disk is full.
func (s *Storage) releaseReserve(err error) {
	if errors.Is(err, syscall.ENOSPC) && s.fs.Remove("reserve") == nil {
		s.config.Logger.Warn("the disk is full: the reserve is given up to finish what was accepted")
	}
}
