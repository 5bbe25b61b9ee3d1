// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cocket.example/cmd/cocket/internal/openings"
)

// source is a file that entries are read from: many openings or entries (docs/filing.md), or a single
// one.
type source struct {
	path string
	form string // its suffix, of package openings; "" holds one
	size int64  // bytes

	spool *os.File // read in place of path, if it is not nil
}

// Of the files that belong together, as b.entries and b.openings.jsonl, the first of these is read.
var (
	toSubmit = []string{openings.Entries, openings.Clear}
	toVerify = []string{openings.Clear, openings.Entries}
	toOpen   = []string{openings.Clear, openings.Encrypted, openings.Entries} // with the key to decrypt
)

// findSources lists files in the order given. A folder stands for the files in it that hold entries, in the
// order of their names.
func findSources(args, forms []string) (sources []source, err error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		paths := []string{arg}
		if info.IsDir() {
			if paths, err = inFolder(arg, forms); err != nil {
				return nil, err
			}
		}
		for _, path := range paths {
			s, err := newSource(path, forms)
			if err != nil {
				return nil, err
			}
			sources = append(sources, s)
		}
	}
	return sources, nil
}

func newSource(path string, forms []string) (source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return source{}, err
	}
	if !info.Mode().IsRegular() { // it is read twice, and its size is known
		return source{}, fmt.Errorf("%s is not a regular file", path)
	}
	base, form := openings.Split(path)
	if form != "" {
		if err := openings.CheckFinished(base); err != nil {
			return source{}, err
		}
	}
	if form == openings.Encrypted && !slices.Contains(forms, form) {
		return source{}, encryptedError(path, forms)
	}
	return source{path: path, form: form, size: info.Size()}, nil
}

func encryptedError(path string, forms []string) error {
	base, _ := openings.Split(path)
	if forms[0] == openings.Entries {
		return fmt.Errorf("%s is encrypted, and filing needs no opening: give %s%s", path, base, openings.Entries)
	}
	return fmt.Errorf("%s is encrypted: give --identity FILE, or for its entries alone %s%s", path, base, openings.Entries)
}

// inFolder lists the files of a folder that hold entries, of those that belong together one.
func inFolder(dir string, forms []string) (paths []string, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	there := make(map[string]bool)
	for _, f := range files {
		there[f.Name()] = true
	}
	for _, f := range files {
		base, form := openings.Split(f.Name())
		if form == "" {
			if strings.HasSuffix(base, openings.One) {
				paths = append(paths, filepath.Join(dir, base))
			}
			continue
		}
		if err := openings.CheckFinished(filepath.Join(dir, base)); err != nil {
			return nil, err
		}
		best := slices.IndexFunc(forms, func(form string) bool { return there[base+form] })
		if best < 0 {
			return nil, encryptedError(filepath.Join(dir, f.Name()), forms)
		}
		if forms[best] == form {
			paths = append(paths, filepath.Join(dir, f.Name()))
		}
	}
	if len(paths) == 0 {
		return nil, errors.New(dir + " holds no file whose name ends in " + openings.One + ", " +
			openings.Entries + " or " + openings.Clear)
	}
	return paths, nil
}
