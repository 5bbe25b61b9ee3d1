// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

type osFile struct{ *os.File }

func (f osFile) Sync() error { return os.NewSyscallError("fdatasync", unix.Fdatasync(int(f.Fd()))) }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// OpenFile opens the file of a journal, for this process alone.
func OpenFile(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is in use by another process: %w", path, err), f.Close())
	}
	return osFile{f}, nil
}

// CreateFile makes the file of an empty journal, which follows a position. It is there whole, and durable,
// or not at all; one that exists is an error.
func CreateFile(path string, id ID, before Position, size int64) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s exists already", path)
	}
	fresh := path + ".new"
	f, err := os.OpenFile(fresh, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(fresh)
	if err := fill(osFile{f}, id, before, size); err != nil {
		return fmt.Errorf("creating %s: %w", path, err)
	}
	if err := os.Link(fresh, path); err != nil { // unlike a rename, never over a file
		return err
	}
	return syncDir(filepath.Dir(path))
}

func fill(f osFile, id ID, before Position, size int64) error {
	_, err := Format(f, id, before, size)
	return errors.Join(err, f.File.Sync(), f.Close()) // Sync: its size, too
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
