// SPDX-License-Identifier: Apache-2.0

// Package columns lays text out in the cells of a terminal, of which a Chinese character takes two and an
// accent behind its letter none (UAX #11, UAX #29).
package columns

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// Width of a terminal, in cells.
const Width = 80

// Cells returns how many cells a text takes.
func Cells(text string) int { return uniseg.StringWidth(text) }

// Pad puts spaces behind a text up to a width.
func Pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-Cells(text)))
}

// Fold breaks text at spaces into lines of at most width cells. A word that is wider stands on lines of its
// own: in one piece if it is of ASCII alone, so that hashes, keys and addresses can be copied, and otherwise
// broken between any two characters, as languages are that use no spaces.
func Fold(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Split(text, " ") {
		for i, piece := range pieces(word, width) {
			last := &lines[len(lines)-1]
			switch {
			case *last == "":
				*last = piece
			case i == 0 && Cells(*last)+1+Cells(piece) <= width:
				*last += " " + piece
			default:
				lines = append(lines, piece)
			}
		}
	}
	return lines
}

// pieces are the lines that a word takes by itself.
func pieces(word string, width int) []string {
	if Cells(word) <= width || isASCII(word) {
		return []string{word}
	}
	var list []string
	piece, cells := "", 0
	for g := uniseg.NewGraphemes(word); g.Next(); {
		if cells+g.Width() > width && piece != "" {
			list, piece, cells = append(list, piece), "", 0
		}
		piece, cells = piece+g.Str(), cells+g.Width()
	}
	return append(list, piece)
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// less is the indent of lines that would not fit with that of their head.
const less = 4

// Hang puts lines of text behind a head, further lines indented by as many cells as the head takes. Below a
// head of more than half the width the text stands on lines of its own, and so does a word that is too wide to
// stand with the others, with less of an indent.
func Hang(head, text string) string {
	indent := Cells(head)
	behind := indent <= Width/2
	if !behind {
		indent = less
	}
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		lines = append(lines, Fold(line, Width-indent)...)
	}
	var b strings.Builder
	if behind && Cells(lines[0]) <= Width-indent {
		b.WriteString(head + lines[0] + "\n")
		lines = lines[1:]
	} else if alone := strings.TrimRight(head, " "); alone != "" {
		b.WriteString(alone + "\n")
	}
	for _, line := range lines {
		n := indent
		if Cells(line) > Width-indent {
			n = 0
			if Cells(line) <= Width-less {
				n = less
			}
		}
		b.WriteString(strings.Repeat(" ", n) + line + "\n")
	}
	return b.String()
}
