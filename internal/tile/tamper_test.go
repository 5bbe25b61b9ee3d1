// SPDX-License-Identifier: Apache-2.0

package tile_test

import (
	"context"
	"slices"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/internal/soak"
	"cocket.example/internal/tamper"
	"cocket.example/internal/tile"
)

// readLeaf reads a leaf with its proof from the same tiles, as a log makes a receipt, and verifies it
// as who gets the receipt does.
func readLeaf(l tamper.Log, root hash, index uint64) (leaf hash, err error) {
	if leaf, err = tile.ReadLeaf(context.Background(), l, index, l.Size); err != nil {
		return leaf, err
	}
	path, err := tile.Inclusion(context.Background(), l, index, l.Size)
	if err != nil {
		return leaf, err
	}
	return leaf, proof.VerifyInclusion(rfc6962.DefaultHasher, index, l.Size, leaf[:], slice(path), root[:])
}

func slice(path []hash) (out [][]byte) {
	for i := range path {
		out = append(out, path[i][:])
	}
	return out
}

// No leaf but the right one is read from forged tiles; nor with x/mod as it is now.
func TestTamperTiles(t *testing.T) {
	soak.NoRace(t)
	for name, read := range map[string]tamper.Read{"ours": readLeaf, "x/mod": tamper.TlogLeaf} {
		v, err := tamper.TryForged(read)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("tiles, %s: %d forged logs tried, %d refused, %d without effect, %d accepted",
			name, v.Refused+v.Harmless+v.Accepted, v.Refused, v.Harmless, v.Accepted)
		if v.Accepted > 0 || v.Refused < 50_000 {
			t.Errorf("%s: %d accepted %v", name, v.Accepted, v.By)
		}
	}
}

// From forged tiles comes no consistency proof that holds, unless it is the right one.
func TestTamperConsistencyFromTiles(t *testing.T) {
	soak.NoRace(t)
	tree := tamper.New(tamper.Sizes)
	tamper.EachSize(t, "consistency proofs from tiles", 10_000, func(size uint64) (tried int) {
		for index := size % tamper.Stride(); index+1 < size; index += tamper.Stride() {
			tried += forgedConsistency(t, tamper.Log{Tree: tree, Size: size}, index+1)
		}
		return tried
	})
}

func forgedConsistency(t *testing.T, honest tamper.Log, from uint64) (tried int) {
	older, root := honest.Tree.Root(from), honest.Tree.Root(honest.Size)
	right := honest.Tree.Consistency(from, honest.Size)
	for what, l := range honest.Forgeries(from - 1) {
		path, err := tile.Consistency(context.Background(), l, from, l.Size)
		if err == nil && slices.Equal(path, right) {
			continue
		}
		tried++
		p := slice(path)
		if err == nil && proof.VerifyConsistency(rfc6962.DefaultHasher, from, l.Size, p, older[:], root[:]) == nil {
			t.Errorf("%s: another proof from %d to %d holds", what, from, l.Size)
		}
	}
	return tried
}
