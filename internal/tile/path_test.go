// SPDX-License-Identifier: Apache-2.0

package tile_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"cocket.example/internal/tile"
)

func TestPath(t *testing.T) { // TT-5 … TT-8, TT-14
	for want, ref := range map[string]tile.Ref{
		"tile/0/000":                               {Width: 256},
		"tile/0/999":                               {Index: 999, Width: 256},
		"tile/0/x001/000":                          {Index: 1000, Width: 256},
		"tile/1/x001/x234/067":                     {Level: 1, Index: 1234067, Width: 256},
		"tile/63/000.p/1":                          {Level: 63, Width: 1},
		"tile/0/x001/234.p/17":                     {Index: 1234, Width: 17},
		"tile/entries/000":                         {Entries: true, Width: 256},
		"tile/entries/x273/000.p/255":              {Entries: true, Index: 273000, Width: 255},
		"tile/0/x009/x223/x372/x036/x854/x775/807": {Index: math.MaxInt64, Width: 256},
	} {
		if got := ref.Path(); got != want {
			t.Errorf("%+v has path %s, want %s", ref, got, want)
		}
		if got, err := tile.ParsePath(want); err != nil || got != ref {
			t.Errorf("%s parsed as %+v, %v", want, got, err)
		}
	}
}

func TestParsePathRefuses(t *testing.T) {
	for _, path := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "tile//000", "0/000",
		"tile/64/000", "tile/00/000", "tile/-1/000", "tile/+1/000", "tile/ 0/000", // TT-6
		"tile/18446744073709551616/000", "tile/Entries/000", "tile/entries",
		"tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1000", "tile/0/001/000", "tile/0/x001", // TT-7
		"tile/0/x001x000", "tile/0/x1/000", "tile/0/X001/000", "tile/0/x001//000", "tile/0/x001/x000",
		"tile/0/x000/000", "tile/0/x000/x001/000", "tile/0/00a", "tile/0/-01", "tile/0/٠٠٠",
		"tile/0/x009/x223/x372/x036/x854/x775/808", "tile/0/x018/x446/x744/x073/x709/x551/615",
		"tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/08", "tile/0/000.p/256", "tile/0/000.p/-1", // TT-8
		"tile/0/000.p/+1", "tile/0/000.p/1/", "tile/0/000.p/1.p/1", "tile/0/000.p", "tile/0/000.P/1",
		"tile/entries/x000/000", "tile/entries/000.p/256", "tile/0/../000", "tile/0/000?a=b", "tile/0/000\n",
		"tile/tile/0/000", "tile/0/" + strings.Repeat("x000/", 5000) + "000",
		"tile/0/" + strings.Repeat("9", 100000), strings.Repeat("tile/", 20000),
	} {
		if ref, err := tile.ParsePath(path); err == nil {
			t.Errorf("%.60q parsed as %+v", path, ref)
		} else if len(err.Error()) > 500 {
			t.Errorf("%.60q: an error of %d bytes", path, len(err.Error()))
		}
	}
}

// The check values of TT-11: how many full tiles a level has, and how wide the partial one is.
func TestWidthAt(t *testing.T) {
	for _, c := range []struct {
		size, level, full uint64
		partial           int
	}{
		{70000, 0, 273, 112}, {70000, 1, 1, 17}, {70000, 2, 0, 1}, {70000, 3, 0, 0},
		{256, 0, 1, 0}, {256, 1, 0, 1}, {256, 2, 0, 0},
		{0, 0, 0, 0}, {0, 1, 0, 0}, {1, 0, 0, 1}, {1, 1, 0, 0},
		{65536, 0, 256, 0}, {65536, 1, 1, 0}, {65536, 2, 0, 1},
		{math.MaxInt64, 0, 1<<55 - 1, 255}, {math.MaxInt64, 7, 0, 127}, {math.MaxInt64, 8, 0, 0},
		{math.MaxInt64, 63, 0, 0}, {math.MaxInt64, math.MaxUint64, 0, 0},
	} {
		if c.full > 0 {
			for _, index := range []uint64{0, c.full - 1} {
				if got := tile.WidthAt(c.level, index, c.size); got != tile.Width {
					t.Errorf("size %d level %d index %d: width %d, want 256", c.size, c.level, index, got)
				}
			}
		}
		for i, want := range []int{c.partial, 0} {
			if got := tile.WidthAt(c.level, c.full+uint64(i), c.size); got != want {
				t.Errorf("size %d level %d index %d: width %d, want %d", c.size, c.level, c.full+uint64(i), got, want)
			}
		}
	}
}

// naiveRefs lists all resources of both sizes and keeps those that differ.
func naiveRefs(from, to int) (refs []tile.Ref) {
	row := func(entries bool, level, old, now int) {
		for index := 0; index*256 < now; index++ {
			width, before := min(now-index*256, 256), max(0, min(old-index*256, 256))
			if width > before {
				refs = append(refs, tile.Ref{Entries: entries, Level: uint64(level), Index: uint64(index), Width: width})
			}
		}
	}
	row(true, 0, from, to)
	for level, old, now := 0, from, to; now > 0; level, old, now = level+1, old/256, now/256 {
		row(false, level, old, now)
	}
	return refs
}

func TestRefs(t *testing.T) { // TT-11, TT-12
	sizes := []int{0, 1, 2, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 70000, 131072, 131073}
	for i, from := range sizes {
		for _, to := range sizes[i:] {
			got := slices.Collect(tile.Refs(uint64(from), uint64(to)))
			if !slices.Equal(got, naiveRefs(from, to)) {
				t.Errorf("%d → %d: %d refs, want %d", from, to, len(got), len(naiveRefs(from, to)))
			}
			for n := range min(len(got), 4) {
				taken := 0
				for range tile.Refs(uint64(from), uint64(to)) {
					if taken++; taken > n {
						break
					}
				}
				if taken != n+1 {
					t.Errorf("%d → %d: stopped after %d of %d", from, to, taken, n+1)
				}
			}
		}
	}
	if got := slices.Collect(tile.Refs(70000, 256)); len(got) != 0 {
		t.Errorf("a tree that shrinks has new tiles %v", got)
	}
}
