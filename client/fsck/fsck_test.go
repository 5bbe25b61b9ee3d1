// SPDX-License-Identifier: Apache-2.0

package fsck_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cocket.example/client/fsck"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// sizes stand around the edges of tiles and ranges.
var sizes = []int{0, 1, 255, 256, 257, 511, 512, 65535, 65536, 65537}

func TestGood(t *testing.T) {
	for _, size := range sizes {
		w := build(t, size, 0)
		var done, total uint64
		c := w.config()
		c.Progress = func(d, n uint64) { done, total = d, n }
		report, err := fsck.Check(t.Context(), c)
		if err != nil || !report.Good() || report.Signature != fsck.ByKey || report.Entries != uint64(size) {
			t.Fatalf("size %d: %+v, %v", size, report, err)
		}
		if done != uint64(size) || total != uint64(size) {
			t.Errorf("size %d: progress ended at %d of %d", size, done, total)
		}
	}
}

// TestEveryFile damages one file after another, in every way, and wants it named, and no other.
func TestEveryFile(t *testing.T) {
	for _, size := range []int{1, 255, 256, 257, 511} {
		w := build(t, size, 0)
		for _, name := range w.files(t) {
			w.named(t, name, slices.Collect(maps.Keys(harms))...)
		}
	}
}

// TestKinds damages one file of every kind in larger logs, where the full check takes longer.
func TestKinds(t *testing.T) {
	for _, size := range []int{65535, 65536, 65537, 70000} {
		w := build(t, size, 0)
		kinds := make(map[string]bool)
		for _, name := range w.files(t) {
			dir := filepath.Dir(name)
			if kind := dir + fmt.Sprint(strings.Contains(name, ".p/"), name == "tile/0/100"); !kinds[kind] {
				kinds[kind] = true
				w.named(t, name, "flipped", "missing")
			}
		}
	}
}

// named damages a file in these ways, and puts it back.
func (w *world) named(t *testing.T, name string, hows ...string) {
	t.Helper()
	whole := w.read(t, name)
	growing := strings.HasPrefix(name, "edge/")
	for _, how := range hows {
		harm := harms[how]
		if harm == nil && (growing || name == "checkpoint" || strings.Contains(name, ".p/")) {
			continue // read from the other copy; a log without checkpoint is none
		}
		if how == "longer" && growing {
			continue // it may be ahead of the checkpoint
		}
		w.damage(t, name, harm)
		report := w.check(t)
		want := []string{filepath.ToSlash(name)}
		if got := paths(report); !slices.Equal(got, want) || report.Damaged != 1 || report.Good() {
			t.Errorf("%s %s: found %v, %+v", name, how, got, report.Damages)
		}
		if name != "checkpoint" && !report.Proven {
			t.Errorf("%s %s: the rest does not give the root", name, how)
		}
		w.write(t, name, whole)
	}
}

func paths(r fsck.Report) (names []string) {
	for _, d := range r.Damages {
		names = append(names, d.Path)
	}
	return names
}

// TestGoesOn finds every one of many damages, lists as many as it may, and counts them all.
func TestGoesOn(t *testing.T) {
	w := build(t, 70000, 0)
	var want []string
	for i := uint64(0); i < 240; i += 2 {
		ref := tile.Ref{Entries: i%4 == 0, Index: i, Width: 256}
		w.damage(t, ref.Path(), harms["flipped"])
		want = append(want, ref.Path())
	}
	report := w.check(t)
	if report.Damaged != 120 || len(report.Damages) != 100 || !slices.Equal(paths(report), want[:100]) {
		t.Fatalf("%d found, %d listed: %v", report.Damaged, len(report.Damages), paths(report))
	}
}

// TestUnproven: where a part is lost altogether the root proves nothing, and no more is blamed than
// is known to be wrong.
func TestUnproven(t *testing.T) {
	w := build(t, 700, 0)
	lost := []string{"tile/entries/000", "tile/0/000", "tile/1/000.p/2"}
	for _, name := range lost {
		w.remove(t, name)
	}
	w.remove(t, "edge")
	w.damage(t, "tile/0/002.p/188", harms["truncated"])
	want := append(lost, "tile/0/002.p/188")
	if report := w.check(t); report.Proven || !slices.Equal(paths(report), want) {
		t.Errorf("%+v", report)
	}
}

// TestConsistentForgery replaces an entry with everything above it but the checkpoint.
func TestConsistentForgery(t *testing.T) {
	w, other := build(t, 300, 0), build(t, 300, 30)
	checkpoint := w.read(t, "checkpoint")
	w.remove(t, "tile")
	w.remove(t, "edge")
	if err := os.CopyFS(w.dir+"/tile", os.DirFS(other.dir+"/tile")); err != nil {
		t.Fatal(err)
	}
	w.write(t, "checkpoint", checkpoint)
	if report := w.check(t); report.Good() || report.Damaged != 1 || paths(report)[0] != "checkpoint" {
		t.Fatalf("%+v", report)
	}
}

func TestCheckpoint(t *testing.T) {
	w, other := build(t, 300, 0), build(t, 1, 0)
	policy := must(receipt.ParsePolicy([]byte("log " + w.key.String() + "\nquorum none\n")))
	for name, x := range map[string]struct {
		key    *receipt.VerifierKey
		policy *receipt.Policy
		want   fsck.Signature
		good   bool
	}{
		"key":       {&w.key, nil, fsck.ByKey, true},
		"policy":    {nil, &policy, fsck.ByPolicy, true},
		"none":      {nil, nil, fsck.NotChecked, true},
		"other key": {&other.key, nil, fsck.Broken, false},
	} {
		report, err := fsck.Check(t.Context(), fsck.Config{Source: fsck.Dir(w.dir), Key: x.key, Policy: x.policy})
		if err != nil || report.Signature != x.want || report.Good() != x.good {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
	w.sign(t, 1<<62, [32]byte{}) // signed, and far beyond what is there
	if report := w.check(t); report.Good() || report.Damaged < 100 {
		t.Errorf("%+v", report)
	}
	w.remove(t, "checkpoint")
	if _, err := fsck.Check(t.Context(), w.config()); err == nil {
		t.Error("a directory without a checkpoint was checked")
	}
}

// stopping is a Source that fails once it was asked for a bundle.
type stopping struct {
	fsck.Dir
	at   uint64
	stop func()
}

func (s stopping) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	if index == s.at {
		s.stop()
		return nil, ctx.Err()
	}
	return s.Dir.ReadBundle(ctx, index, width)
}

func TestResume(t *testing.T) {
	w := build(t, 3<<16+100, 0)
	c := w.config()
	c.Resume = filepath.Join(t.TempDir(), "marks")
	ctx, cancel := context.WithCancel(t.Context())
	c.Source = stopping{fsck.Dir(w.dir), 600, cancel} // in range 2
	if _, err := fsck.Check(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	marks := must(os.ReadFile(c.Resume))
	if got := bytes.Count(marks, []byte("\n")); got != 4 { // two of head, two ranges
		t.Fatalf("%s", marks)
	}
	if err := os.WriteFile(c.Resume, append(marks, "2 torn"...), 0o644); err != nil {
		t.Fatal(err)
	}
	c.Source = fsck.Dir(w.dir)
	report, err := fsck.Check(t.Context(), c)
	if err != nil || !report.Good() || report.Resumed != 2<<16 || report.Entries != 1<<16+100 {
		t.Fatalf("%+v, %v", report, err)
	}
	if _, err := os.Stat(c.Resume); !os.IsNotExist(err) {
		t.Error("the file of a check that came to its end is still there")
	}
	// Another checkpoint begins anew; what is no such file is not overwritten.
	other := bytes.Replace(marks, []byte(" 196708 "), []byte(" 196709 "), 1)
	if err := os.WriteFile(c.Resume, other, 0o644); err != nil {
		t.Fatal(err)
	}
	if report, err := fsck.Check(t.Context(), c); err != nil || report.Resumed != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if err := os.WriteFile(c.Resume, []byte("mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := fsck.Check(t.Context(), c); err == nil || string(must(os.ReadFile(c.Resume))) != "mine\n" {
		t.Errorf("a stranger's file was taken: %v", err)
	}
}
