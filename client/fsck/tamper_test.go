// SPDX-License-Identifier: Apache-2.0

package fsck_test

import (
	"context"
	"crypto/rand"
	"testing"

	"cocket.example/client/fsck"
	"cocket.example/internal/soak"
	"cocket.example/internal/tamper"
	"cocket.example/receipt"
)

// forged is a log with forged tiles under an honest checkpoint.
type forged struct {
	tamper.Log
	checkpoint []byte
}

func (f forged) Checkpoint(context.Context) ([]byte, error) { return f.checkpoint, nil }

// Whatever tiles are forged, and in whatever agreement with each other, is found.
func TestTamperTiles(t *testing.T) {
	soak.NoRace(t)
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, key := must(receipt.NewSigner(skey)), must(receipt.ParseVerifierKey(vkey))
	tree := tamper.New(65536 + 259)
	check := func(size, index uint64) (tried int) {
		cp := receipt.Checkpoint{Origin: origin, Size: size, Root: tree.Root(size)}
		f := forged{tamper.Log{Tree: tree, Size: size}, must(cp.Sign(signer))}
		good := func(what string) bool {
			report, err := fsck.Check(t.Context(), fsck.Config{Source: f, Key: &key, Parallel: 1})
			if err != nil {
				t.Errorf("%d of %d, %s: %v", index, size, what, err)
			}
			return report.Good()
		}
		if !good("honest") {
			t.Errorf("the honest tree of %d is not good", size)
		}
		for what, l := range f.Forgeries(index) {
			tried++
			if f.Log = l; good(what) {
				t.Errorf("%d of %d, %s: not found", index, size, what)
			}
		}
		return tried
	}
	tamper.EachSize(t, "tiles, checked", 5_000, func(size uint64) (tried int) {
		for index := size % 41; index < size; index += 41 {
			tried += check(size, index)
		}
		return tried
	})
	t.Logf("tiles of three levels, checked: %d tamperings, all refused", check(65536+259, 300)+check(65536, 65535))
}
