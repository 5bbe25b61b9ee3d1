// SPDX-License-Identifier: Apache-2.0

package columns_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"cocket.example/internal/columns"
)

func TestFold(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"a b c", 3, []string{"a b", "c"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"two  spaces", 20, []string{"two  spaces"}},
		{"the 0123456789abcdef hash", 8, []string{"the", "0123456789abcdef", "hash"}},
		{"日本語の文章です", 6, []string{"日本語", "の文章", "です"}},
		{"名 日本語の文 x", 6, []string{"名", "日本語", "の文 x"}},
		{"日本", 1, []string{"日", "本"}},
		{"e\u0301te\u0301 e\u0301te\u0301", 7, []string{"e\u0301te\u0301 e\u0301te\u0301"}},
		{"e\u0301e\u0301e\u0301e\u0301", 2, []string{"e\u0301e\u0301", "e\u0301e\u0301"}},
		{"👩‍👩‍👧👩‍👩‍👧", 3, []string{"👩‍👩‍👧", "👩‍👩‍👧"}},
	} {
		if got := columns.Fold(c.text, c.width); !slices.Equal(got, c.want) {
			t.Errorf("Fold(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestHang(t *testing.T) {
	words := strings.Repeat("word ", 20)
	for head, want := range map[string]string{
		"名  ":                         "名  word word",
		"日本 ":                         "\n     word",
		strings.Repeat("日", 21) + " ": "日\n    word word",
	} {
		got := columns.Hang(head, words)
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
		for line := range strings.Lines(got) {
			if columns.Cells(strings.TrimSuffix(line, "\n")) > columns.Width {
				t.Errorf("too wide: %q", line)
			}
		}
	}
	key, huge := strings.Repeat("k", 70), strings.Repeat("k", 90)
	for _, c := range []struct{ head, text, want string }{
		{"a ", "b\nc", "a b\n  c\n"},
		{"certifier key   ", key, "certifier key\n    " + key + "\n"},
		{"certifier key   ", "is " + key, "certifier key   is\n    " + key + "\n"},
		{"certifier key   ", huge + " of", "certifier key\n" + huge + "\n                of\n"},
		{"", huge, huge + "\n"},
	} {
		if got := columns.Hang(c.head, c.text); got != c.want {
			t.Errorf("Hang(%q, %q) = %q, want %q", c.head, c.text, got, c.want)
		}
	}
	if got := columns.Pad("日", 4) + "|"; got != "日  |" {
		t.Errorf("padded to %q", got)
	}
}

// FuzzFold: no line is too wide but for a word of ASCII or of one character, and nothing is lost.
func FuzzFold(f *testing.F) {
	f.Add("a b 日本語 👩‍👩‍👧", uint8(5))
	f.Add("e\u0301 \u200d x", uint8(1))
	f.Fuzz(func(t *testing.T, text string, width uint8) {
		lines := columns.Fold(text, int(width))
		if strings.ReplaceAll(strings.Join(lines, ""), " ", "") != strings.ReplaceAll(text, " ", "") {
			t.Errorf("%q became %q", text, lines)
		}
		for _, line := range lines {
			ascii := len(line) == utf8.RuneCountInString(line)
			whole := ascii && !strings.Contains(strings.Trim(line, " "), " ") || uniseg.GraphemeClusterCount(line) == 1
			if columns.Cells(line) > int(width) && !whole {
				t.Errorf("%q takes %d cells of %d", line, columns.Cells(line), width)
			}
		}
	})
}
