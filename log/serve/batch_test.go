// SPDX-License-Identifier: Apache-2.0

package serve_test

import (
	"fmt"
	"strings"
	"testing"

	"cocket.example/log/internal/logtest"
	"cocket.example/receipt"
)

// verifyBatch verifies a batch receipt of all entries from start to end−1, and what is cut from it.
func verifyBatch(t *testing.T, l *logtest.Log, text string, start, end int) receipt.Checkpoint {
	t.Helper()
	b, err := receipt.ParseBatch([]byte(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	trusted, err := l.Policy.Verify(b.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	var leaves []receipt.Hash
	for _, e := range entries(start, end-start) {
		leaves = append(leaves, logtest.LeafHash(e))
	}
	if err := trusted.IncludesBatch(leaves, b); err != nil || b.Start != uint64(start) {
		t.Errorf("range %d to %d: %v", start, end, err)
	}
	receipts, err := b.Cut(leaves)
	if err != nil {
		t.Fatal(err)
	}
	for r := range receipts {
		verify(t, l, entries(int(r.Index), 1)[0], string(r.Bytes()))
	}
	return trusted.Report().Checkpoint
}

func TestBatchReceipts(t *testing.T) {
	l := logtest.Start(t)
	s := start(t, l)
	l.Add(t, entries(0, 3)...)
	l.Add(t, entries(3, 4)...)
	l.Add(t, entries(7, 5)...)
	for begin := range 12 {
		for end := begin + 1; end <= 12; end++ {
			a := s.get(fmt.Sprintf("/receipt/%d-%d", begin, end))
			a.want(t, text, "public, max-age=60")
			earliest := map[bool]uint64{end <= 3: 3, end > 3 && end <= 7: 7, end > 7: 12}[true]
			if cp := verifyBatch(t, l, a.body, begin, end); cp.Size != earliest {
				t.Errorf("receipt of %d to %d is for size %d, want the earliest, %d", begin, end, cp.Size, earliest)
			}
		}
	}
	for query, cache := range map[string]string{
		"?wait=60s":                             "public, max-age=60",
		"?signatures=ed25519":                   "public, max-age=60",
		"?at=latest":                            "public, max-age=1",
		"?wait=1s&at=latest&signatures=ed25519": "public, max-age=1",
	} {
		a := s.get("/receipt/1-3" + query)
		a.want(t, text, cache)
		if cp := verifyBatch(t, l, a.body, 1, 3); strings.Contains(query, "latest") != (cp.Size == 12) {
			t.Errorf("%s: size %d", query, cp.Size)
		}
	}
	head := s.do("HEAD", "/receipt/1-3")
	head.want(t, text, "public, max-age=60")
}

// What is no range, has another spelling, or is not covered yet.
func TestBatchReceiptsRefused(t *testing.T) {
	l := logtest.Start(t)
	s := start(t, l)
	l.Add(t, entries(0, 12)...)
	for _, path := range []string{
		"007-9", "7-09", "+7-9", "7-+9", "7--9", "7-9-", "7-9-11", "-9", "7-", "-", "7-7", "9-7", "7%2d9",
		"7-9/", "7/9", "0x7-9", "7-9223372036854775808", "0-13", "12-13", "5-9223372036854775807",
	} {
		s.get("/receipt/"+path).refused(t, 404)
	}
	s.get("/receipt/0-13?wait=1ms").refused(t, 404)
	for _, query := range []string{"?at=first", "?wait=1h", "?wait=0s", "?signatures=all", "?at=latest&at=latest", "?x"} {
		s.get("/receipt/7-9"+query).refused(t, 400)
	}
	done := make(chan answer)
	go func() { done <- s.get("/receipt/10-14?wait=60s") }()
	l.Add(t, entries(12, 2)...)
	verifyBatch(t, l, (<-done).body, 10, 14)
}

// A log signs with both algorithms; a batch receipt of Ed25519 alone verifies and is short.
func TestBatchOnlyEd25519(t *testing.T) {
	l := logtest.StartWith(t, receipt.Ed25519, receipt.MLDSA44)
	l.Add(t, entries(0, 4)...)
	s := start(t, l)
	for query, want := range map[string]int{"": 2, "?signatures=ed25519": 1} {
		body := s.get("/receipt/1-3" + query).body
		verifyBatch(t, l, body, 1, 3)
		if n := strings.Count(body, "\n— "); n != want || want == 1 && len(body) > 500 {
			t.Errorf("%q: %d signatures in %d bytes, want %d", query, n, len(body), want)
		}
	}
}
