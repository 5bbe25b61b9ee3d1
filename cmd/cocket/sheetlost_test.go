// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"

	"cocket.example/cmd/cocket/internal/madeup"
)

// TestSheetLost: what was there and is gone, or is of another seal, is not made again.
func TestSheetLost(t *testing.T) {
	for name, c := range map[string]struct {
		lost []string
		want string
	}{
		"openings": {[]string{"rows-02-06.openings.jsonl"}, "rows-02-06.entries is there and its openings are gone"},
		"index":    {[]string{"rows-07-10.index"}, "rows-07-10.index is gone"},
		"batch": {[]string{"rows-02-06.index", "rows-02-06.openings.jsonl", "rows-02-06.entries"},
			"the batch of the rows from 2 on is missing before rows-07-10"},
		"last batch": {[]string{"rows-07-10.index", "rows-07-10.openings.jsonl", "rows-07-10.entries"},
			"summary is there, which is written when all rows are sealed, and the batch of the rows from 7 on is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTable(t, madeup.ImportMap, madeup.Import(9), "--batch-size", "5")
			s.seal(0)
			whole := s.files("")
			for _, lost := range c.lost {
				s.must(os.Rename(s.path("sealed/"+lost), s.path(lost)))
			}
			if said := s.seal(2); !strings.Contains(said, c.want) || !strings.Contains(said, "bring its files back") {
				t.Error(said)
			}
			for _, lost := range c.lost {
				s.must(os.Rename(s.path(lost), s.path("sealed/"+lost)))
			}
			s.seal(0)
			s.same(whole)
		})
	}
	a, b := newTable(t, madeup.ImportMap, madeup.Import(9)), newTable(t, madeup.ImportMap, madeup.Import(9))
	a.seal(0)
	b.seal(0)
	a.must(os.Rename(b.path("sealed/rows-02-10.entries"), a.path("sealed/rows-02-10.entries")))
	if said := a.seal(2); !strings.Contains(said, "rows-02-10.entries is not the one that was sealed with the rows 2 to 10") {
		t.Error(said)
	}
}

// TestSheetStrangers: what others put into the folder is left alone, whatever its name begins or ends with.
func TestSheetStrangers(t *testing.T) {
	s := newTable(t, madeup.ImportMap, madeup.Import(9), "--batch-size", "5")
	s.must(os.Mkdir(s.path("sealed"), 0o755))
	s.must(os.WriteFile(s.path("sealed/notes.tmp"), nil, 0o600))
	if said := s.seal(2); !strings.Contains(said, "holds notes.tmp already") {
		t.Error(said)
	}
	s.must(os.Remove(s.path("sealed/notes.tmp")))
	s.seal(0)
	s.must(os.Mkdir(s.path("sealed/rows-dir"), 0o755))
	s.must(os.MkdirAll(s.path("sealed/rows-filed/x"), 0o755))
	names := []string{"rows-mended.csv", "notes.tmp", "rows-2.opening.json", "rows-2-3.opening.json",
		"rows.index.old.tmp", "rows-02-06.index~"}
	for _, name := range names {
		s.must(os.WriteFile(s.path("sealed/"+name), []byte(name), 0o600))
	}
	s.seal(0)
	for _, name := range append(names, "rows-dir", "rows-filed/x") {
		if _, err := os.Stat(s.path("sealed/" + name)); err != nil {
			t.Error(err)
		}
	}
}
