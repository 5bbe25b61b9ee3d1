// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/cmd/cocket/internal/whole"
)

// Names of the files of a folder. Those of a batch begin with its rows, as rows-0000002-0010001.
const (
	manifestName = "manifest"
	lockName     = "lock"
	summaryName  = "summary"
	refusedName  = "refused.csv"

	pendingSuffix = openings.Entries + ".part" // entries whose openings are not there yet
	refusedSuffix = ".refused"                 // rows as in refused.csv, until that is there
)

// What a folder may hold of ours. Everything else that lies there is somebody's, and left alone.
var (
	batchFile = regexp.MustCompile(
		`^(rows-[0-9]+-[0-9]+)(\.(?:index|entries|entries\.part|refused|openings\.jsonl(?:\.age)?))$`)
	tempFile = regexp.MustCompile(
		`^(?:rows(?:-[0-9]+-[0-9]+)?\.(?:index|entries|refused|openings\.jsonl)|manifest|summary|refused\.csv)` +
			`\.[0-9]+\.tmp$`)
)

const manifestHeader = "cocket-sheet/v1"

// restore is what can be done about files that are gone.
const restore = "bring its files back; begin anew in another folder only if nothing of this one was ever submitted"

// dir is the folder of the batches of one sheet. It is locked while it is open.
type dir struct {
	path    string
	lock    *os.File
	batches []string // names of the finished batches, in order
	sealed  int      // last row that they have
}

// open locks the folder, which is made unless it is there, compares its manifest with the lines wanted, and
// finishes what was broken off.
func open(path string, manifest []string) (*dir, error) {
	d := &dir{path: path, sealed: firstRow - 1}
	err := os.Mkdir(path, 0o755)
	if err == nil {
		err = whole.SyncDir(filepath.Dir(path))
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
	if there, err := d.has(manifestName); there || err != nil {
		return err
	}
	files, err := os.ReadDir(d.path)
	for _, f := range files {
		if f.Name() != lockName && !tempFile.MatchString(f.Name()) {
			return fmt.Errorf("%s holds %s already: choose a folder that is empty or not there", d.path, f.Name())
		}
	}
	return err
}

// has reports whether a file is there.
func (d *dir) has(name string) (bool, error) { return openings.There(d.file(name)) }

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

// covers refuses a folder that was finished and has lost batches since: their entries may be in the log.
func (d *dir) covers(rows int) error {
	if d.sealed == firstRow-1+rows {
		return nil
	}
	for _, name := range []string{summaryName, refusedName} {
		there, err := d.has(name)
		if err != nil {
			return err
		}
		if there {
			return fmt.Errorf("%s is there, which is written when all rows are sealed, "+
				"and the batch of the rows from %d on is gone: %s", d.file(name), d.sealed+1, restore)
		}
	}
	return nil
}

// took notes a finished batch, which must be the next.
func (d *dir) took(name string, x Index) error {
	if x.First != d.sealed+1 {
		return fmt.Errorf("%s: the batch of the rows from %d on is missing before %s: %s",
			d.path, d.sealed+1, name, restore)
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
	p, err := d.begin(name, content)
	if err != nil {
		return err
	}
	defer p.discard()
	if err := p.settle(); err != nil {
		return err
	}
	return p.name(name)
}

// begin begins a small file.
func (d *dir) begin(name, content string) (*part, error) {
	p, err := d.create(name, secretMode, nil)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(p, content); err != nil {
		p.discard()
		return nil, err
	}
	return p, nil
}

// sync makes the names of files durable.
func (d *dir) sync() error { return whole.SyncDir(d.path) }
