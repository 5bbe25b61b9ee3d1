// SPDX-License-Identifier: Apache-2.0

package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"cocket.example/internal/strict"
	"cocket.example/log"
)

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
	st := state{tree: log.Tree{Root: emptyRoot}}
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
		{"format", formatFile(origin, st.id)},
	} {
		if err := replaceFile(fsys, file.name, file.bytes); err != nil {
			return err
		}
	}
	return nil
}
