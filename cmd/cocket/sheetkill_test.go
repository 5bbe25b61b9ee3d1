// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
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

// TestSheetCrash breaks off between any two names of files, and wants the same as without.
func TestSheetCrash(t *testing.T) {
	soak.NoRace(t)
	s := newTable(t, madeup.CertificateMap, spoil(madeup.Certificates(400)), "--batch-size", "100")
	s.seal(1)
	whole := s.files("")
	last := "rows-362-401"
	if len(s.files(".index")) != 4 || whole[last+".entries"] == [32]byte{} {
		t.Fatalf("%q", s.names(""))
	}
	suffixes := []string{".entries", ".openings.jsonl", ".index"}
	for lost := range len(suffixes) + 1 {
		for _, suffix := range suffixes[:lost] {
			s.must(os.Remove(s.path("sealed/" + last + suffix)))
		}
		s.must(os.Remove(s.path("sealed/summary")))
		s.must(os.Rename(s.path("sealed/refused.csv"), s.path("refused.csv")))
		s.split(last)
		s.must(os.WriteFile(s.path("sealed/rows.entries.1.tmp"), []byte("cut sh"), 0o600))
		s.seal(1)
		s.check()
		after := s.files("")
		for name, sum := range whole {
			again := strings.HasPrefix(name, last) && lost > 0 && !strings.HasSuffix(name, ".index")
			if same := after[name] == sum; same == again {
				t.Errorf("%d files were lost: %s is the same: %v", lost, name, same)
			}
		}
		whole = after
	}
	// Refused rows that are joined are not joined again, since somebody may be mending them.
	s.must(os.WriteFile(s.path("sealed/refused.csv"), []byte("mended"), 0o600))
	s.must(os.WriteFile(s.path("sealed/"+last+".refused"), nil, 0o600))
	s.seal(1)
	if b, _ := os.ReadFile(s.path("sealed/refused.csv")); string(b) != "mended" || len(s.files(".refused")) > 0 {
		t.Errorf("refused rows are %q, and %q", b, s.names(".refused"))
	}
	// Entries without their index may have been submitted.
	s.must(os.Rename(s.path("sealed/"+last+".index"), s.path("index")))
	if said := s.seal(2); !strings.Contains(said, last+".entries is there without its index") {
		t.Error(said)
	}
	s.must(os.Rename(s.path("index"), s.path("sealed/"+last+".index")))
	// A batch that is gone from among the others is not made again.
	for _, suffix := range suffixes {
		s.must(os.Remove(s.path("sealed/rows-122-241" + suffix)))
	}
	if said := s.seal(2); !strings.Contains(said, "the batch of the rows from 122 on is missing before rows-242-361") {
		t.Error(said)
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

// TestSheetMemory seals many rows, killed twice on the way, in a quarter of the 256 MiB that an agency may be
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
	if largest > 64<<10 {
		t.Errorf("%d KiB of memory", largest)
	}
	if got := s.check(); got != n {
		t.Errorf("%d entries", got)
	}
}
