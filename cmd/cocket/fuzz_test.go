// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode"

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
