// SPDX-License-Identifier: Apache-2.0

// Package whole writes files that appear whole or not at all:
//
//	write PATH.*.tmp ▸ fsync ▸ link or rename to PATH ▸ fsync of the folder
package whole

import (
	"errors"
	"os"
	"path/filepath"
)

// Suffix ends the names of files that are being written.
const Suffix = ".tmp"

// File is a file that is being written, and has a name of its own until it is done.
type File struct{ f *os.File }

// Create begins a file beside the path that it is for.
func Create(path string, mode os.FileMode) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+Suffix)
	if err != nil {
		return nil, err
	}
	w := &File{f}
	if err := f.Chmod(mode); err != nil {
		w.Discard()
		return nil, err
	}
	return w, nil
}

func (w *File) Write(b []byte) (int, error) { return w.f.Write(b) }

// Sync makes the content durable.
func (w *File) Sync() error { return w.f.Sync() }

// Close ends the writing.
func (w *File) Close() error { return w.f.Close() }

// Link gives the file its name, unless there is one of that name: then the error is os.ErrExist.
func (w *File) Link(path string) error { return os.Link(w.f.Name(), path) }

// Rename gives the file its name, whatever was there.
func (w *File) Rename(path string) error { return os.Rename(w.f.Name(), path) }

// Discard removes the file, unless it was renamed.
func (w *File) Discard() {
	w.f.Close()
	os.Remove(w.f.Name())
}

// SyncDir makes the names in a folder durable.
func SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
