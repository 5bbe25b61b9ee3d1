// SPDX-License-Identifier: Apache-2.0

package fsck_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cocket.example/client/fsck"
)

func (w *world) repair(t *testing.T, mirror string) (fsck.Report, []fsck.Repaired) {
	t.Helper()
	r := fsck.Repair{Dir: fsck.Dir(w.dir), Check: fsck.Config{Key: &w.key}}
	if mirror != "" {
		r.Mirror = fsck.Dir(mirror)
	}
	report, repaired, err := r.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report, repaired
}

// mirror copies the log as it is.
func (w *world) mirror(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(w.dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestRepairEveryFile damages every file but the checkpoint in every way; with a mirror each comes
// back as it was, and the damaged one is kept.
func TestRepairEveryFile(t *testing.T) {
	for _, size := range []int{1, 255, 257, 700} {
		w := build(t, size, 0)
		mirror := w.mirror(t)
		for _, name := range w.files(t) {
			for how, harm := range harms {
				if name == "checkpoint" || harm == nil && size%256 > 0 && strings.Contains(name, ".p/") ||
					strings.HasPrefix(name, "edge/") && (harm == nil || how == "longer") {
					continue // see TestEveryFile
				}
				w.repaired(t, mirror, name, harm)
			}
		}
	}
}

func TestRepairLarge(t *testing.T) {
	w := build(t, 65537, 0)
	mirror := w.mirror(t)
	for _, name := range []string{"tile/0/100", "tile/1/000", "tile/2/000.p/1", "tile/entries/077", "tile/entries/256.p/1"} {
		w.repaired(t, mirror, name, harms["flipped"])
		w.repaired(t, mirror, name, harms["truncated"])
	}
}

func (w *world) repaired(t *testing.T, mirror, name string, harm func([]byte) []byte) {
	t.Helper()
	whole := w.read(t, name)
	w.damage(t, name, harm)
	var bad []byte
	if harm != nil {
		bad = w.read(t, name)
	}
	report, repaired := w.repair(t, mirror)
	if !report.Good() || len(repaired) != 1 || repaired[0].Path != filepath.ToSlash(name) {
		t.Errorf("%s: %+v, repaired %v", name, report, repaired)
	}
	if !bytes.Equal(w.read(t, name), whole) {
		t.Errorf("%s is not what it was", name)
	}
	if harm != nil && !bytes.Equal(w.read(t, name+".damaged"), bad) {
		t.Errorf("%s: the damaged file was not kept", name)
	}
	for _, f := range w.files(t) {
		if strings.HasSuffix(f, ".repair") {
			t.Errorf("%s was left behind", f)
		}
	}
	w.remove(t, name+".damaged")
	w.write(t, name, whole)
}

// TestRepairTogether loses bundles, the tiles above them, and the tile above those.
func TestRepairTogether(t *testing.T) {
	w := build(t, 70000, 0)
	mirror := w.mirror(t)
	w.damage(t, "tile/entries/007", harms["flipped"])
	w.damage(t, "tile/0/007", harms["flipped"])
	w.damage(t, "tile/0/008", harms["flipped"])
	w.damage(t, "tile/entries/009", nil)
	w.damage(t, "tile/0/009", nil)
	w.damage(t, "tile/1/000", nil)
	report, repaired := w.repair(t, mirror)
	if !report.Good() || len(repaired) != 6 {
		t.Fatalf("%+v, repaired %v", report, repaired)
	}
}

// TestRepairTiles loses every tile, and needs no mirror.
func TestRepairTiles(t *testing.T) {
	w := build(t, 70000, 0)
	for _, level := range []string{"tile/0", "tile/1", "tile/2", "edge"} {
		w.remove(t, level)
	}
	if report, repaired := w.repair(t, ""); !report.Good() || len(repaired) < 275 {
		t.Fatalf("%+v, repaired %d", report, len(repaired))
	}
}

// TestRepairDistrusts: what a lying mirror gives is not installed, and what can be repaired is.
func TestRepairDistrusts(t *testing.T) {
	w, liar := build(t, 700, 0), build(t, 700, 40)
	w.damage(t, "tile/entries/001", harms["flipped"])
	w.damage(t, "tile/0/000", harms["flipped"])
	bad := w.read(t, "tile/entries/001")
	report, repaired := w.repair(t, liar.dir)
	if report.Damaged != 1 || len(repaired) != 1 || repaired[0].Path != "tile/0/000" {
		t.Errorf("%+v, repaired %v", report, repaired)
	}
	if !bytes.Equal(w.read(t, "tile/entries/001"), bad) {
		t.Error("the lie was installed")
	}
	w.damage(t, "tile/0/001", harms["flipped"]) // now nothing of it is proven but by the root
	if report, repaired = w.repair(t, liar.dir); report.Good() || len(repaired) > 1 {
		t.Errorf("%+v, repaired %v", report, repaired)
	}
	if !bytes.Equal(w.read(t, "tile/entries/001"), bad) {
		t.Error("the lie was installed")
	}
}

// TestRepairNeedsKey: nothing is replaced by the word of an unproven checkpoint.
func TestRepairNeedsKey(t *testing.T) {
	w, other := build(t, 300, 0), build(t, 1, 0)
	w.damage(t, "tile/0/000", harms["flipped"])
	if _, _, err := (fsck.Repair{Dir: fsck.Dir(w.dir)}).Run(t.Context()); err == nil {
		t.Error("repaired without a key")
	}
	w.key = other.key
	if report, repaired := w.repair(t, ""); report.Good() || len(repaired) > 0 {
		t.Errorf("%+v, repaired %v", report, repaired)
	}
}

// TestRepairBeyond leaves a growing file alone that is ahead of the checkpoint.
func TestRepairBeyond(t *testing.T) {
	w := build(t, 300, 0)
	ahead := append(w.read(t, "edge/0-1"), make([]byte, 32)...)
	ahead[0] ^= 1
	w.write(t, "edge/0-1", ahead)
	report, repaired := w.repair(t, "")
	if report.Damaged != 1 || len(repaired) > 0 || !bytes.Equal(w.read(t, "edge/0-1"), ahead) {
		t.Errorf("%+v, repaired %v", report, repaired)
	}
}

// TestRepairCopy takes the last bundle from the growing file.
func TestRepairCopy(t *testing.T) {
	w := build(t, 300, 0)
	w.damage(t, "tile/entries/001.p/44", harms["flipped"])
	if report, repaired := w.repair(t, ""); !report.Good() || len(repaired) != 1 || repaired[0].From != "copy" {
		t.Errorf("%+v, repaired %v", report, repaired)
	}
}
