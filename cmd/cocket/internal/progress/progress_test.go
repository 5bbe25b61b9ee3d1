// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cocket.example/internal/columns"
)

// TestPace: a line every two seconds says how far it is, how fast it goes and what is left.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := New(&out, "filed", 1000)
		for range 4 {
			time.Sleep(time.Second)
			p.Add(100)
		}
		p.Done()
		const want = "filed 200 of 1000, 100 a second, 8s left\n" +
			"filed 400 of 1000, 100 a second, 6s left\n" + "filed 400 of 1000, 100 a second, 6s left\n"
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	})
}

// TestSkip: what was there before says nothing of the rate, and what is done needs none.
func TestSkip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := New(&out, "filed", 1000)
		p.Skip(500)
		time.Sleep(2 * time.Second)
		p.Add(100)
		p.Add(400)
		p.Done()
		if want := "filed 600 of 1000, 50 a second, 8s left\nfiled 1000 of 1000\n"; out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	})
}

// TestBarWidth: a bar of millions fits a terminal.
func TestBarWidth(t *testing.T) {
	var out strings.Builder
	bar := newBar(&out, "proven entries", 36_000_000)
	bar.Add(13_001_038)
	bar.RenderBlank()
	for line := range strings.FieldsFuncSeq(out.String(), func(r rune) bool { return r == '\r' || r == '\n' }) {
		if line = regexp.MustCompile("\x1b[^a-zA-Z]*[a-zA-Z]").ReplaceAllString(line, ""); columns.Cells(line) > 80 {
			t.Errorf("%d cells: %q", columns.Cells(line), line)
		}
	}
}

// TestPlain: who asks for no decoration gets lines.
func TestPlain(t *testing.T) {
	for _, test := range []struct {
		term, color string
		want        bool
	}{{"xterm", "", false}, {"dumb", "", true}, {"xterm", "1", true}} {
		t.Setenv("TERM", test.term)
		t.Setenv("NO_COLOR", test.color)
		if plain() != test.want {
			t.Errorf("%+v", test)
		}
	}
}
