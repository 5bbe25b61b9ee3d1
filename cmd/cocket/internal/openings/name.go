// SPDX-License-Identifier: Apache-2.0

// Package openings names and reads files of many openings, and of their entries (docs/filing.md).
package openings

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// How the names of the files of one batch end.
const (
	Entries   = ".entries"        // as an entry bundle: each behind its length
	Clear     = ".openings.jsonl" // an opening a line
	Encrypted = Clear + ".age"    // the same, encrypted with age
	Index     = ".index"          // which rows of a sheet they are

	One = ".opening.json" // of a single opening
)

// Split splits a path at the suffix of a file with many openings or entries; form is "" if it has none.
func Split(path string) (base, form string) {
	for _, form := range []string{Entries, Encrypted, Clear} {
		if base, ok := strings.CutSuffix(path, form); ok {
			return base, form
		}
	}
	return path, ""
}

// There reports whether there is something of this name.
func There(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// CheckFinished refuses a batch of a sheet whose entries are not there: it is still being written, or was
// broken off, or has lost them. Its openings are for nobody before they are.
func CheckFinished(base string) error {
	sheet, err := There(base + Index)
	if err != nil || !sheet {
		return err
	}
	entries, err := There(base + Entries)
	if err != nil || entries {
		return err
	}
	return fmt.Errorf("%s is not there, so this batch is unfinished: "+
		"run the same cocket seal again, which finishes it", base+Entries)
}

// Kept returns the file of openings of a batch, "" if there is none.
func Kept(base string) (string, error) {
	for _, form := range []string{Clear, Encrypted} {
		if ok, err := There(base + form); ok || err != nil {
			return base + form, err
		}
	}
	return "", nil
}
