// SPDX-License-Identifier: Apache-2.0

package fsck_test

import (
	"crypto/sha256"
	"syscall"
	"testing"
	"time"

	tesseraclient "github.com/transparency-dev/tessera/client"
	tesserafsck "github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"

	"cocket.example/client/fsck"
	"cocket.example/internal/tile"
)

// theirs checks the log with Tessera's checker.
func (w *world) theirs(t testing.TB) error {
	t.Helper()
	key := must(note.NewVerifier(w.key.String()))
	files := &tesseraclient.FileFetcher{Root: w.dir + "/"}
	return tesserafsck.New(origin, key, files, hashBundle, tesserafsck.Opts{N: 2}).Check(t.Context())
}

func hashBundle(bundle []byte) (hashes [][]byte, err error) {
	for len(bundle) > 0 {
		var entry []byte
		if entry, bundle, err = tile.CutEntry(bundle); err != nil {
			return nil, err
		}
		hash := sha256.Sum256(append([]byte{0}, entry...))
		hashes = append(hashes, hash[:])
	}
	return hashes, nil
}

// TestTessera: what is good here is good there, and what is damaged is not.
func TestTessera(t *testing.T) {
	for _, size := range []int{1, 255, 256, 257, 65537} {
		w := build(t, size, 0)
		if err := w.theirs(t); err != nil || !w.check(t).Good() {
			t.Errorf("size %d: %v", size, err)
		}
	}
	w := build(t, 700, 0)
	w.damage(t, "tile/0/001", harms["flipped"])
	if err := w.theirs(t); err == nil || w.check(t).Good() {
		t.Error("a flipped bit was not seen")
	}
}

// BenchmarkCheck compares the two on one log of 400-byte entries.
func BenchmarkCheck(b *testing.B) {
	const size = 300_000
	w := build(b, size, 400)
	rate := func(check func() error) func(*testing.B) {
		return func(b *testing.B) {
			var before syscall.Rusage
			syscall.Getrusage(syscall.RUSAGE_SELF, &before)
			for b.Loop() {
				if err := check(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(size*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			var after syscall.Rusage
			syscall.Getrusage(syscall.RUSAGE_SELF, &after)
			cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
			b.ReportMetric(size*float64(b.N)/cpu.Seconds(), "entries/cpu-s")
		}
	}
	b.Run("tessera", rate(func() error { return w.theirs(b) }))
	b.Run("cocket", rate(func() error { _, err := fsck.Check(b.Context(), w.config()); return err }))
}
