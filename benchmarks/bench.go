// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// bench is one run of the program.
type bench struct {
	options
	root     string // everything lies below it
	progress io.Writer
	began    time.Time
	built    bool // the programs lie in root/bin
	dirs     int

	warm, measured time.Duration // of one load by time; what comes first does not count
	rounds         int           // in which the sides of a ratio take turns
}

func newBench(o options, progress io.Writer) (*bench, error) {
	parent := o.dir
	if parent == "" {
		parent = defaultDir()
	}
	root, err := os.MkdirTemp(parent, "cocket-benchmarks-")
	if err != nil {
		return nil, fmt.Errorf("--dir: %w", err)
	}
	if root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	spread(root)
	b := &bench{options: o, root: root, progress: progress, began: time.Now()}
	b.warm, b.measured = full(b, 3*time.Second, 500*time.Millisecond), full(b, 8*time.Second, 3*time.Second)
	b.rounds = full(b, 3, 2)
	return b, nil
}

// spread asks ext4 to put each folder below root into a part of the disk of its own, so that what was
// made and deleted elsewhere does not slow one of them. Other file systems refuse, which does no harm.
func spread(root string) {
	const topOfHierarchy = 0x00020000 // FS_TOPDIR_FL, chattr +T
	f, err := os.Open(root)
	if err != nil {
		return
	}
	defer f.Close()
	if flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS); err == nil {
		_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags|topOfHierarchy)
	}
}

// defaultDir is the system's temporary folder, unless that is in memory.
func defaultDir() string {
	var stat unix.Statfs_t
	if err := unix.Statfs(os.TempDir(), &stat); err == nil && stat.Type == unix.TMPFS_MAGIC {
		return "."
	}
	return os.TempDir()
}

func (b *bench) close() error { return os.RemoveAll(b.root) }

// say reports progress.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "%6.1fs  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// measure runs the groups that are asked for. One that fails does not stop the others.
func (b *bench) measure(ctx context.Context) (all results, err error) {
	for _, g := range groups {
		if !b.wants(g.figures...) || ctx.Err() != nil {
			continue
		}
		b.say("%s", g.title)
		r, groupErr := g.run(ctx, b)
		if groupErr != nil {
			b.say("%s failed: %v", g.title, groupErr)
			err = errors.Join(err, fmt.Errorf("%s: %w", g.title, groupErr))
		}
		for _, f := range r.figures {
			if b.wants(f.Name) {
				all.figures = append(all.figures, f)
				b.say("%s = %.4g", f.Name, f.Value)
			}
		}
		all.plots = append(all.plots, r.plots...)
	}
	return all, err
}

// full is one of two values: that of a full run, or that of a quick one.
func full[T any](b *bench, full, quick T) T {
	if b.quick {
		return quick
	}
	return full
}

// newDir makes a folder.
func (b *bench) newDir(name string) (string, error) {
	b.dirs++
	dir := filepath.Join(b.root, fmt.Sprintf("%03d-%s", b.dirs, name))
	return dir, os.Mkdir(dir, 0o755)
}

// withDir runs f with a folder of its own that is empty afterwards, and with nothing left over from
// before that the disk is still busy with.
func (b *bench) withDir(name string, f func(dir string) error) error {
	dir, err := b.newDir(name)
	if err != nil {
		return err
	}
	unix.Sync()
	return errors.Join(f(dir), empty(dir))
}

// empty gives the space of the files in a folder back. Their names stay until the end: ext4 passes
// over inodes that were deleted a short while ago, one by one, whenever it makes a file, which would
// slow whatever is measured next by half.
func empty(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return os.Truncate(path, 0)
	})
}

// program returns the path of a program of this project, built from this source.
func (b *bench) program(ctx context.Context, name string) (string, error) {
	bin := filepath.Join(b.root, "bin")
	if !b.built {
		b.say("building the programs")
		out, err := exec.CommandContext(ctx, "go", "build", "-o", bin+string(filepath.Separator),
			"cocket.example/cmd/cocket", "cocket.example/cmd/cocketd", "cocket.example/cmd/cocket-witness").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("building the programs, run this inside the source tree: %w: %s", err, out)
		}
		b.built = true
	}
	return filepath.Join(bin, name), nil
}
