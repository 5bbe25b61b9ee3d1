// SPDX-License-Identifier: Apache-2.0

package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// FS is what the storage asks of a file system. Names are slash-separated and relative to the
// log's directory. Tests replace it to forget what was not synced and to fail the n-th call.
type FS interface {
	// OpenFile opens a file with the flags of package os; O_CREATE makes one of mode 0644.
	OpenFile(name string, flag int) (File, error)
	MkdirAll(dir string) error
	Rename(from, to string) error
	Remove(name string) error
	ReadDir(dir string) ([]string, error)
	// Lock takes the writer's lock, which ends with the process or with Close of the result.
	Lock(name string) (io.Closer, error)
	// Link gives a file a second name.
	Link(from, to string) error
	// SyncDir makes the names in a directory durable; ".." is the one that holds the log's.
	SyncDir(dir string) error
	// SyncAll makes everything durable that was written before, bytes and names, in all files. It
	// reports also what failed since the SyncAll before.
	SyncAll() error
	// Map shows the bytes of a file that is not written any more, until unmap is called.
	Map(name string) (b []byte, unmap func() error, err error)
	// Free returns how many bytes an unprivileged writer may still write.
	Free() (uint64, error)
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Sync() error // data and size are durable on nil
}

// Dir returns the file system below a directory.
func Dir(dir string) FS { return &osFS{dir: dir} }

type osFS struct {
	dir  string
	mu   sync.Mutex
	root *os.File // open since the first SyncAll, so that no failed write in between goes unreported
}

type osFile struct{ *os.File }

func (d *osFS) path(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

func (d *osFS) OpenFile(name string, flag int) (File, error) {
	f, err := os.OpenFile(d.path(name), flag, 0o644)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d *osFS) MkdirAll(dir string) error    { return os.MkdirAll(d.path(dir), 0o755) }
func (d *osFS) Rename(from, to string) error { return os.Rename(d.path(from), d.path(to)) }
func (d *osFS) Remove(name string) error     { return os.Remove(d.path(name)) }

func (d *osFS) Link(from, to string) error { return os.Link(d.path(from), d.path(to)) }

func (d *osFS) ReadDir(dir string) ([]string, error) {
	entries, err := os.ReadDir(d.path(dir))
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

func (d *osFS) SyncDir(dir string) error {
	f, err := os.Open(d.path(dir))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// SyncAll syncs the file system that holds the log, and what else lies on it.
func (d *osFS) SyncAll() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root == nil {
		var err error
		if d.root, err = os.Open(d.dir); err != nil {
			return err
		}
	}
	return os.NewSyscallError("syncfs", unix.Syncfs(int(d.root.Fd())))
}

func (d *osFS) Map(name string) ([]byte, func() error, error) {
	f, err := os.Open(d.path(name))
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return nil, func() error { return nil }, err
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, fmt.Errorf("map %s: %w", name, err)
	}
	return b, func() error { return unix.Munmap(b) }, nil
}

func (d *osFS) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(d.path(name), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s is locked: another process writes this log: %w", d.path(name), err)
	}
	return locked{f, d}, nil
}

// locked ends the lock, and what was kept open under it.
type locked struct {
	*os.File
	dir *osFS
}

func (l locked) Close() error {
	l.dir.mu.Lock()
	defer l.dir.mu.Unlock()
	err := l.File.Close()
	if l.dir.root != nil {
		err = errors.Join(err, l.dir.root.Close())
		l.dir.root = nil
	}
	return err
}

func (d *osFS) Free() (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(d.dir, &st); err != nil {
		return 0, err
	}
	return st.Bavail * uint64(st.Bsize), nil
}

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Sync() error { return unix.Fdatasync(int(f.Fd())) }

// readFile reads a whole file of at most limit bytes.
func readFile(fsys FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("%s has %d bytes, want at most %d", name, size, limit)
	}
	b := make([]byte, size)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return nil, fmt.Errorf("%s: %d of %d bytes: %w", name, n, size, err)
	}
	return b, nil
}

// replaceFile makes name hold exactly b, atomically and durably:
//
//	open name.new · write · fdatasync · close · rename → name · fsync directory
func replaceFile(fsys FS, name string, b []byte) error {
	if err := writeFile(fsys, name+".new", b); err != nil {
		return err
	}
	if err := fsys.Rename(name+".new", name); err != nil {
		return err
	}
	return fsys.SyncDir(path.Dir(name))
}

// writeFile writes and syncs a new file.
func writeFile(fsys FS, name string, b []byte) error {
	f, err := createFile(fsys, name)
	if err != nil {
		return err
	}
	return errors.Join(writeSynced(f, b, 0), f.Close())
}

// putFile writes a new file, which is not durable before the next SyncAll.
func putFile(fsys FS, name string, b []byte) error {
	f, err := createFile(fsys, name)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	return errors.Join(err, f.Close())
}

// createFile makes a new file. What stands there under that name goes first, so that no file is
// ever written or synced again after a write or sync of it failed.
func createFile(fsys FS, name string) (File, error) {
	f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if !errors.Is(err, fs.ErrExist) {
		return f, err
	}
	if err := fsys.Remove(name); err != nil {
		return nil, err
	}
	return fsys.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

func writeSynced(f File, b []byte, offset int64) error {
	if _, err := f.WriteAt(b, offset); err != nil {
		return err
	}
	return f.Sync()
}
