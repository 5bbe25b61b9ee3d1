// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Finding is a file of a log's directory that is not as it was written.
type Finding struct {
	Path    string `json:"path"`
	Problem string `json:"problem"`
}

// Examine reads what lies in a log's directory beside tiles, bundles and checkpoint: format, state,
// sign journal, write-ahead log, kept checkpoints and index, every byte of them. It changes nothing.
// The caller holds the writer's lock, so that nobody else does.
func Examine(ctx context.Context, fsys FS) ([]Finding, error) {
	x := &examiner{fs: fsys}
	x.found("format", (&Storage{fs: fsys}).readFormat())
	st, err := (&Storage{fs: fsys}).readState()
	x.found("state", err)
	if err == nil {
		x.found("journal", x.journal(st))
		x.found("wal", reading(func() error {
			_, _, err := recoverWAL(fsys, st, func(record) error { return ctx.Err() })
			return err
		}))
		x.index(st)
	}
	x.kept()
	return x.findings, errors.Join(x.err, ctx.Err())
}

type examiner struct {
	fs       FS
	findings []Finding
	err      error // of reading, which says nothing of the log
}

// found remembers a finding, or an error that is none.
func (x *examiner) found(path string, err error) {
	switch {
	case err == nil:
	case errors.Is(err, ErrDamaged), errors.Is(err, fs.ErrNotExist):
		x.findings = append(x.findings, Finding{path, err.Error()})
	default:
		x.err = errors.Join(x.err, fmt.Errorf("%s: %w", path, err))
	}
}

func (x *examiner) journal(st state) error {
	var j journal
	defer j.close()
	return j.open(x.fs, st, 0)
}

// kept reads every kept checkpoint.
func (x *examiner) kept() {
	names, err := x.fs.ReadDir("kept")
	x.found("kept", err)
	for _, name := range names {
		x.found("kept/"+name, x.book("kept/"+name))
	}
}

func (x *examiner) book(name string) error {
	f, err := x.fs.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	end, err := f.Size()
	if err != nil {
		return err
	}
	for at, err := scanKept(f, 0, end); at != nil || err != nil; at, err = scanKept(f, at.end(), end) {
		if err != nil {
			return err
		}
		if _, err := readKept(f, *at); err != nil && at.end() < end { // the last may be cut short
			return err
		}
	}
	return nil
}

// index compares the checksums of all runs. One that is damaged is rebuilt at the next start.
func (x *examiner) index(st state) {
	names, err := x.fs.ReadDir("index")
	if !errors.Is(err, fs.ErrNotExist) {
		x.found("index", err)
	}
	for _, name := range names {
		first, end, ok := parseRunName(name)
		if !ok {
			continue
		}
		r := &run{name: "index/" + name, first: first, end: end}
		if err := verifyRun(x.fs, r, st.id); err != nil {
			x.findings = append(x.findings, Finding{r.name, err.Error() + "; it is made anew at the next start"})
		}
	}
}
