// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// How the names of files with many entries end (docs/filing.md).
const (
	entriesSuffix   = ".entries"                 // as an entry bundle: each behind its length
	openingsSuffix  = ".openings.jsonl"          // an opening a line
	encryptedSuffix = openingsSuffix + ageSuffix // the same, encrypted with age
	ageSuffix       = ".age"
)

// source is a file that entries are read from: one of the above, or else one with a single opening or
// entry.
type source struct {
	path string
	form string // its suffix, of the above; "" holds one
	size int64  // bytes

	spool *os.File // read in place of path, if it is not nil
}

// Of the files that belong together, as b.entries and b.openings.jsonl, the first of these is read.
var (
	toSubmit = []string{entriesSuffix, openingsSuffix}
	toVerify = []string{openingsSuffix, entriesSuffix}
	toOpen   = []string{openingsSuffix, encryptedSuffix, entriesSuffix} // with the key to decrypt
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
	_, form := splitForm(path)
	if form == encryptedSuffix && !slices.Contains(forms, form) {
		return source{}, encryptedError(path, forms)
	}
	return source{path: path, form: form, size: info.Size()}, nil
}

func encryptedError(path string, forms []string) error {
	base, _ := splitForm(path)
	if forms[0] == entriesSuffix {
		return fmt.Errorf("%s is encrypted, and filing needs no opening: give %s%s", path, base, entriesSuffix)
	}
	return fmt.Errorf("%s is encrypted: give --identity FILE, or for its entries alone %s%s", path, base, entriesSuffix)
}

// splitForm splits a name at the suffix of a file with many entries; form is "" if it has none.
func splitForm(path string) (base, form string) {
	for _, form := range []string{entriesSuffix, encryptedSuffix, openingsSuffix} {
		if base, ok := strings.CutSuffix(path, form); ok {
			return base, form
		}
	}
	return path, ""
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
		base, form := splitForm(f.Name())
		if form == "" {
			if strings.HasSuffix(base, openingSuffix) {
				paths = append(paths, filepath.Join(dir, base))
			}
			continue
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
		return nil, errors.New(dir + " holds no file whose name ends in " + openingSuffix + ", " +
			entriesSuffix + " or " + openingsSuffix)
	}
	return paths, nil
}
