// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"unicode"

	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// FuzzInspect: whatever a file holds, what is shown of it prints, and never a secret.
func FuzzInspect(f *testing.F) {
	const secret = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, text := range []string{
		"PRIVATE+KEY+log.example+00000000+" + secret + "\n",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
		"log.example/a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— k AAAAAAA=\n",
		"c2sp.org/tlog-proof@v1\nindex 0\n\n" +
			"log.example/a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— k AAAAAAA=\n",
		"quorum none\n", "cocket-entry/v1\n", "\x1b[2J",
		`{"format":"cocket-opening/v1"}`, `{"format":"cocket-disclosure/v1"}`,
	} {
		f.Add([]byte(text))
	}
	for _, v := range vectors(f) {
		f.Add([]byte(v.Entry))
		f.Add([]byte(v.Opening))
		f.Add([]byte(v.Disclosure))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		shown, err := inspect(recognise(b), b, "en")
		if err != nil {
			return
		}
		text := shown.String()
		if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Fatalf("not to be shown: %q", text)
		}
		if fields := splitKey(strings.TrimSpace(string(b))); recognise(b) == kindSecret && fields != nil {
			secret, shownToo := fields[4], fields[2]+" "+fields[3]
			if len(secret) > 15 && strings.Contains(text, secret) && !strings.Contains(shownToo, secret) {
				t.Fatal("a secret is shown")
			}
		}
	})
}

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

// FuzzLeaves: leaf hashes that are read print back to the file.
func FuzzLeaves(f *testing.F) {
	one := string(printLeaves([]receipt.Hash{{1}}))
	for _, text := range []string{"", "\n", one, one + one, one[:44], "x" + one, one[:43] + "\n\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var leaves []receipt.Hash
		for leaf, err := range parseLeaves(bytes.NewReader(b)) {
			if err != nil {
				return
			}
			leaves = append(leaves, leaf)
		}
		if !bytes.Equal(printLeaves(leaves), b) {
			t.Fatalf("printed as %q", printLeaves(leaves))
		}
	})
}

// vector is one of package declaration's.
type vector struct {
	Entry               string
	Opening, Disclosure json.RawMessage
}

func vectors(f *testing.F) (all []vector) {
	f.Helper()
	b, err := os.ReadFile("../../declaration/testdata/vectors.json")
	if err != nil {
		f.Fatal(err)
	}
	if err := json.Unmarshal(b, &all); err != nil || len(all) == 0 {
		f.Fatalf("%d vectors: %v", len(all), err)
	}
	return all
}
