// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cocket.example/cmd/cocket/internal/madeup"
	"cocket.example/internal/soak"
	"cocket.example/internal/strict"
)

// spoil breaks some of the rows of a sheet.
func spoil(sheet io.Reader) io.Reader {
	b, _ := io.ReadAll(sheet) // of memory
	all := strings.SplitAfter(string(b), "\n")
	for i := 7; i < len(all); i += 41 {
		all[i] = strings.Replace(all[i], ",B,", ",X,", 1)
	}
	for i := 300; i < min(360, len(all)); i++ { // whole batches
		all[i] = strings.Replace(all[i], ",B,", ",X,", 1)
	}
	return strings.NewReader(strings.Join(all, ""))
}

// TestSheetKilled kills the command at random, lets it go on, and wants every row once, and no batch changed whose
// entries were there.
func TestSheetKilled(t *testing.T) {
	soak.NoRace(t)
	kills := 0
	for round := range soak.Rounds(3, 100) {
		s := newTable(t, madeup.CertificateMap, spoil(madeup.Certificates(1500)), "--batch-size", "20")
		r := rand.New(rand.NewPCG(uint64(round), 1))
		before := make(map[string][32]byte)
		for done := false; !done; {
			cmd := s.start()
			timer := time.AfterFunc(time.Duration(r.IntN(600))*time.Millisecond, func() { cmd.Process.Kill() })
			err := cmd.Wait()
			timer.Stop()
			if status := cmd.ProcessState.ExitCode(); status > 1 {
				t.Fatalf("status %d: %v", status, err)
			}
			if done = cmd.ProcessState.Exited(); !done {
				kills++
			}
			after := s.files(".entries")
			for name, sum := range before {
				if after[name] != sum {
					t.Fatalf("%s was there and is another", name)
				}
			}
			before = after
		}
		if n := s.check(); n == 0 || len(s.refused()) < 60 {
			t.Fatalf("%d entries, %d rows refused", n, len(s.refused()))
		}
	}
	t.Logf("killed %d times", kills)
}

// TestSheetCrash breaks off between any two names of files, and wants every row once, and no opening changed that
// somebody could have filed. Neither submit nor take touches a batch before its entries are there.
func TestSheetCrash(t *testing.T) {
	soak.NoRace(t)
	s := newTable(t, madeup.CertificateMap, spoil(madeup.Certificates(400)), "--batch-size", "100")
	s.seal(1)
	const last = "rows-362-401"
	if whole := s.files(""); len(s.files(".index")) != 4 || whole[last+".entries"] == [32]byte{} {
		t.Fatalf("%q", s.names(""))
	}
	for name, c := range map[string]struct {
		pending bool     // the entries lie under the name that they have at first
		gone    []string // what else is not there yet
		kept    bool     // nothing may change
	}{
		"refused rows":         {false, []string{".entries", ".openings.jsonl", ".index"}, false},
		"index":                {false, []string{".entries", ".openings.jsonl"}, false},
		"pending entries":      {true, []string{".openings.jsonl"}, false},
		"openings":             {true, nil, true},
		"openings, no entries": {false, []string{".entries"}, true}, // which somebody removed
		"entries":              {false, nil, true},
	} {
		whole := s.files("")
		s.must(os.Remove(s.path("sealed/summary")))
		s.must(os.Rename(s.path("sealed/refused.csv"), s.path("refused.csv")))
		s.split(last)
		s.must(os.WriteFile(s.path("sealed/rows.entries.1.tmp"), []byte("cut sh"), 0o600))
		if c.pending {
			s.must(os.Rename(s.path("sealed/"+last+".entries"), s.path("sealed/"+last+".entries.part")))
		}
		for _, suffix := range c.gone {
			s.must(os.Remove(s.path("sealed/" + last + suffix)))
		}
		if name != "entries" {
			s.unfinished(name, c.kept)
		}
		s.seal(1)
		s.check()
		for file, sum := range s.files("") {
			if same := whole[file] == sum; same != (c.kept || !strings.HasPrefix(file, last)) {
				t.Errorf("broken off behind %s: %s is the same: %v", name, file, same)
			}
		}
	}
	// Refused rows that are joined are not joined again, since somebody may be mending them.
	s.must(os.WriteFile(s.path("sealed/refused.csv"), []byte("mended"), 0o600))
	s.must(os.WriteFile(s.path("sealed/"+last+".refused"), nil, 0o600))
	s.seal(1)
	if b, _ := os.ReadFile(s.path("sealed/refused.csv")); string(b) != "mended" || len(s.files(".refused")) > 0 {
		t.Errorf("refused rows are %q, and %q", b, s.names(".refused"))
	}
}

// unfinished wants submit and take to leave the last batch alone.
func (s *table) unfinished(name string, opened bool) {
	var out bytes.Buffer
	if got := run([]string{"take", s.path("sealed"), "--row", "399", "--out", s.path("taken.json")}, &out, &out); got != 2 {
		s.t.Errorf("broken off behind %s: an opening is given away:\n%s", name, &out)
	}
	if !opened {
		return
	}
	for _, path := range []string{s.path("sealed"), s.path("sealed/rows-362-401.openings.jsonl")} {
		if _, err := findSources([]string{path}, toSubmit); err == nil || !strings.Contains(err.Error(), "is unfinished") {
			s.t.Errorf("broken off behind %s: %s can be filed: %v", name, path, err)
		}
	}
}

// TestSheetCrashEncrypted: pending entries do for openings that cannot be read. Without them nothing is removed.
func TestSheetCrashEncrypted(t *testing.T) {
	s := newTable(t, madeup.ImportMap, madeup.Import(9), "--batch-size", "5", "--recipient", recipient)
	s.seal(0)
	whole := s.files("")
	const last = "sealed/rows-07-10.entries"
	s.must(os.Remove(s.path("sealed/summary")))
	s.must(os.Rename(s.path(last), s.path(last+".part")))
	s.seal(0)
	s.same(whole)
	s.must(os.Rename(s.path(last), s.path("entries")))
	if said := s.seal(2); !strings.Contains(said, last+" is gone, and its openings are encrypted: bring its files back") {
		t.Error(said)
	}
	s.must(os.Rename(s.path("entries"), s.path(last)))
	s.seal(0)
	s.same(whole)
}

func (s *table) same(whole map[string][32]byte) {
	s.t.Helper()
	if got := s.files(""); !maps.Equal(got, whole) {
		s.t.Errorf("%q are there, or others of the same names; want %q",
			slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(whole)))
	}
}

// split puts the refused rows back to where they are before they are joined: those from row 362 on are of the last
// batch.
func (s *table) split(last string) {
	b, err := os.ReadFile(s.path("refused.csv"))
	s.must(err)
	rest := bytes.SplitAfter(b, []byte("\n"))
	for row := uint64(0); row < 362; {
		rest = rest[1:]
		number, _, _ := bytes.Cut(rest[0], []byte(","))
		row, err = strict.Decimal(string(number))
		s.must(err)
	}
	head := bytes.TrimSuffix(b, bytes.Join(rest, nil))
	_, head, _ = bytes.Cut(head, []byte("\n")) // the names of the columns
	s.must(os.WriteFile(s.path("sealed/rows-002-121.refused"), head, 0o600))
	s.must(os.WriteFile(s.path("sealed/"+last+".refused"), bytes.Join(rest, nil), 0o600))
}

// TestSheetInterrupted: Ctrl-C ends it at once, and it goes on.
func TestSheetInterrupted(t *testing.T) {
	soak.NoRace(t)
	s := newTable(t, madeup.ImportMap, madeup.Import(3000), "--batch-size", "100")
	cmd := s.start()
	for s.batches() == 0 {
		time.Sleep(time.Millisecond)
	}
	s.must(cmd.Process.Signal(syscall.SIGINT))
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 2 {
		t.Fatalf("status %d", cmd.ProcessState.ExitCode())
	}
	before := s.files(".entries")
	s.seal(0)
	for name, sum := range before {
		if s.files(name)[name] != sum {
			t.Errorf("%s is another", name)
		}
	}
	if n := s.check(); n != 3000 || len(before) == 30 {
		t.Errorf("%d entries, %d of 30 batches before", n, len(before))
	}
}

// batches counts the batches whose entries are there.
func (s *table) batches() int {
	paths, err := filepath.Glob(s.path("sealed/*.entries"))
	s.must(err)
	return len(paths)
}

// TestSheetMemory seals many rows, killed twice on the way, in half of the 256 MiB that an agency may be
// expected to have.
func TestSheetMemory(t *testing.T) {
	soak.NoRace(t)
	n := soak.Rounds(10_000, 1_000_000)
	s := newTable(t, madeup.ImportMap, madeup.Import(n), "--batch-size", fmt.Sprint(n/100))
	began, largest := time.Now(), int64(0)
	for _, batches := range []int{30, 70, 100} {
		cmd := s.start()
		for batches < 100 && s.batches() < batches {
			time.Sleep(time.Millisecond)
		}
		if batches < 100 {
			s.must(cmd.Process.Kill())
		}
		if err := cmd.Wait(); batches == 100 {
			s.must(err)
		}
		largest = max(largest, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	}
	took := time.Since(began)
	t.Logf("%d rows in %v, %.0f a second, at most %d KiB", n, took, float64(n)/took.Seconds(), largest)
	if largest > 128<<10 {
		t.Errorf("%d KiB of memory", largest)
	}
	if got := s.check(); got != n {
		t.Errorf("%d entries", got)
	}
}
