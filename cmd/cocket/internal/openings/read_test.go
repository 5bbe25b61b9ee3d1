// SPDX-License-Identifier: Apache-2.0

package openings

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"

	"cocket.example/internal/tile"
)

// FuzzEntries: what is read of a file of entries is what a bundle of them would hold, and prints back to it.
func FuzzEntries(f *testing.F) {
	for _, text := range []string{"", "\x00", "\x00\x00", "\x00\x01a", "\x00\x02a", "\x00\x01a\x00\x02bc", "\xff\xff"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var printed []byte
		in := bufio.NewReaderSize(bytes.NewReader(b), 16)
		for rest := b; ; {
			got, err := nextEntry(in, nil)
			want, more, twin := tile.CutEntry(rest)
			if err == io.EOF {
				if len(rest) > 0 || !bytes.Equal(printed, b) {
					t.Fatalf("read as %x", printed)
				}
				return
			}
			if (err == nil) != (twin == nil) || !bytes.Equal(got, want) {
				t.Fatalf("%x, %v; want %x, %v", got, err, want, twin)
			}
			if err != nil {
				return
			}
			printed, _ = tile.AppendEntry(printed, got)
			rest = more
		}
	})
}

// FuzzLines: lines that are read print back to the file.
func FuzzLines(f *testing.F) {
	for _, text := range []string{"", "\n", "a", "a\nb\n", "a\nb", strings.Repeat("long ", 10) + "\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var printed []byte
		in := bufio.NewReaderSize(bytes.NewReader(b), 16)
		for {
			line, err := nextLine(in, nil)
			if err == io.EOF && bytes.Equal(printed, b) || err != nil && err != io.EOF && !bytes.HasSuffix(b, []byte("\n")) {
				return
			}
			if err != nil || bytes.Contains(line, []byte("\n")) {
				t.Fatalf("%q, %v after %q", line, err, printed)
			}
			printed = append(append(printed, line...), '\n')
		}
	})
}
