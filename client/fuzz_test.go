// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// FuzzRuns: runs that are accepted are one for each entry, below 2^63, and print back.
func FuzzRuns(f *testing.F) {
	f.Add([]byte("5 2\n3 1\n9 1\n"), 4)
	f.Add([]byte("9223372036854775807 1\n"), 1)
	f.Fuzz(func(t *testing.T, answer []byte, n int) {
		if n < 0 || n > maxBatch {
			return
		}
		index, err := parseRuns(answer, n)
		if err != nil {
			return
		}
		if len(index) != n || string(printRuns(index)) != string(answer) {
			t.Fatalf("%d indexes of %d entries, which print back as %q", len(index), n, printRuns(index))
		}
		for _, i := range index {
			if i >= 1<<63 {
				t.Fatalf("index %d", i)
			}
		}
	})
}

// FuzzAnswer gives one answer to every request. It is refused in a short text that prints, or it is
// what was asked for.
func FuzzAnswer(f *testing.F) {
	const proof = "c2sp.org/tlog-proof@v1\nindex 0\n\n" +
		"log.example/a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— k AAAAAAA=\n"
	f.Add(200, "text/plain; charset=utf-8", "", []byte(proof))
	f.Add(200, "application/json", "", []byte(`{"origin":"log.example/a","vkeys":[]}`))
	f.Add(200, "", "", []byte("0"))
	f.Add(200, "", "", []byte("0 1\n"))
	f.Add(200, "text/html", "gzip", []byte(strings.Repeat("\x00", 32)))
	f.Add(404, "", "", []byte("\x1b[2Jgone\r\n"))
	f.Fuzz(func(t *testing.T, status int, kind, encoding string, body []byte) {
		if status < 200 || status == 429 || status >= 502 && status <= 504 {
			return // tried again, after a pause
		}
		c, err := New(Config{URL: "https://log.example", Attempts: 1,
			Transport: roundTripper(func(*http.Request) (*http.Response, error) {
				return answer(status, string(body), "Content-Type: "+kind, "Content-Encoding: "+encoding), nil
			})})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range ask(t, c, body) {
			if err == nil {
				continue
			}
			text := err.Error()
			if len(text) > 1000 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("not to be shown: %q", text)
			}
		}
	})
}

// ask asks for everything once, and checks what is not refused.
func ask(t *testing.T, c *Client, body []byte) []error {
	t.Helper()
	ctx := t.Context()
	_, checkpoint := c.Checkpoint(ctx)
	hashes, tileErr := c.ReadTile(ctx, 0, 0, 1)
	if tileErr == nil && len(hashes) != 32 {
		t.Fatalf("a tile of one hash has %d bytes", len(hashes))
	}
	_, bundleErr := c.ReadBundle(ctx, 0, 1)
	whole, wholeErr := c.ReadBundleInto(ctx, tile.Ref{Entries: true, Width: 1}, make([]byte, 8))
	if wholeErr == nil && string(whole) != string(body) {
		t.Fatalf("a bundle of %d bytes", len(whole))
	}
	refers, refersErr := c.Refers(ctx, [32]byte{})
	if refersErr == nil && printRefers(refers) != string(body) {
		t.Fatalf("refers %d", refers)
	}
	proof, proofErr := c.Receipt(ctx, 0, 0)
	if r, err := receipt.Parse(proof); proofErr == nil && (err != nil || r.Index != 0) {
		t.Fatalf("a receipt of entry %d: %v", r.Index, err)
	}
	index, submit := c.Submit(ctx, []byte("entry"))
	indexes, batch := c.SubmitBatch(ctx, [][]byte{{1}})
	if batch == nil && string(printRuns(indexes)) != string(body) {
		t.Fatalf("indexes %d", indexes)
	}
	found, ok, lookup := c.Lookup(ctx, [32]byte{})
	if lookup == nil && ok && found != index {
		t.Fatalf("index %d and %d", found, index)
	}
	_, metadata := c.Metadata(ctx)
	return []error{checkpoint, tileErr, bundleErr, wholeErr, refersErr, proofErr, submit, batch, lookup, metadata}
}

func printRefers(indexes []uint64) (text string) {
	for _, index := range indexes {
		text += fmt.Sprintf("%d\n", index)
	}
	return text
}
