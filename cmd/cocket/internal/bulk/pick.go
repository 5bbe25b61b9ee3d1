// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"filippo.io/age"

	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/declaration"
)

// Picked is an opening that was found.
type Picked struct {
	Opening declaration.Opening
	Name    string // as row-17, or line-3 where the rows are not known
}

// Wanted says which opening to pick: by one of its rows, or by its entry.
type Wanted struct {
	Row  int // 0: by Leaf
	Leaf declaration.Hash
}

func (w Wanted) String() string {
	if w.Row > 0 {
		return fmt.Sprintf("of row %d", w.Row)
	}
	return "of this leaf hash"
}

// errNotHere is the error of a batch that does not hold the opening.
var errNotHere = errors.New("holds no opening")

// passedError is why it cannot be told whether a batch holds the opening. Another may.
type passedError struct{ error }

// Pick finds an opening in a file of openings, or in a folder of batches. What it returns is the opening of the entry
// that is wanted, whatever stands in which file on which line.
func Pick(path string, w Wanted, identities []age.Identity) (Picked, error) {
	batches, err := batchesIn(path)
	if err != nil {
		return Picked{}, err
	}
	var passed error
	for _, b := range batches {
		p, err := b.pick(w, identities)
		switch {
		case errors.As(err, new(passedError)):
			passed = cmp.Or(passed, err)
		case !errors.Is(err, errNotHere):
			return p, err
		}
	}
	if passed != nil {
		return Picked{}, passed
	}
	return Picked{}, fmt.Errorf("%s %w %v", path, errNotHere, w)
}

// held is a batch in which an opening is looked for.
type held struct {
	base  string // of the names of its files; "" where only the openings can be found
	file  string // of its openings; "" if there is none
	index Index  // rows is 0 where there is none
}

// batchesIn lists the batches that a path stands for, in the order of their rows.
func batchesIn(path string) (list []held, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		base, form := openings.Split(path)
		if form != openings.Clear && form != openings.Encrypted {
			return []held{{file: path}}, nil
		}
		b, err := newHeld(base)
		b.file = path
		return []held{b}, err
	}
	files, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	for _, f := range files {
		base, form := openings.Split(f.Name())
		if m := batchFile.FindStringSubmatch(f.Name()); m != nil && m[2] == openings.Index {
			base, form = m[1], m[2]
		}
		if form == "" || seen[base] {
			continue
		}
		seen[base] = true
		b, err := newHeld(filepath.Join(path, base))
		if err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	return list, nil
}

func newHeld(base string) (b held, err error) {
	b.base = base
	if b.file, err = openings.Kept(base); err != nil {
		return b, err
	}
	if b.index, err = readIndex(base + openings.Index); errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return b, err
}

// pick reads the opening if the batch holds it.
func (b held) pick(w Wanted, identities []age.Identity) (Picked, error) {
	line, err := b.line(w)
	if err != nil {
		return Picked{}, err
	}
	if line >= 0 {
		if w.Leaf, err = b.leaf(line); err != nil {
			return Picked{}, err
		}
	}
	if b.file == "" {
		return Picked{}, fmt.Errorf("%s is gone, and with it the opening: bring it back", b.base+openings.Clear)
	}
	return b.read(line, w.Leaf, identities)
}

// line returns the line that holds the opening, -1 where the openings must tell.
func (b held) line(w Wanted) (int, error) {
	if w.Row > 0 {
		return b.lineOfRow(w.Row)
	}
	if b.base == "" {
		return -1, nil
	}
	if err := openings.CheckFinished(b.base); err != nil && b.file != "" {
		return 0, passedError{err}
	}
	found, line := errors.New("found"), -1
	err := openings.Each(b.base+openings.Entries, nil, func(n int, entry []byte) error {
		if declaration.LeafHash(entry) != w.Leaf {
			return nil
		}
		line = n
		return found
	})
	switch {
	case err == found:
		return line, nil
	case errors.Is(err, os.ErrNotExist) && b.file != "":
		return -1, nil
	case err == nil || errors.Is(err, os.ErrNotExist):
		return 0, errNotHere
	}
	return 0, err
}

func (b held) lineOfRow(row int) (int, error) {
	x := b.index
	switch {
	case b.base == "":
		return 0, fmt.Errorf("%s: want a name that ends in %s or %s, so that its index can be found",
			b.file, openings.Clear, openings.Encrypted)
	case x.First == 0:
		return 0, passedError{fmt.Errorf("%s is not there, which says which row is on which line: give --leaf instead",
			b.base+openings.Index)}
	case row < x.First || row > x.Last:
		return 0, errNotHere
	case x.Line(row) < 0:
		return 0, fmt.Errorf("row %d was refused, so there is no opening: see %s", row, refusedName)
	}
	return x.Line(row), openings.CheckFinished(b.base)
}

// leaf returns the leaf hash of the entry on a line, of the entries that the index is of.
func (b held) leaf(line int) (leaf declaration.Hash, err error) {
	path := b.base + openings.Entries
	if b.index.First > 0 {
		if got, err := hashFile(path); err != nil {
			return leaf, err
		} else if got != b.index.Entries {
			return leaf, fmt.Errorf("%s is not of this batch: bring back the one that was sealed with %s",
				path, b.base+openings.Index)
		}
	}
	found := errors.New("found")
	err = openings.Each(path, nil, func(n int, entry []byte) error {
		if n < line {
			return nil
		}
		leaf = declaration.LeafHash(entry)
		return found
	})
	if err == nil {
		err = fmt.Errorf("%s has no entry %d: it is cut short", path, line+1)
	} else if err == found {
		err = nil
	}
	return leaf, err
}

// read reads the opening of a leaf hash: on a line, or on any if that is -1.
func (b held) read(line int, leaf declaration.Hash, identities []age.Identity) (p Picked, err error) {
	found := errors.New("found")
	err = openings.Each(b.file, identities, func(n int, text []byte) error {
		if n < line {
			return nil
		}
		if p.Opening, err = declaration.ParseOpening(text); err != nil {
			return fmt.Errorf("%s: line %d: %w", b.file, n+1, err)
		}
		if declaration.LeafHash(p.Opening.Entry()) == leaf {
			p.Name = b.name(n)
			return found
		}
		if line < 0 {
			return nil
		}
		return fmt.Errorf("%s: line %d does not open entry %d of %s: bring back the openings that were sealed with it",
			b.file, n+1, n+1, b.base+openings.Entries)
	})
	switch {
	case err == found:
		return p, nil
	case err == nil && line >= 0:
		err = fmt.Errorf("%s has no line %d: it is cut short", b.file, line+1)
	case err == nil:
		err = errNotHere
	}
	return Picked{}, err
}

// name names an opening by its first row.
func (b held) name(line int) string {
	if line < len(b.index.Openings) {
		return fmt.Sprintf("row-%d", b.index.Openings[line].First)
	}
	return fmt.Sprintf("line-%d", line+1)
}
