// SPDX-License-Identifier: Apache-2.0

package strict_test

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"cocket.example/internal/strict"
)

// Every byte, and every pair of bytes that matter, at every place of a line of up to three words of
// eight: what looks at eight bytes at a time says the same as what looks at one.
func TestLineOfEveryByte(t *testing.T) { // SN-3
	edges := []byte{0x00, 0x09, 0x0d, 0x1f, 0x20, 0x21, 0x7e, 0x7f, 0x80, 0x9f, 0xa0, 0xc3, 0xff}
	for length := 1; length <= 24; length++ {
		for at := range length {
			line := bytes.Repeat([]byte{'a'}, length+1)
			line[length] = '\n'
			for b := range 256 {
				line[at] = byte(b)
				wantLine(t, line)
				if at == 0 || b > 1 {
					continue
				}
				for _, left := range edges {
					for _, right := range edges {
						line[at-1], line[at] = left, right
						wantLine(t, line)
					}
				}
				line[at-1] = 'a'
			}
		}
	}
}

func wantLine(t *testing.T, text []byte) {
	t.Helper()
	end := bytes.IndexByte(text, '\n')
	good := utf8.Valid(text[:end])
	for _, b := range text[:end] {
		good = good && b >= 0x20
	}
	line, rest, err := strict.Cut(text)
	if (err == nil) != good {
		t.Fatalf("%q: %v, want it accepted: %t", text, err, good)
	}
	if good && (!bytes.Equal(line, text[:end]) || !bytes.Equal(rest, text[end+1:])) {
		t.Fatalf("%q is cut into %q and %q", text, line, rest)
	}
}
