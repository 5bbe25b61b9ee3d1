// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Names of the files of a folder. Those of a batch begin with its rows, as rows-0000002-0010001.
const (
	manifestName = "manifest"
	lockName     = "lock"
	summaryName  = "summary"
	refusedName  = "refused.csv"

	indexSuffix   = ".index"
	openingSuffix = ".openings.jsonl"
	ageSuffix     = ".age"
	entrySuffix   = ".entries"
	refusedSuffix = ".refused" // rows as in refused.csv, until that is there
	tempSuffix    = ".tmp"
)

const manifestHeader = "cocket-sheet/v1"

// dir is the folder of the batches of one sheet. It is locked while it is open.
type dir struct {
	path    string
	lock    *os.File
	batches []string // names of the finished batches, in order
	sealed  int      // last row that they have
}

// open locks the folder, which is made unless it is there, and compares its manifest with the lines wanted.
func open(path string, manifest []string) (*dir, error) {
	d := &dir{path: path, sealed: firstRow - 1}
	err := os.Mkdir(path, 0o755)
	if err == nil {
		err = syncDir(filepath.Dir(path))
	} else if errors.Is(err, os.ErrExist) {
		err = d.foreign()
	}
	if err != nil {
		return nil, err
	}
	if d.lock, err = os.OpenFile(d.file(lockName), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	if err := unix.Flock(int(d.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is in use by another process: wait until it ends", path), d.lock.Close())
	}
	err = d.bind(manifest)
	if err == nil {
		err = d.scan()
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *dir) close() { d.lock.Close() }

func (d *dir) file(name string) string { return filepath.Join(d.path, name) }

// foreign refuses a folder that holds something and was not made for a sheet.
func (d *dir) foreign() error {
	if _, err := os.Lstat(d.file(manifestName)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	files, err := os.ReadDir(d.path)
	for _, f := range files {
		if f.Name() != lockName && !strings.HasSuffix(f.Name(), tempSuffix) {
			return fmt.Errorf("%s holds %s already: choose a folder that is empty or not there", d.path, f.Name())
		}
	}
	return err
}

// bind writes the manifest, or compares it with what is there.
func (d *dir) bind(lines []string) error {
	want := manifestHeader + "\n" + strings.Join(lines, "\n") + "\n"
	held, err := os.ReadFile(d.file(manifestName))
	if errors.Is(err, os.ErrNotExist) {
		return d.write(manifestName, want)
	}
	if err != nil || string(held) == want {
		return err
	}
	had := make(map[string]bool)
	for _, line := range strings.Split(string(held), "\n") {
		had[line] = true
	}
	for _, line := range lines {
		if !had[line] {
			what, _, _ := strings.Cut(line, " ")
			return fmt.Errorf("%s was begun with another %s: give the same to go on, or choose another folder", d.path, what)
		}
	}
	return fmt.Errorf("%s was begun with other options: give the same to go on, or choose another folder", d.path)
}

// scan finds the finished batches, and removes what a process that was killed left of others. A batch is finished
// that has an index and, unless all of it was refused, entries.
func (d *dir) scan() error {
	files, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, f := range files { // ordered by name
		name, ok := strings.CutSuffix(f.Name(), indexSuffix)
		if !ok {
			continue
		}
		x, err := readIndex(d.file(f.Name()))
		if err != nil {
			return err
		}
		_, err = os.Lstat(d.file(name + entrySuffix))
		if errors.Is(err, os.ErrNotExist) && len(x.Openings) > 0 {
			continue
		}
		if err == nil || errors.Is(err, os.ErrNotExist) {
			err = d.took(name, x)
		}
		if err != nil {
			return err
		}
	}
	return d.clean(files)
}

// clean removes the files of batches that are not finished. Nobody has seen their entries.
func (d *dir) clean(files []os.DirEntry) error {
	for _, f := range files {
		name := f.Name()
		batch, suffix, _ := strings.Cut(name, ".")
		ours := strings.HasPrefix(name, "rows-") && !slices.Contains(d.batches, batch)
		if ours && "."+suffix == entrySuffix {
			return fmt.Errorf("%s is there without its index: bring that back, or begin anew in another folder", d.file(name))
		}
		if !ours && !strings.HasSuffix(name, tempSuffix) {
			continue
		}
		if err := os.Remove(d.file(name)); err != nil {
			return err
		}
	}
	return nil
}

// took notes a finished batch, which must be the next.
func (d *dir) took(name string, x Index) error {
	if x.First != d.sealed+1 {
		return fmt.Errorf("%s: the batch of the rows from %d on is missing before %s: "+
			"bring its files back, or begin anew in another folder", d.path, d.sealed+1, name)
	}
	d.batches, d.sealed = append(d.batches, name), x.Last
	return nil
}

func readIndex(path string) (Index, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Index{}, err
	}
	x, err := ParseIndex(b)
	if err != nil {
		return Index{}, fmt.Errorf("%s: %w", path, err)
	}
	return x, nil
}

// write makes a small file appear whole.
func (d *dir) write(name, content string) error {
	p, err := d.create(name, secretMode, nil)
	if err != nil {
		return err
	}
	defer p.discard()
	if _, err := io.WriteString(p, content); err != nil {
		return err
	}
	return p.install(name)
}

// sync makes the names of files durable.
func (d *dir) sync() error { return syncDir(d.path) }

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
