// SPDX-License-Identifier: Apache-2.0

package fsck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cocket.example/internal/tile"
)

// Repair of a log in a directory. Whoever calls it holds the writer's lock of the directory.
type Repair struct {
	Dir    Dir
	Check  Config // Source is not used; a Key or Policy is wanted
	Mirror Source // from which damaged bundles are fetched; nil: only tiles are rebuilt

	// Remains holds entries that the log still has elsewhere, its write-ahead log; it is asked
	// before Mirror. nil: there are none.
	Remains interface {
		ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error)
	}
}

// maxRepaired bounds how many resources one repair replaces: their new bytes are staged.
const maxRepaired = 4096

// A Repaired resource was replaced; what stood there is kept beside it as <path>.damaged.
type Repaired struct {
	Path string `json:"path"`
	From string `json:"from"` // "tree"; of a bundle "write-ahead log", "mirror", or "copy" for its second one
}

// Run replaces what is damaged, in four steps, and returns how the log stands after them:
//
//	check ▸ get damaged bundles, each staged as <path>.repair ▸ check with those in the place of the
//	damaged ones ▸ install what follows from the signed root, and only that
//
// A staged bundle, or a tile rebuilt from below, is installed only where the whole gives the signed
// root. Checkpoint, journal, state and write-ahead log are never touched.
func (r Repair) Run(ctx context.Context) (Report, []Repaired, error) {
	if r.Check.Key == nil && r.Check.Policy == nil {
		return Report{}, nil, errors.New("repair measures by the signed checkpoint: give the log's key or a policy")
	}
	c := r.Check
	c.Resume, c.Limit, c.Source = "", maxRepaired, r.Dir
	report, tie, err := check(ctx, c)
	if err != nil || report.Good() || report.Signature == Broken || report.Root == nil {
		return report, nil, err
	}
	staged := &overlay{Dir: r.Dir, paths: make(map[string]string)}
	defer staged.drop()
	if err := r.fetch(ctx, report, staged); err != nil {
		return report, nil, err
	}
	c.Source = staged
	if len(staged.paths) > 0 || !report.Proven {
		if report, tie, err = check(ctx, c); err != nil {
			return report, nil, err
		}
	}
	if !report.Proven && tie {
		c.trustTiles = true
		if report, _, err = check(ctx, c); err != nil {
			return report, nil, err
		}
	}
	if !report.Proven {
		return r.after(ctx, nil)
	}
	repaired, err := r.install(report, staged)
	if err != nil {
		return report, repaired, err
	}
	return r.after(ctx, repaired)
}

// after checks once more, so that the report says how it is now.
func (r Repair) after(ctx context.Context, repaired []Repaired) (Report, []Repaired, error) {
	c := r.Check
	c.Resume, c.Source = "", r.Dir
	report, _, err := check(ctx, c)
	return report, repaired, err
}

// fetch stages the damaged bundles. What is not to be had is left damaged.
func (r Repair) fetch(ctx context.Context, report Report, staged *overlay) error {
	for _, d := range report.Damages {
		if !d.ref.Entries || d.Path != d.ref.Path() {
			continue
		}
		b, from, err := r.candidate(ctx, d.ref)
		if err != nil {
			if _, failed := unreadable(err); failed != nil {
				return fmt.Errorf("mirror: %w", failed)
			}
			continue
		}
		if old, err := r.Dir.ReadBundle(ctx, d.ref.Index, d.ref.Width); err == nil && bytes.Equal(old, b) {
			continue // it was only suspected
		}
		if err := staged.add(d.Path, from, b); err != nil {
			return err
		}
	}
	return nil
}

// candidate returns what the write-ahead log has of a bundle, else the mirror's, or without a mirror the
// log's own second copy, and says which.
func (r Repair) candidate(ctx context.Context, ref tile.Ref) (b []byte, from string, err error) {
	if r.Remains != nil {
		if b, err := r.Remains.ReadBundle(ctx, ref.Index, ref.Width); err == nil {
			return b, "write-ahead log", nil
		}
	}
	if r.Mirror != nil {
		b, err = r.Mirror.ReadBundle(ctx, ref.Index, ref.Width)
		return b, "mirror", err
	}
	if ref.Width == tile.Width {
		return nil, "", errMissing
	}
	b, _, err = r.Dir.readCopy(ref)
	return b, "copy", err
}

// install puts into place what the proven tree says.
func (r Repair) install(report Report, staged *overlay) (repaired []Repaired, err error) {
	for _, d := range report.Damages {
		staged.remove(d.Path) // what was fetched is damaged too
		if d.rebuilt == nil || strings.HasPrefix(d.Path, "edge/") && !r.whole(d) {
			continue
		}
		if err := r.Dir.stage(d.Path, d.rebuilt); err != nil {
			return repaired, err
		}
		if err := r.Dir.replace(d.Path); err != nil {
			return repaired, err
		}
		repaired = append(repaired, Repaired{Path: d.Path, From: "tree"})
	}
	for _, path := range slices.Sorted(maps.Keys(staged.paths)) {
		if err := r.Dir.replace(path); err != nil {
			return repaired, err
		}
		repaired = append(repaired, Repaired{Path: path, From: staged.paths[path]})
		delete(staged.paths, path)
	}
	return repaired, nil
}

// whole reports whether a growing file holds no more than the checkpoint covers. What lies beyond
// it is the write-ahead log's to restore, and is not cut off here.
func (r Repair) whole(d Damage) bool {
	info, err := os.Stat(r.Dir.path(d.Path))
	return err == nil && info.Size() <= int64(len(d.rebuilt))
}

const (
	repairSuffix  = ".repair"
	damagedSuffix = ".damaged"
)

// stage writes a new file beside the damaged one: mkdir -p · write · fsync.
func (d Dir) stage(path string, b []byte) error {
	name := d.path(path)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(name+repairSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// replace installs a staged file, and keeps what it replaces:
//
//	link <path> → <path>.damaged · rename <path>.repair → <path> · fsync of each directory up to the log's
func (d Dir) replace(path string) error {
	name := d.path(path)
	if err := keepDamaged(name); err != nil {
		return fmt.Errorf("keeping %s: %w", path, err)
	}
	if err := os.Rename(name+repairSuffix, name); err != nil {
		return err
	}
	for dir := filepath.Dir(name); ; dir = filepath.Dir(dir) {
		if err := syncDir(dir); err != nil {
			return err
		}
		if dir == filepath.Clean(string(d)) || dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// keepDamaged keeps the damaged file; an earlier one gives way. One that is missing is not kept.
func keepDamaged(name string) error {
	if err := os.Remove(name + damagedSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Link(name, name+damagedSuffix); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// overlay is the directory with staged bundles in the place of damaged ones.
type overlay struct {
	Dir
	paths map[string]string // where it is from
}

func (o *overlay) add(path, from string, b []byte) error {
	o.paths[path] = from
	return o.stage(path, bytes.Clone(b))
}

func (o *overlay) remove(path string) {
	if o.paths[path] != "" {
		delete(o.paths, path)
		os.Remove(o.path(path) + repairSuffix) // one that stays does no harm: no name of a log ends so
	}
}

// drop removes what was staged and not installed.
func (o *overlay) drop() {
	for path := range o.paths {
		o.remove(path)
	}
}

// ReadBundle reads the staged bundle, if there is one.
func (o *overlay) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	ref := tile.Ref{Entries: true, Index: index, Width: width}
	if path := ref.Path(); o.paths[path] != "" {
		return readBounded(o.path(path)+repairSuffix, maxBundle)
	}
	return o.Dir.ReadBundle(ctx, index, width)
}
