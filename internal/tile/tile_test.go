// SPDX-License-Identifier: Apache-2.0

package tile_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/internal/tile"
)

type hash = [32]byte

// memory is a tree that keeps its leaves and serves tiles and bundles made of them on demand. Its
// tiles are cut from whole levels, so that they do not depend on the code under test.
type memory struct {
	leaves []hash
	levels [][]hash // of complete subtrees of 256^level leaves
}

func entry(i int) []byte { return fmt.Appendf(nil, "entry %d", i) }

func node(left, right hash) hash {
	return sha256.Sum256(slices.Concat([]byte{1}, left[:], right[:]))
}

func newMemory(size int) *memory {
	m := &memory{leaves: make([]hash, size)}
	for i := range m.leaves {
		m.leaves[i] = sha256.Sum256(append([]byte{0}, entry(i)...))
	}
	for level := m.leaves; len(level) > 0; {
		m.levels = append(m.levels, level)
		var above []hash
		for run := range slices.Chunk(level, tile.Width) {
			if len(run) == tile.Width {
				above = append(above, naiveRoot(run))
			}
		}
		level = above
	}
	return m
}

func (m *memory) ReadTile(_ context.Context, level, index uint64, width int) ([]byte, error) {
	first := index * tile.Width
	if level >= uint64(len(m.levels)) || first+uint64(width) > uint64(len(m.levels[level])) {
		return nil, fs.ErrNotExist
	}
	var b []byte
	for _, h := range m.levels[level][first : first+uint64(width)] {
		b = append(b, h[:]...)
	}
	return b, nil
}

func (m *memory) ReadBundle(_ context.Context, index uint64, width int) (bundle []byte, err error) {
	first := int(index) * tile.Width
	if first+width > len(m.leaves) {
		return nil, fs.ErrNotExist
	}
	for i := first; i < first+width; i++ {
		if bundle, err = tile.AppendEntry(bundle, entry(i)); err != nil {
			return nil, err
		}
	}
	return bundle, nil
}

// split is the largest power of two below n (RFC 6962 section 2.1).
func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

func naiveRoot(leaves []hash) hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	default:
		return node(naiveRoot(leaves[:split(n)]), naiveRoot(leaves[split(n):]))
	}
}

// naivePath is PATH of RFC 6962 section 2.1.1.
func naivePath(index int, leaves []hash) []hash {
	n := len(leaves)
	if n == 1 {
		return nil
	}
	if k := split(n); index < k {
		return append(naivePath(index, leaves[:k]), naiveRoot(leaves[k:]))
	} else {
		return append(naivePath(index-k, leaves[k:]), naiveRoot(leaves[:k]))
	}
}

// naiveConsistency is SUBPROOF of RFC 6962 section 2.1.2.
func naiveConsistency(from int, leaves []hash, known bool) []hash {
	n := len(leaves)
	if from == n {
		if known {
			return nil
		}
		return []hash{naiveRoot(leaves)}
	}
	if k := split(n); from <= k {
		return append(naiveConsistency(from, leaves[:k], known), naiveRoot(leaves[k:]))
	} else {
		return append(naiveConsistency(from-k, leaves[k:], false), naiveRoot(leaves[:k]))
	}
}

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

func TestBundle(t *testing.T) { // TT-15
	entries := [][]byte{{}, []byte("a"), bytes.Repeat([]byte{7}, tile.MaxEntry), {}}
	var bundle []byte
	for _, e := range entries {
		bundle = must(tile.AppendEntry(bundle, e))
	}
	got, err := tile.ParseBundle(bundle, len(entries))
	if err != nil || !slices.EqualFunc(got, entries, bytes.Equal) {
		t.Fatalf("%d entries, %v", len(got), err)
	}
	if b, err := tile.AppendEntry([]byte("kept"), make([]byte, tile.MaxEntry+1)); err == nil || string(b) != "kept" {
		t.Errorf("an entry of 65536 bytes gives %d bytes, %v", len(b), err)
	}
	for name, c := range map[string]struct {
		bundle string
		width  int
	}{
		"empty":             {"", 1},
		"half a length":     {"\x00", 1},
		"short entry":       {"\x00\x02a", 1},
		"little-endian":     {"\x01\x00a", 1},
		"trailing byte":     {"\x00\x01ab", 1},
		"an entry too many": {"\x00\x00\x00\x00", 1},
		"an entry too few":  {"\x00\x00", 2},
		"no entry expected": {"\x00\x00", 0},
	} {
		if got, err := tile.ParseBundle([]byte(c.bundle), c.width); err == nil {
			t.Errorf("%s: parsed as %q", name, got)
		}
	}
	if got, err := tile.ParseBundle(nil, 0); err != nil || len(got) != 0 {
		t.Errorf("nothing parsed as %q, %v", got, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// All proofs of all sizes up to 130 agree with RFC 6962 as it is written down.
func TestProofsAgainstTheRFC(t *testing.T) { // TT-2, TT-10
	ctx := t.Context()
	m := newMemory(130)
	for size := range len(m.leaves) + 1 {
		leaves := m.leaves[:size]
		if got, err := tile.Root(ctx, m, uint64(size)); err != nil || got != naiveRoot(leaves) {
			t.Fatalf("root of %d: %x, %v", size, got, err)
		}
		for i := range size {
			got, err := tile.Inclusion(ctx, m, uint64(i), uint64(size))
			if err != nil || !slices.Equal(got, naivePath(i, leaves)) {
				t.Fatalf("inclusion of %d in %d: %x, %v", i, size, got, err)
			}
			got, err = tile.Consistency(ctx, m, uint64(i+1), uint64(size))
			if err != nil || !slices.Equal(got, naiveConsistency(i+1, leaves, true)) {
				t.Fatalf("consistency of %d with %d: %x, %v", i+1, size, got, err)
			}
			if leaf, err := tile.ReadLeaf(ctx, m, uint64(i), uint64(size)); err != nil || leaf != leaves[i] {
				t.Fatalf("leaf %d of %d: %x, %v", i, size, leaf, err)
			}
			if e, err := tile.ReadEntry(ctx, m, uint64(i), uint64(size)); err != nil || !bytes.Equal(e, entry(i)) {
				t.Fatalf("entry %d of %d: %q, %v", i, size, e, err)
			}
		}
		if got, err := tile.Consistency(ctx, m, 0, uint64(size)); err != nil || len(got) != 0 {
			t.Fatalf("consistency of 0 with %d: %x, %v", size, got, err)
		}
	}
}

// Around the edges of tiles and tile levels; there x/mod's tlog verifies the proofs too.
func TestLargeTrees(t *testing.T) { // TT-10, TT-11
	ctx := t.Context()
	m := newMemory(70000)
	sizes := []int{127, 128, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 70000}
	for n, size := range sizes {
		root, err := tile.Root(ctx, m, uint64(size))
		if err != nil || root != naiveRoot(m.leaves[:size]) {
			t.Fatalf("root of %d: %x, %v", size, root, err)
		}
		for _, i := range []int{0, 1, size / 2, size - 2, size - 1} {
			path, err := tile.Inclusion(ctx, m, uint64(i), uint64(size))
			if err == nil {
				err = tlog.CheckRecord(hashes(path), int64(size), tlog.Hash(root), int64(i), tlog.Hash(m.leaves[i]))
			}
			if err != nil {
				t.Errorf("inclusion of %d in %d: %v", i, size, err)
			}
		}
		for _, from := range sizes[:n+1] {
			old := must(tile.Root(ctx, m, uint64(from)))
			path, err := tile.Consistency(ctx, m, uint64(from), uint64(size))
			if err == nil {
				err = tlog.CheckTree(hashes(path), int64(size), tlog.Hash(root), int64(from), tlog.Hash(old))
			}
			if err != nil {
				t.Errorf("consistency of %d with %d: %v", from, size, err)
			}
		}
	}
}

func hashes(path []hash) (out []tlog.Hash) {
	for _, h := range path {
		out = append(out, tlog.Hash(h))
	}
	return out
}

// What tlog computes from its own store of hashes, we compute from tiles.
func TestRootsAgainstTlog(t *testing.T) {
	ctx := t.Context()
	m := newMemory(600)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	edge := tile.NewRange()
	for i := range m.leaves {
		stored = append(stored, must(tlog.StoredHashes(int64(i), entry(i), reader))...)
		if err := edge.Append(m.leaves[i][:], nil); err != nil {
			t.Fatal(err)
		}
		want := hash(must(tlog.TreeHash(int64(i+1), reader)))
		if got := must(tile.Root(ctx, m, uint64(i+1))); got != want {
			t.Fatalf("root of %d from tiles: %x, tlog says %x", i+1, got, want)
		}
		if got := must(tile.RangeRoot(edge)); got != want {
			t.Fatalf("root of %d from the range: %x, tlog says %x", i+1, got, want)
		}
	}
	// The edge that is read can be appended to.
	read := must(tile.Edge(ctx, m, 300))
	for _, leaf := range m.leaves[300:] {
		if err := read.Append(leaf[:], nil); err != nil {
			t.Fatal(err)
		}
	}
	if must(tile.RangeRoot(read)) != must(tile.RangeRoot(edge)) {
		t.Error("the edge at 300 grows into another tree")
	}
}

// cut answers every tile and bundle a byte short.
type cut struct{ *memory }

func (c cut) ReadTile(ctx context.Context, level, index uint64, width int) ([]byte, error) {
	b, err := c.memory.ReadTile(ctx, level, index, width)
	return b[:max(0, len(b)-1)], err
}

func (c cut) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	b, err := c.memory.ReadBundle(ctx, index, width)
	return b[:max(0, len(b)-1)], err
}

func TestReadErrors(t *testing.T) {
	ctx := t.Context()
	m := newMemory(300)
	fails := func(r tile.Reader, index, size uint64) (errs []error) {
		_, err1 := tile.ReadLeaf(ctx, r, index, size)
		_, err2 := tile.ReadEntry(ctx, r, index, size)
		return []error{err1, err2}
	}
	for _, c := range []struct{ index, size uint64 }{
		{0, 0}, {300, 300}, {301, 300}, {512, 300}, {math.MaxInt64, 300}, {math.MaxUint64, 300}, // not in the tree
		{300, 301}, {512, 600}, // not in the store
	} {
		for i, err := range fails(m, c.index, c.size) {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%d: index %d of %d: %v, want it not to exist", i, c.index, c.size, err)
			}
		}
	}
	for i, err := range fails(cut{m}, 299, 300) { // TT-9, TT-15
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d: a resource that is cut: %v", i, err)
		}
	}
	_, root := tile.Root(ctx, cut{m}, 300)
	_, missing := tile.Root(ctx, m, 301)
	_, index := tile.Inclusion(ctx, m, 300, 300)
	_, path := tile.Inclusion(ctx, cut{m}, 3, 300)
	_, order := tile.Consistency(ctx, m, 300, 299)
	_, older := tile.Consistency(ctx, cut{m}, 299, 300)
	for i, err := range []error{root, missing, index, path, order, older} {
		if err == nil {
			t.Errorf("%d: no error", i)
		}
	}
}

func TestSubtree(t *testing.T) {
	m := newMemory(256)
	for n := 1; n <= 256; n *= 2 {
		b := must(m.ReadTile(t.Context(), 0, 0, n))
		if got := hash(tile.Subtree(b)); got != naiveRoot(m.leaves[:n]) {
			t.Errorf("%d hashes: %x", n, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("3 hashes are a complete subtree")
		}
	}()
	tile.Subtree(make([]byte, 3*tile.HashSize))
}
