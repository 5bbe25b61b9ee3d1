// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cocket.example/cmd/cocket/internal/madeup"
	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/internal/soak"
)

// testWhileSealed kills a seal at any moment, and files what is there: the folder, and copies of every opening, as
// somebody would who takes them for his. In the end each row is in the log once, with its opening.
func (s bulkSite) testWhileSealed(t *testing.T) {
	s.t = t
	sheet := newTable(t, madeup.ImportMap, madeup.Import(900), "--batch-size", "30", "--log", "customs.example/demo")
	before, copies := s.size(), filepath.Join(sheet.dir, "copies")
	s.must(os.Mkdir(copies, 0o755))
	submit := func(dir, out string) *program {
		return s.command("submit", "--batch", dir, "--url", s.LogURL, "--token-file", s.path("token"),
			"--policy", s.path("policy"), "--out", sheet.path(out))
	}
	for round := range soak.Rounds(3, 40) {
		cmd := sheet.start()
		timer := time.AfterFunc(mathrand.N(300*time.Millisecond), func() { cmd.Process.Kill() }) // it may have ended
		cmd.Wait()
		timer.Stop()
		if round%2 == 1 {
			sheet.breakOff()
		}
		if err := submit(sheet.path("sealed"), "filed").Run(); err != nil {
			t.Logf("round %d: submit: %v", round, err) // nothing is there yet, or the last batch is unfinished
		}
		sheet.copyOpenings(copies)
		if paths, _ := os.ReadDir(copies); len(paths) > 0 {
			submit(copies, "filed copies").finish(t)
		}
	}
	sheet.seal(0)
	if n := sheet.check(); n != 900 {
		t.Errorf("%d entries", n)
	}
	submit(sheet.path("sealed"), "filed").finish(t)
	if got := s.size() - before; got != 900 {
		t.Errorf("of 900 rows the log has %d entries", got)
	}
	v := s.command("verify", "--policy", s.path("policy"), "--batch", sheet.path("filed"), sheet.path("sealed"))
	v.finish(t)
	if want := fmt.Sprintf("%d, with their openings %[1]d", 900); !strings.Contains(v.out.String(), want) {
		t.Errorf("said %q", &v.out)
	}
}

// breakOff puts the last batch back to the moment at which its openings had their name, and its entries not.
func (s *table) breakOff() {
	paths, err := filepath.Glob(s.path("sealed/*" + openings.Entries))
	s.must(err)
	if n := len(paths); n > 0 {
		s.must(os.Rename(paths[n-1], paths[n-1]+".part"))
	}
}

// copyOpenings copies the openings to where no index tells of the batch.
func (s *table) copyOpenings(dir string) {
	paths, err := filepath.Glob(s.path("sealed/*" + openings.Clear))
	s.must(err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		s.must(err)
		s.must(os.WriteFile(filepath.Join(dir, filepath.Base(path)), b, 0o600))
	}
}
