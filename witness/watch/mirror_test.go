// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cocket.example/client"
	"cocket.example/client/fsck"
	"cocket.example/internal/tile"
)

// filled has a mirror of 2000 entries, and no watcher that runs.
func filled(t *testing.T) (*site, *paper, string) {
	t.Helper()
	p := newPaper(t, "log.example/a", 3000)
	mirror := filepath.Join(t.TempDir(), "mirror")
	s := newSite(t, quick, publish(t, p, mirror))
	s.want(200, p, 0, 2000)
	s.await(p, 2000)
	s.idle(p)
	s.stop()
	return s, p, mirror
}

// TestRepairFrom: a log whose bundles were all damaged, or that has nothing left but its checkpoint, is
// repaired from the mirror, over a server of plain files.
func TestRepairFrom(t *testing.T) {
	_, p, mirror := filled(t)
	server := httptest.NewServer(http.FileServerFS(os.DirFS(mirror)))
	defer server.Close()
	from, err := client.New(client.Config{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	for name, harm := range map[string]func(path string, b []byte) error{
		"bundles": func(path string, b []byte) error {
			if !strings.Contains(path, "entries") {
				return errUnharmed
			}
			b[rand.N(len(b))] ^= 1
			return os.WriteFile(path, b, 0o644)
		},
		"all": func(path string, _ []byte) error { return os.Remove(path) },
	} {
		damaged := filepath.Join(t.TempDir(), "log")
		if err := os.CopyFS(damaged, os.DirFS(mirror)); err != nil {
			t.Fatal(err)
		}
		harmed := 0
		err := filepath.WalkDir(filepath.Join(damaged, "tile"), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if err == nil {
				err = harm(path, b)
			}
			if errors.Is(err, errUnharmed) {
				return nil
			}
			harmed++
			return err
		})
		if err != nil || harmed < 8 {
			t.Fatal(harmed, err)
		}
		repair := fsck.Repair{Dir: fsck.Dir(damaged), Mirror: from, Check: fsck.Config{Key: &p.key}}
		report, repaired, err := repair.Run(t.Context())
		if err != nil || !report.Good() || len(repaired) != harmed {
			t.Errorf("%s: %d of %d repaired: %+v, %v", name, len(repaired), harmed, report, err)
		}
	}
}

var errUnharmed = errors.New("left as it is")

// TestRefused: a directory that is not the log's own mirror is neither read nor written, and nothing
// larger is cosigned meanwhile.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(dir string) error
		want  string
	}{
		"other files": {func(dir string) error {
			return os.Remove(filepath.Join(dir, marker))
		}, "holds something else"},
		"other log": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, marker), []byte("log.example/b\n"), 0o644)
		}, "is of another log"},
		"damaged tile": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "tile/0/007.p/208"), make([]byte, 208*32), 0o644)
		}, "do not have the root"},
		"lost tile": {func(dir string) error {
			return os.RemoveAll(filepath.Join(dir, "tile/1"))
		}, "no such file"},
		"unsigned": {func(dir string) error {
			path := filepath.Join(dir, "checkpoint")
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, bytes.Replace(b, []byte("\n2000\n"), []byte("\n2001\n"), 1), 0o644)
		}, "signed"},
	} {
		t.Run(name, func(t *testing.T) {
			s, p, mirror := filled(t)
			if err := c.spoil(mirror); err != nil {
				t.Fatal(err)
			}
			before := listing(t, mirror)
			config := s.config
			config.Dir = filepath.Join(s.dir, "watch")
			s.logs[0].Mirror = ""
			s.start() // without the mirror all is well
			s.want(200, p, 2000, 2100)
			s.await(p, 2100)
			s.logs[0].Mirror = mirror
			err := s.watcher.SetLogs(s.logs)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if text := s.want(503, p, 2100, 2200); !strings.Contains(text, "cannot watch") {
				t.Errorf("answer %q", text)
			}
			if after := listing(t, mirror); after != before {
				t.Errorf("was written to:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
}

// listing is the names and sizes of all files.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			info, _ := d.Info()
			b.WriteString(path + " " + info.ModTime().String() + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestStateLost: a mirror goes on by itself, and one that begins later reads everything.
func TestStateLost(t *testing.T) {
	s, p, mirror := filled(t)
	if err := os.RemoveAll(filepath.Join(s.dir, "watch")); err != nil {
		t.Fatal(err)
	}
	first := tile.Ref{Entries: true, Index: 0, Width: 256}
	p.set(func() { clear(p.requests) })
	s.start()
	s.want(200, p, 2000, 2500)
	s.await(p, 2500)
	s.idle(p)
	checkMirror(t, mirror, p.key)
	if n := p.asked(first); n > 0 {
		t.Errorf("a bundle that is in the mirror was asked for %d times", n)
	}
	s.stop()
	s.logs[0].Mirror = filepath.Join(t.TempDir(), "another")
	s.start()
	s.await(p, 2500)
	s.idle(p)
	if report := checkMirror(t, s.logs[0].Mirror, p.key); report.Size != 2500 {
		t.Errorf("size %d", report.Size)
	}
}

// TestMirrorFails: where the mirror cannot be written, its size is not had, and is tried again.
func TestMirrorFails(t *testing.T) {
	p := newPaper(t, "log.example/a", 1000)
	mirror := filepath.Join(t.TempDir(), "mirror")
	s := newSite(t, quick, publish(t, p, mirror))
	inTheWay := filepath.Join(mirror, "checkpoint.new")
	if err := os.Mkdir(inTheWay, 0o755); err != nil {
		t.Fatal(err)
	}
	s.want(200, p, 0, 700)
	s.until(func() bool { return strings.Contains(s.logged.String(), "mirror: ") }, "no failure")
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	s.until(func() bool {
		_, err := os.Stat(filepath.Join(mirror, "checkpoint"))
		return err == nil
	}, "no checkpoint")
	s.idle(p)
	checkMirror(t, mirror, p.key)
}

// TestDiskNearlyFull: a mirror does not take the last of the disk; its size is not had until there is room.
func TestDiskNearlyFull(t *testing.T) {
	p := newPaper(t, "log.example/a", 1000)
	c := quick
	c.MinFree, c.Lag = 1<<62, time.Nanosecond
	s := newSite(t, c, publish(t, p, filepath.Join(t.TempDir(), "mirror")))
	s.want(200, p, 0, 700)
	s.until(func() bool { return strings.Contains(s.logged.String(), "free on the disk, want") }, "no failure")
	s.want(503, p, 700, 800)
	s.stop()
	s.config.MinFree = 0
	s.start()
	s.await(p, 700)
}

// TestOlderMirror: one that was put back to an older copy is brought up to date again.
func TestOlderMirror(t *testing.T) {
	s, p, mirror := filled(t)
	older := filepath.Join(t.TempDir(), "older")
	if err := os.CopyFS(older, os.DirFS(mirror)); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.want(200, p, 2000, 3000)
	s.await(p, 3000)
	s.idle(p)
	s.stop()
	s.logs[0].Mirror = older
	s.start()
	s.await(p, 3000)
	s.idle(p)
	if report := checkMirror(t, older, p.key); report.Size != 3000 {
		t.Errorf("size %d", report.Size)
	}
}
