// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/declaration"
	"cocket.example/internal/tile"
)

// found are the files of one batch that are there, by how their names end.
type found map[string]bool

// opened returns how the name of its openings ends, "" if there are none.
func (f found) opened() string {
	for _, form := range []string{openings.Clear, openings.Encrypted} {
		if f[form] {
			return form
		}
	}
	return ""
}

// scan finds the batches, in the order of their rows, finishes those whose openings are there, and removes what is
// left of others: their entries had no name that anything submits.
func (d *dir) scan() error {
	files, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	all, names := make(map[string]found), []string(nil)
	for _, f := range files { // ordered by name
		if tempFile.MatchString(f.Name()) {
			if err := os.Remove(d.file(f.Name())); err != nil {
				return err
			}
		}
		m := batchFile.FindStringSubmatch(f.Name())
		if m == nil {
			continue
		}
		if all[m[1]] == nil {
			all[m[1]], names = make(found), append(names, m[1])
		}
		all[m[1]][m[2]] = true
	}
	for _, name := range names {
		if err := d.resume(name, all[name]); err != nil {
			return err
		}
	}
	return nil
}

// resume takes a batch as it was left.
func (d *dir) resume(name string, f found) error {
	opened := f.opened()
	if !f[openings.Index] {
		if opened == "" && !f[openings.Entries] {
			return d.remove(name, f)
		}
		return fmt.Errorf("%s%s is gone: %s", d.file(name), openings.Index, restore)
	}
	x, err := readIndex(d.file(name + openings.Index))
	switch {
	case err != nil:
		return err
	case len(x.Openings) == 0:
	case opened == "" && f[openings.Entries]:
		return fmt.Errorf("%s is there and its openings are gone, without which nobody can show a field: %s",
			d.file(name+openings.Entries), restore)
	case opened == "":
		return d.remove(name, f)
	case f[openings.Entries]:
		err = d.compare(name+openings.Entries, x)
	default:
		err = d.complete(name, opened, f, x)
	}
	if err != nil {
		return err
	}
	return d.took(name, x)
}

// remove removes the files of a batch that has neither openings nor entries.
func (d *dir) remove(name string, f found) error {
	for suffix := range f {
		if err := os.Remove(d.file(name + suffix)); err != nil {
			return err
		}
	}
	return nil
}

// complete gives a batch its entries. They are pending, unless somebody removed them: then they are taken out of the
// openings, if those can be read.
func (d *dir) complete(name, opened string, f found, x Index) error {
	switch {
	case f[pendingSuffix]:
	case opened == openings.Clear:
		if err := d.rebuild(name, x); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s%s is gone, and its openings are encrypted: %s", d.file(name), openings.Entries, restore)
	}
	if err := d.compare(name+pendingSuffix, x); err != nil {
		return err
	}
	return d.publish(name)
}

// publish gives the entries of a batch the name by which they are submitted. From here on it is never sealed again.
func (d *dir) publish(name string) error {
	if err := os.Rename(d.file(name+pendingSuffix), d.file(name+openings.Entries)); err != nil {
		return err
	}
	return d.sync()
}

// rebuild writes the entries of openings, pending.
func (d *dir) rebuild(name string, x Index) error {
	p, err := d.create("rows"+openings.Entries, openMode, nil)
	if err != nil {
		return err
	}
	defer p.discard()
	sum := sha256.New()
	err = openings.Each(d.file(name+openings.Clear), nil, func(n int, line []byte) error {
		o, err := declaration.ParseOpening(line)
		if err != nil {
			return fmt.Errorf("%s line %d: %w", d.file(name+openings.Clear), n+1, err)
		}
		b, err := tile.AppendEntry(nil, o.Entry())
		if err != nil {
			return err
		}
		_, err = io.MultiWriter(p, sum).Write(b)
		return err
	})
	if err == nil && [sha256.Size]byte(sum.Sum(nil)) != x.Entries {
		err = d.notOf(name+openings.Clear, x)
	}
	if err == nil {
		err = p.settle()
	}
	if err != nil {
		return err
	}
	return p.name(name + pendingSuffix)
}

// compare wants the file of entries that the index is of.
func (d *dir) compare(name string, x Index) error {
	got, err := hashFile(d.file(name))
	if err == nil && got != x.Entries {
		err = d.notOf(name, x)
	}
	return err
}

func (d *dir) notOf(name string, x Index) error {
	return fmt.Errorf("%s is not the one that was sealed with the rows %d to %d: %s",
		d.file(name), x.First, x.Last, restore)
}

// hashFile returns the SHA-256 of a file.
func hashFile(path string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return [sha256.Size]byte(h.Sum(nil)), err
}
