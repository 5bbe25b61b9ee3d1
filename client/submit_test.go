// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"cocket.example/internal/tile"
)

func contextWithTimeout(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

func TestParseRuns(t *testing.T) {
	for _, test := range []struct {
		answer string
		n      int
		want   []uint64 // nil: refused
	}{
		{"0 1\n", 1, []uint64{0}},
		{"5 3\n", 3, []uint64{5, 6, 7}},
		{"5 2\n3 1\n9 1\n", 4, []uint64{5, 6, 3, 9}},
		{"7 1\n7 1\n", 2, []uint64{7, 7}},
		{"5 1\n6 1\n", 2, nil}, // one run, split in two
		{"5 2\n", 3, nil},
		{"5 4\n", 3, nil},
		{"5 0\n5 3\n", 3, nil},
		{"05 3\n", 3, nil},
		{"5 03\n", 3, nil},
		{"5  3\n", 3, nil},
		{"5 3", 3, nil},
		{"5 3\r\n", 3, nil},
		{"5 3\n\n", 3, nil},
		{"5\n", 1, nil},
		{"-5 1\n", 1, nil},
		{"5 18446744073709551615\n", 1, nil},
		{"9223372036854775808 1\n", 1, nil},
		{"", 1, nil},
		{"<html>\n", 1, nil},
	} {
		got, err := parseRuns([]byte(test.answer), test.n)
		if (err != nil) != (test.want == nil) || !slices.Equal(got, test.want) && err == nil {
			t.Errorf("parseRuns(%q, %d) = %v, %v; want %v", test.answer, test.n, got, err, test.want)
		}
	}
}

func TestSubmitAnswer(t *testing.T) {
	for _, body := range []string{"", "x", "07", "7\n", "-1", "18446744073709551615"} {
		c := fake(t, func(*http.Request) (*http.Response, error) { return answer(200, body), nil })
		if index, err := c.Submit(t.Context(), nil); err == nil {
			t.Errorf("answer %q: index %d", body, index)
		}
	}
}

// log is a log for tests: it gives every new entry the next index.
type memory struct {
	index    map[string]int
	requests []int // entries in each
	zstd     int   // requests that were compressed
}

func (m *memory) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if r.Header.Get("Content-Encoding") == "zstd" {
		m.zstd++
		d, _ := zstd.NewReader(nil)
		defer d.Close()
		if body, err = d.DecodeAll(body, nil); err != nil {
			return nil, err
		}
	}
	if len(body) > maxBatchBytes {
		return answer(413, "too large"), nil
	}
	var index []uint64
	for len(body) > 0 {
		entry, rest, err := tile.CutEntry(body)
		if err != nil {
			return answer(400, err.Error()), nil
		}
		if _, ok := m.index[string(entry)]; !ok {
			m.index[string(entry)] = len(m.index)
		}
		index, body = append(index, uint64(m.index[string(entry)])), rest
	}
	m.requests = append(m.requests, len(index))
	return answer(200, string(printRuns(index))), nil
}

func TestSubmitBatch(t *testing.T) {
	m := &memory{index: make(map[string]int)}
	c := fake(t, m.RoundTrip)
	var entries [][]byte
	for i := range maxBatch + 3 {
		entries = append(entries, fmt.Appendf(nil, "entry %d", i))
	}
	entries = append(entries, entries[5]) // held already
	index, err := c.SubmitBatch(t.Context(), entries)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range index[:maxBatch+3] {
		if got != uint64(i) {
			t.Fatalf("entry %d has index %d", i, got)
		}
	}
	if len(index) != len(entries) || index[len(index)-1] != 5 {
		t.Errorf("%d indexes, the last %d", len(index), index[len(index)-1])
	}
	if !slices.Equal(m.requests, []int{maxBatch, 4}) || m.zstd != 1 {
		t.Errorf("requests of %v entries, %d compressed", m.requests, m.zstd)
	}
}

func TestSubmitBatchSplitsByBytes(t *testing.T) {
	m := &memory{index: make(map[string]int)}
	c := fake(t, m.RoundTrip)
	var entries [][]byte
	for i := range maxBatchBytes/(tile.MaxEntry+2) + 2 {
		entries = append(entries, bytes.Repeat([]byte{byte(i), byte(i >> 8)}, tile.MaxEntry/2))
	}
	index, err := c.SubmitBatch(t.Context(), entries)
	if err != nil || len(index) != len(entries) || len(m.requests) != 2 {
		t.Errorf("%d indexes in requests of %v entries: %v", len(index), m.requests, err)
	}
}

func TestSubmitBatchRefuses(t *testing.T) {
	c := fake(t, func(*http.Request) (*http.Response, error) { return answer(400, "entry 17: bad"), nil })
	if index, err := c.SubmitBatch(t.Context(), nil); err != nil || len(index) != 0 {
		t.Errorf("of nothing: %v, %v", index, err)
	}
	if _, err := c.SubmitBatch(t.Context(), [][]byte{make([]byte, tile.MaxEntry+1)}); err == nil {
		t.Error("an entry that is too long was sent")
	}
	entries := make([][]byte, maxBatch+1)
	_, err := c.SubmitBatch(t.Context(), entries)
	if err == nil || !strings.HasPrefix(err.Error(), "entries 0 to 65535: ") {
		t.Errorf("error %v", err)
	}
}
