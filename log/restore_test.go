// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cocket.example/internal/soak"
	"cocket.example/internal/tile"
	"cocket.example/log/local"
)

// restore is what happens to a log in a round of TestRestored:
//
//	copied        lost             restored, other entries come
//	  │             │                  │
//	  0 ── before ──┼── since ── kill ─┼── wants to sign another tree of the same sizes
type restore struct {
	before, since int    // entries
	unsigned      bool   // what came since was acknowledged, integrated and not signed
	away          [2]int // witness that is away since the copy, and after the restore; -1: none
}

func newRestore(round int) restore {
	random := rand.New(rand.NewPCG(uint64(round), 3))
	return restore{
		before: random.IntN(300), since: random.IntN(600) * min(1, round%5), // in some rounds nothing
		unsigned: round%4 == 3,
		away:     [2]int{random.IntN(siteWitnesses+1) - 1, random.IntN(siteWitnesses+1) - 1},
	}
}

// TestRestored restores the log's directory, or its file state, from an older copy, and lets other
// entries come: no two signatures of the log contradict each other, and where the copy lacks what was
// signed, a message says so.
func TestRestored(t *testing.T) {
	for what, files := range map[string][]string{"directory": nil, "state": {"state"}} {
		t.Run(what, func(t *testing.T) {
			refused := 0
			rounds := soak.Rounds(6, 100)
			for round := range rounds {
				r := newRestore(round)
				if newSite(t, siteWitnesses).restored(r, files) {
					refused++
				}
				if t.Failed() {
					t.Fatalf("round %d: %+v", round, r)
				}
			}
			t.Logf("%d of %d refused to sign", refused, rounds)
			if refused == 0 {
				t.Error("no round was refused")
			}
		})
	}
}

// restored plays a round; files are what is restored, none for the whole directory. It reports whether
// the log refused.
func (s *site) restored(r restore, files []string) (refused bool) {
	s.t.Helper()
	s.grow(r.before, "entry")
	older := filepath.Join(s.t.TempDir(), "older")
	copyLog(s.t, s.dir, older, everything)
	s.away(r.away[0])
	s.since(r)
	lost := s.lose(older, files)
	s.away(r.away[1])
	before := s.signed()
	outcome := s.try("other")
	s.verify(lost, before)
	signedMore := s.largest(before) > uint64(r.before)
	switch {
	case outcome.refused == "" && signedMore && files == nil:
		s.t.Errorf("the directory of size %d goes on after %d were signed", r.before, s.largest(before))
	case outcome.refused != "" && !strings.Contains(outcome.refused, "ahead of its storage") &&
		(files == nil || !strings.Contains(outcome.refused, "state")):
		s.t.Errorf("refused without saying why: %s", outcome.refused)
	case outcome.refused != "" && !signedMore && files == nil:
		s.t.Errorf("refused though nothing that was signed is lost: %s", outcome.refused)
	}
	return outcome.refused != ""
}

// since lets the log grow after the copy, and ends it.
func (s *site) since(r restore) {
	s.t.Helper()
	if !r.unsigned {
		s.grow(r.since, "since")
		return
	}
	killed := filepath.Join(s.t.TempDir(), "killed")
	s.appendUnsigned(r.since, "since", func() { copyLog(s.t, s.dir, killed, everything) })
	s.dir = killed
}

// lose puts the older copy in the place of the log, and returns where the log is now.
func (s *site) lose(older string, files []string) (lost string) {
	s.t.Helper()
	if files == nil {
		lost, s.dir = s.dir, older
		return lost
	}
	lost = filepath.Join(s.t.TempDir(), "lost")
	copyLog(s.t, s.dir, lost, everything)
	for _, name := range files {
		b, err := os.ReadFile(filepath.Join(older, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(s.dir, name), b, 0o644)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return lost
}

// verify compares every checkpoint that the log ever signed with one tree: if anything was signed
// since the restore, with the restored one, else with the lost one. Roots of one tree are consistent.
func (s *site) verify(lost string, before []head) {
	s.t.Helper()
	dir := lost
	after := s.signed()
	if len(after) > len(before) && s.largest(after[len(before):]) > s.largest(before) {
		dir = s.dir
	}
	storage, err := local.Open(s.t.Context(), local.Config{FS: local.Dir(dir), MinFree: 1, Reserve: 1})
	if err != nil {
		s.t.Fatal(err)
	}
	defer storage.Close()
	for _, h := range append(after, s.held()...) {
		if root, err := tile.Root(s.t.Context(), storage, h.Size); err != nil || root != h.Root {
			s.t.Errorf("the log signed another tree of size %d than it holds (%v)", h.Size, err)
		}
	}
}

// TestRestoredAlone is the same without witnesses, for the files that a mistake can restore alone. The
// whole directory is not among them: nothing in an older copy says that it is older.
func TestRestoredAlone(t *testing.T) {
	for name, files := range map[string][]string{
		"state": {"state"}, "journal": {"journal"}, "state and journal": {"state", "journal"},
	} {
		t.Run(name, func(t *testing.T) {
			for round := range soak.Rounds(2, 100) {
				random := rand.New(rand.NewPCG(uint64(round), 4))
				r := restore{before: 1 + random.IntN(300), since: 1 + random.IntN(600), away: [2]int{-1, -1}}
				s := newSite(t, 0)
				if !s.restored(r, files) {
					t.Errorf("round %d: nothing was seen: %+v", round, r)
				}
			}
		})
	}
}

// TestRestoredUnseen shows what cannot be seen without witnesses: a whole older directory goes on, and
// signs another tree. This is what witnesses are for.
func TestRestoredUnseen(t *testing.T) {
	s := newSite(t, 0)
	s.grow(10, "entry")
	older := filepath.Join(t.TempDir(), "older")
	copyLog(t, s.dir, older, everything)
	s.grow(10, "since")
	s.dir = older
	if got := s.try("other"); got.refused != "" {
		t.Errorf("refused: %s; then the documentation can say more", got.refused)
	}
}
