// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/cmd/cocket/internal/progress"
	"cocket.example/declaration"
)

// sealedEntry is an entry with the file that it was read from.
type sealedEntry struct {
	path string
	log  string // the origin that it is for
	data []byte
	leaf declaration.Hash

	opening bool // that it was read from, which opens it
}

// readEntries reads the entries of all files, in their order, over all cores. A folder stands for the
// openings in it, in the order of their names.
func readEntries(ctx context.Context, args []string, w io.Writer) ([]sealedEntry, error) {
	paths, err := expand(args)
	if err != nil {
		return nil, err
	}
	p := progress.New(w, "read", len(paths))
	defer p.Done()
	entries := make([]sealedEntry, len(paths))
	g, reading := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for i, path := range paths {
		g.Go(func() (err error) {
			if reading.Err() == nil {
				entries[i], err = readEntry(path)
			}
			p.Add(1)
			return err
		})
	}
	return entries, errors.Join(g.Wait(), ctx.Err())
}

// expand replaces folders by the openings in them. A file of many entries is refused: a file for the receipt
// of each would be a burden, and one can be had whenever it is asked for.
func expand(args []string) (paths []string, err error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if _, form := openings.Split(arg); !info.IsDir() && form != "" {
			return nil, fmt.Errorf("%s holds many entries: cut the receipt of one with --leaf HASH", arg)
		}
		if !info.IsDir() {
			paths = append(paths, arg)
			continue
		}
		files, err := os.ReadDir(arg)
		if err != nil {
			return nil, err
		}
		before := len(paths)
		for _, f := range files {
			if strings.HasSuffix(f.Name(), openings.One) {
				paths = append(paths, filepath.Join(arg, f.Name()))
			}
		}
		if len(paths) == before {
			return nil, fmt.Errorf("%s holds no file whose name ends in %s; of a file of many entries, "+
				"cut the receipt of one with --leaf HASH", arg, openings.One)
		}
	}
	return paths, nil
}

// readEntry reads an entry: that of an opening, which must open it, or one that stands by itself.
func readEntry(path string) (sealedEntry, error) {
	b, err := readFile(path)
	if err != nil {
		return sealedEntry{}, err
	}
	e, err := openEntry(b)
	if err != nil {
		return sealedEntry{}, fmt.Errorf("%s: %w", path, err)
	}
	e.path = path
	return e, nil
}

// openEntry returns the entry that a file is, or holds.
func openEntry(file []byte) (e sealedEntry, err error) {
	e.data = file
	switch kind := recognise(file); kind {
	case kindEntry:
	case kindOpening:
		o, err := declaration.ParseOpening(file)
		if err != nil {
			return e, refutedError{err}
		}
		e.data, e.opening = o.Entry(), true
	default:
		return e, fmt.Errorf("%s, want an opening or an entry", kind)
	}
	parsed, err := declaration.Parse(e.data)
	if err != nil {
		return e, refutedError{err}
	}
	e.log, e.leaf = parsed.Log, declaration.LeafHash(e.data)
	return e, nil
}
