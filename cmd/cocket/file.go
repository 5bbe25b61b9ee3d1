// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"cocket.example/cmd/cocket/internal/whole"
	"cocket.example/receipt"
)

// maxFile bounds every file that is read. The largest is an opening of 65,536 fields.
const maxFile = 64 << 20

// readFile reads a file within its bound.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return b, nil
}

// readPolicy reads what a verifier believes.
func readPolicy(path string) (receipt.Policy, error) {
	b, err := readFile(path)
	if err != nil {
		return receipt.Policy{}, err
	}
	return parsePolicy(path, b)
}

func parsePolicy(path string, b []byte) (receipt.Policy, error) {
	policy, err := receipt.ParsePolicy(b)
	if err != nil {
		return policy, fmt.Errorf("%s: %w", path, err)
	}
	return policy, nil
}

// output is a file to be written.
type output struct {
	path  string
	mode  os.FileMode
	force bool // overwrite what is there
	later bool // is made durable with others, see syncAll
}

// check fails early where write would fail at the end.
func (o output) check() error {
	if _, err := os.Lstat(o.path); err == nil && !o.force {
		return o.exists()
	}
	_, err := os.Stat(filepath.Dir(o.path))
	return err
}

func (o output) exists() error {
	return fmt.Errorf("%s exists already: choose another name, or give --force to overwrite it", o.path)
}

// write makes a file appear whole or not at all. With later it is not durable when write returns.
func (o output) write(content []byte) error {
	f, err := whole.Create(o.path, o.mode)
	if err != nil {
		return err
	}
	defer f.Discard()
	_, err = f.Write(content)
	if !o.later {
		err = errors.Join(err, f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := o.install(f); err != nil || o.later {
		return err
	}
	return whole.SyncDir(filepath.Dir(o.path))
}

// install gives the finished file its name. A link, other than a rename, never overwrites.
func (o output) install(f *whole.File) error {
	if o.force {
		return f.Rename(o.path)
	}
	err := f.Link(o.path)
	if errors.Is(err, os.ErrExist) {
		return o.exists()
	}
	return err
}

// syncAll makes everything durable that was written to the file system of a folder, with one call.
func syncAll(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}

// makeDir makes a folder unless it is there.
func makeDir(path string) error {
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}
