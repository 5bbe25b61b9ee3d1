// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/compact"

	"cocket.example/receipt"
)

// A batch receipt of 10,000 entries with three witnesses is no larger than 8 KiB, in the worst place
// of a tree of a trillion entries as well.
func TestBatchIsSmall(t *testing.T) {
	w := newWorldOf(3)
	rng := rand.New(rand.NewPCG(7, 8))
	const n = 10_000
	largest := 0
	for _, c := range []struct{ size, start uint64 }{
		{n, 0}, {1 << 20, 4096}, {1<<40 - 1, 1<<39 - 1}, {1<<40 - 1, 1<<39 - n - 1}, {1<<40 - 1, 1<<40 - n - 1},
	} {
		b, leaves := w.large(rng, c.size, c.start, n)
		if err := must(w.policy.Verify(b.Checkpoint)).IncludesBatch(leaves, b); err != nil {
			t.Fatal(err)
		}
		largest = max(largest, len(b.Bytes()))
	}
	t.Logf("at most %d bytes", largest)
	if largest > 8<<10 {
		t.Errorf("%d bytes, want at most 8 KiB", largest)
	}
}

// The bound on the number of hashes is what the format says, and is reached.
func TestBatchBound(t *testing.T) {
	for level := 4; level <= 7; level++ {
		most := 0
		for size := uint64(1); size < 1<<level; size++ {
			for start := range size {
				for end := start + 1; end <= size; end++ {
					most = max(most, compact.RangeSize(0, start)+compact.RangeSize(end, size))
				}
			}
		}
		if want := 3*level - 5; most != want {
			t.Errorf("at most %d hashes for sizes below 2^%d, want %d", most, level, want)
		}
	}
	w := newWorld()
	b, _ := w.large(rand.New(rand.NewPCG(1, 1)), 1<<63-1, 1<<62-1, 2)
	if n := len(b.Left) + len(b.Right); n != 3*63-5 {
		t.Errorf("the longest has %d hashes", n)
	}
	if _, err := receipt.ParseBatch(b.Bytes()); err != nil {
		t.Error(err)
	}
}

func TestBatchTampering(t *testing.T) {
	w := newWorld()
	verify := func(text []byte) error {
		b, err := receipt.ParseBatch(text)
		if err != nil {
			return err
		}
		trusted, err := w.policy.Verify(b.Checkpoint)
		if err != nil {
			return err
		}
		return trusted.IncludesBatch(leavesOf(3, 6), b)
	}
	text := w.batch(7, 3, 6).Bytes()
	if err := verify(text); err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for _, flip := range []byte{0x01, 0x02, 0x20, 0x80} {
			bad := slices.Clone(text)
			bad[i] ^= flip
			if verify(bad) == nil {
				t.Errorf("byte %d changed from %q to %q: accepted", i, text[i], bad[i])
			}
		}
		if verify(text[:i]) == nil {
			t.Errorf("accepted when cut to %d bytes", i)
		}
	}
}

func TestParseBatchRefuses(t *testing.T) {
	w := newWorld()
	text := string(w.batch(7, 3, 6).Bytes())
	replaced := func(old, new string) string { return strings.Replace(text, old, new, 1) }
	hash := strings.Repeat("A", 43) + "=\n"
	for name, c := range map[string]struct{ text, want string }{
		"header":         {"x" + text, "first line"},
		"header alone":   {"cocket-batch/v1\n", "not ended"},
		"version":        {replaced("/v1", "/v2"), "first line"},
		"no range":       {replaced("range 3 6\n", ""), "line with the range"},
		"one number":     {replaced("range 3 6", "range 3"), "line with the range"},
		"three numbers":  {replaced("range 3 6", "range 3 6 7"), "end of the range"},
		"two spaces":     {replaced("range 3 6", "range 3  6"), "end of the range"},
		"leading zero":   {replaced("range 3 6", "range 03 6"), "start of the range"},
		"sign":           {replaced("range 3 6", "range 3 +6"), "end of the range"},
		"carriage":       {replaced("range 3 6", "range 3 6\r"), "control character"},
		"empty":          {replaced("range 3 6", "range 3 3"), "range 3 to 3 of a tree of size 7"},
		"backwards":      {replaced("range 3 6", "range 6 3"), "range 6 to 3 of a tree of size 7"},
		"too far":        {replaced("range 3 6", "range 3 8"), "range 3 to 8 of a tree of size 7"},
		"far too far":    {replaced("range 3 6", "range 3 9223372036854775807"), "of a tree of size 7"},
		"above 2^63-1":   {replaced("range 3 6", "range 3 9223372036854775808"), "decimal"},
		"a hash more":    {replaced("range 3 6\n", "range 3 6\n"+hash), "2 and 2 hashes, want 2 and 1"},
		"a hash less":    {"cocket-batch/v1\nrange 3 6\n" + text[26+45:], "hashes, want 2 and 1"},
		"short hash":     {replaced("range 3 6\n", "range 3 6\nAAAA\n"), "hash 0"},
		"many hashes":    {replaced("range 3 6\n", "range 3 6\n"+strings.Repeat(hash, 200)), "more than 184 hashes"},
		"no checkpoint":  {text[:strings.Index(text, "\n\n")+2], "checkpoint"},
		"trailing":       {text + "x", "not ended"},
		"size":           {text + strings.Repeat("x", 200<<10), "too many"},
		"single receipt": {string(w.receipt(7, 3).Bytes()), "first line"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := receipt.ParseBatch([]byte(c.text))
			wantError(t, err, c.want)
		})
	}
}
