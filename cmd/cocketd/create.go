// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"cocket.example/log"
	"cocket.example/log/ingest"
	"cocket.example/log/local"
)

// modeFile is the file in the log's directory that holds what the log takes for entries. The
// storage knows nothing of it: to it, entries are bytes.
const modeFile = "entries"

// createLog makes the log's directory and journals the head of the empty tree. Everything else in
// the configuration is tried first, so that a mistake in it does not leave half a log behind. The
// mode is written before the storage, whose own last step makes the directory a log.
func createLog(ctx context.Context, c Config) (err error) {
	if _, err := loadKeys(c); err != nil {
		return err
	}
	dir := string(c.Dir)
	if _, err := os.Stat(filepath.Join(dir, "format")); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s holds a log already, and a log is never made anew", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := writeMode(dir, c.Entries); err != nil {
		return err
	}
	if err := local.Create(local.Dir(dir), c.Origin); err != nil {
		return fmt.Errorf("creating %s: %w", dir, err)
	}
	storage, err := local.Open(ctx, c.storage(nil))
	if err != nil {
		return fmt.Errorf("opening %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, storage.Close()) }()
	return log.Create(ctx, storage)
}

func writeMode(dir string, m ingest.Mode) error {
	f, err := os.Create(filepath.Join(dir, modeFile))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, m)
	return errors.Join(err, f.Sync(), f.Close())
}

// checkMode refuses a configuration that says otherwise than the log was created.
func checkMode(dir string, want ingest.Mode) error {
	b, err := os.ReadFile(filepath.Join(dir, modeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf(`there is no log in %s, "cocketd init" makes one: %w`, dir, err)
	}
	if err != nil {
		return err
	}
	if got := string(b); got != string(want)+"\n" {
		return fmt.Errorf("entries: %s, but this log was created for %.20q, which is fixed", want, got)
	}
	return nil
}
