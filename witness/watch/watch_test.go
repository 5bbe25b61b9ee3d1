// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/client/fsck"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
	"cocket.example/witness"
)

// checkMirror checks every byte of a mirror.
func checkMirror(t testing.TB, dir string, key receipt.VerifierKey) fsck.Report {
	t.Helper()
	report, err := fsck.Check(t.Context(), fsck.Config{Source: fsck.Dir(dir), Key: &key})
	if err != nil || !report.Good() {
		t.Fatalf("mirror: %+v, %v", report, err)
	}
	return report
}

// TestGrows follows a log through the sizes around the edges of tiles, with a mirror that is whole
// after each of the small ones and has no partial tile too many.
func TestGrows(t *testing.T) {
	p := newPaper(t, "log.example/a", 66_000)
	mirror := filepath.Join(t.TempDir(), "mirror")
	s := newSite(t, quick, publish(t, p, mirror))
	last := uint64(0)
	for _, size := range []uint64{0, 1, 2, 255, 256, 257, 511, 512, 700, 3000, 65_535, 65_536, 65_537, 66_000} {
		s.want(200, p, last, size)
		s.await(p, size)
		if last = size; size > 0 && size <= 3000 || size == 66_000 {
			s.idle(p)
			checkMirror(t, mirror, p.key)
		}
	}
	partial, err := filepath.Glob(mirror + "/tile/*/x*/*.p")
	more, err2 := filepath.Glob(mirror + "/tile/*/*.p")
	// 66,000 = 257 bundles and 208 entries: a partial one of each of entries, level 0, 1 and 2.
	if n := len(partial) + len(more); n != 4 || err != nil || err2 != nil {
		t.Errorf("partial tiles %q %q, want 4", partial, more)
	}
	if log := s.logged.String(); strings.Contains(log, "level=WARN") {
		t.Errorf("logged:\n%s", log)
	}
}

// TestWhileReading: roots of sizes that were cosigned while others were read are checked as well.
func TestWhileReading(t *testing.T) {
	p := newPaper(t, "log.example/a", 3000)
	s := newSite(t, quick, publish(t, p, ""))
	p.set(func() { p.down = http.StatusServiceUnavailable })
	last := uint64(0)
	for size := uint64(100); size <= 3000; size += 100 {
		s.want(200, p, last, size)
		last = size
	}
	p.set(func() { p.down = 0 })
	s.await(p, 3000)
	if n := p.asked(tile.Ref{Entries: true, Index: 0, Width: 256}); n > 5 {
		t.Errorf("a bundle was asked for %d times", n)
	}
}

// TestQueue: it is bounded, and keeps the oldest and the newest.
func TestQueue(t *testing.T) {
	var q queue
	for i := range uint64(1000) {
		q = q.with(signed{checkpoint: receipt.Checkpoint{Size: 10 + i}})
		if len(q) > maxQueue || q[0].checkpoint.Size != 10 || q[len(q)-1].checkpoint.Size != 10+i {
			t.Fatalf("after %d: %d from %d to %d", i, len(q), q[0].checkpoint.Size, q[len(q)-1].checkpoint.Size)
		}
	}
	if s, ok := q.after(10); !ok || s.checkpoint.Size != 11 {
		t.Errorf("after 10 comes %d", s.checkpoint.Size)
	}
	if _, ok := q.after(1009); ok {
		t.Error("something comes after the newest")
	}
	if n := len(q.without(1009)); n != 0 {
		t.Errorf("%d are left", n)
	}
}

// TestLag: in the time of the specification, with the defaults. A restart does not begin the hour anew,
// sizes that stay the same are cosigned all the time, and what is had again ends it.
func TestLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaper(t, "log.example/a", 1000)
		log := Log{Log: witness.Log{Keys: []receipt.VerifierKey{p.key}, URL: "http://log.example"}}
		s := newSite(t, Config{Transport: p}, log)
		s.want(200, p, 0, 300)
		time.Sleep(time.Minute)
		if got := s.proven(p); got != 300 {
			t.Fatalf("%d is proven after a minute; logged\n%s", got, s.logged)
		}
		hidden := tile.Ref{Entries: true, Index: 1, Width: 256}
		p.set(func() { p.status[hidden] = http.StatusNotFound })
		began := time.Now()
		s.want(200, p, 300, 600)
		latest := uint64(600)
		for range 5 {
			time.Sleep(10 * time.Minute)
			s.want(200, p, latest, latest) // which says nothing of when it was had
			s.stop()
			s.start()
			s.want(200, p, latest, latest+20) // within the hour
			latest += 20
		}
		time.Sleep(10*time.Minute - 2*time.Second) // timestamps have whole seconds
		s.want(200, p, latest, 700)
		time.Sleep(2 * time.Second)
		text := s.want(503, p, 700, 800)
		if want := "the entries of size 600 could not be had since " + began.UTC().Format(time.RFC3339); !strings.Contains(text, want) {
			t.Errorf("answer %q, want %q in it", text, want)
		}
		if err := s.watcher.Health(); err == nil || !strings.Contains(err.Error(), "size 600") {
			t.Errorf("health %v", err)
		}
		s.want(200, p, 700, 700) // a refresh
		p.set(func() { delete(p.status, hidden) })
		time.Sleep(6 * time.Minute) // the longest pause
		s.want(200, p, 700, 800)
		s.stop()
	})
}

// TestWrong: entries that hash to another root are read three times, then nothing larger is cosigned,
// also after a restart, and the evidence shows the leaf that the log has signed. The right entries end it.
func TestWrong(t *testing.T) {
	p := newPaper(t, "log.example/a", 1000)
	s := newSite(t, quick, publish(t, p, filepath.Join(t.TempDir(), "mirror")))
	s.want(200, p, 0, 300)
	s.await(p, 300)
	lie := func(ref tile.Ref, b []byte) []byte {
		if ref.Entries && ref.Index == 1 {
			b[len(b)-1] ^= 1 // of the last entry
		}
		return b
	}
	p.set(func() { p.change = lie })
	s.want(200, p, 300, 500)
	s.until(func() bool { return len(s.evidence()) > 0 }, "no evidence")
	s.until(func() bool { return s.watcher.Gate(p.key.Name) != nil }, "not gated")
	if text := s.want(503, p, 500, 600); !strings.Contains(text, "for size 500") {
		t.Errorf("answer %q", text)
	}
	s.want(200, p, 500, 500)
	s.stop()
	s.start()
	s.want(503, p, 500, 600)
	e := s.evidence()[0]
	c, _, err := receipt.ParseCheckpoint([]byte(e.Held))
	if err != nil || c.Size != 500 || e.Kind != "served" || e.Served == nil || e.Served.Index != 499 {
		t.Fatalf("evidence %+v, %v", e, err)
	}
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, 499, 500, e.Served.Signed, e.Served.Proof, c.Root[:]); err != nil {
		t.Error(err)
	}
	p.set(func() { p.change = nil })
	s.await(p, 500)
	s.want(200, p, 500, 600)
	s.await(p, 600)
	s.idle(p)
	checkMirror(t, s.logs[0].Mirror, p.key)
	if n := len(s.evidence()); n != 1 {
		t.Errorf("%d pieces of evidence, want 1 for good", n)
	}
}

// TestDamagedOnTheWay: wrong entries that are right the next time are nobody's guilt.
func TestDamagedOnTheWay(t *testing.T) {
	p := newPaper(t, "log.example/a", 1000)
	s := newSite(t, quick, publish(t, p, ""))
	lies := 2
	p.set(func() {
		p.change = func(ref tile.Ref, b []byte) []byte {
			if ref.Entries && ref.Index == 1 && lies > 0 {
				b[2] ^= 1
				lies--
			}
			return b
		}
	})
	s.want(200, p, 0, 400)
	s.await(p, 400)
	if e := s.evidence(); len(e) > 0 {
		t.Errorf("evidence %+v", e)
	}
	s.want(200, p, 400, 500)
}

// TestResume: after a restart nothing is read again but the bundle that was not whole.
func TestResume(t *testing.T) {
	for name, mirror := range map[string]string{"range alone": "", "mirror": filepath.Join(t.TempDir(), "mirror")} {
		t.Run(name, func(t *testing.T) {
			p := newPaper(t, "log.example/a", 20_000)
			s := newSite(t, quick, publish(t, p, mirror))
			late := tile.Ref{Entries: true, Index: 70, Width: 256}
			p.set(func() { p.down = http.StatusServiceUnavailable })
			s.want(200, p, 0, 5000) // proven on the way, and never the mirror's
			s.want(200, p, 5000, 19_968)
			s.stop()
			p.set(func() { p.down, p.status[late] = 0, http.StatusServiceUnavailable })
			s.start()
			s.until(func() bool { return p.asked(late) > 2 }, "not as far")
			s.stop()
			first, again := tile.Ref{Entries: true, Index: 0, Width: 256}, tile.Ref{Entries: true, Index: 63, Width: 256}
			p.set(func() { clear(p.status); clear(p.requests) })
			s.start()
			s.await(p, 19_968)
			s.idle(p)
			if p.asked(first)+p.asked(again) > 0 {
				t.Error("what was read before was read again")
			}
			p.set(func() { clear(p.requests) })
			s.stop()
			s.start()
			s.want(200, p, 19_968, 20_000)
			s.await(p, 20_000)
			if n := p.asked(tile.Ref{Entries: true, Index: 77, Width: 256}); n > 0 {
				t.Errorf("a proven bundle was read %d times again", n)
			}
			if mirror != "" {
				s.idle(p)
				checkMirror(t, mirror, p.key)
			}
		})
	}
}

// TestOthersGoOn: a log that does not answer at all keeps no other one waiting.
func TestOthersGoOn(t *testing.T) {
	good, bad := newPaper(t, "log.example/a", 1000), newPaper(t, "log.example/b", 1000)
	gone := publish(t, bad, "")
	gone.URL = "http://127.0.0.1:1" // where nobody listens
	s := newSite(t, quick, publish(t, good, ""), gone)
	s.want(200, bad, 0, 500)
	for last := uint64(0); last < 1000; last += 100 {
		s.want(200, good, last, last+100)
		s.await(good, last+100)
	}
	if s.proven(bad) != 0 {
		t.Error("entries that nobody serves are proven")
	}
}

// TestSetLogs: logs come and go while it runs.
func TestSetLogs(t *testing.T) {
	p, q := newPaper(t, "log.example/a", 1000), newPaper(t, "log.example/b", 1000)
	a, b := publish(t, p, ""), publish(t, q, "")
	s := newSite(t, quick, a)
	s.logs = []Log{a, b}
	if err := s.witness.SetLogs([]witness.Log{{Keys: a.Keys}, {Keys: b.Keys}}); err != nil {
		t.Fatal(err)
	}
	s.want(200, q, 0, 500) // cosigned before it is watched
	if err := s.watcher.SetLogs(s.logs); err != nil {
		t.Fatal(err)
	}
	s.await(q, 500)
	if err := s.watcher.SetLogs([]Log{b}); err != nil {
		t.Fatal(err)
	}
	s.want(200, p, 0, 300)
	a.URL += "/"
	for _, wrong := range [][]Log{{a, a}, {{Log: witness.Log{Keys: a.Keys}}}, {{}}} {
		if err := s.watcher.SetLogs(wrong); err == nil {
			t.Errorf("%v is accepted", wrong)
		}
	}
	if err := s.watcher.SetLogs([]Log{a, b}); err != nil {
		t.Fatal(err)
	}
	s.await(p, 300)
}

// TestMended: a log whose mirror is in the way is gated until it is mended and the logs are set anew.
func TestMended(t *testing.T) {
	p := newPaper(t, "log.example/a", 1000)
	l := publish(t, p, "")
	s := newSite(t, quick, l)
	l.Mirror = filepath.Join(t.TempDir(), "mirror")
	other := filepath.Join(l.Mirror, "other")
	if err := errors.Join(os.Mkdir(l.Mirror, 0o755), os.WriteFile(other, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.watcher.SetLogs([]Log{l}); !errors.Is(err, ErrNotOpened) || s.watcher.Gate(l.Origin()) == nil {
			t.Fatalf("set with %v, gate %v", err, s.watcher.Gate(l.Origin()))
		}
	}
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	if err := s.watcher.SetLogs([]Log{l}); err != nil || s.watcher.Gate(l.Origin()) != nil {
		t.Errorf("mended: %v, gate %v", err, s.watcher.Gate(l.Origin()))
	}
}
