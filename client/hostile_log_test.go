// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// keys are those of a log and of its only witness.
type keys struct {
	signer   *receipt.Signer
	cosigner *receipt.Cosigner
	policy   receipt.Policy
}

// seed is a source of keys that are the same in every process.
type seed byte

func (s seed) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s)
	}
	return len(b), nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newKeys(origin string, s seed) keys {
	skey, vkey, err := receipt.GenerateKey(s, receipt.Ed25519, origin)
	cosign, cosigned, err2 := receipt.GenerateKey(s+1, receipt.Cosignature, "witness.example")
	must(vkey, err)
	must(cosigned, err2)
	return keys{
		signer: must(receipt.NewSigner(skey)), cosigner: must(receipt.NewCosigner(cosign)),
		policy: must(receipt.ParsePolicy([]byte("log " + vkey + "\nwitness w " + cosigned + "\nquorum w\n"))),
	}
}

// book is a log in memory, which answers as one should.
type book struct {
	keys
	origin  string
	entries [][]byte
	leaves  []byte
}

var _ tile.Reader = (*book)(nil)

// newBook makes a log of n entries, of which the one at odd is another than usual.
func newBook(k keys, n, odd int) *book {
	b := &book{keys: k, origin: k.signer.Name()}
	for i := range n {
		entry := fmt.Appendf(nil, "entry %d", i)
		if i == odd {
			entry = append(entry, " of another tree"...)
		}
		leaf := sha256.Sum256(append([]byte{0}, entry...))
		b.entries, b.leaves = append(b.entries, entry), append(b.leaves, leaf[:]...)
	}
	return b
}

// ReadTile computes a tile from the leaves.
func (b *book) ReadTile(_ context.Context, level, index uint64, width int) ([]byte, error) {
	hashes := b.leaves
	for range level {
		var above []byte
		for ; len(hashes) >= tile.Width*tile.HashSize; hashes = hashes[tile.Width*tile.HashSize:] {
			above = append(above, tile.Subtree(hashes[:tile.Width*tile.HashSize])...)
		}
		hashes = above
	}
	first := int(index) * tile.Width
	if first+width > len(hashes)/tile.HashSize {
		return nil, fmt.Errorf("no tile %d of level %d", index, level)
	}
	return hashes[first*tile.HashSize : (first+width)*tile.HashSize], nil
}

// ReadBundle packs a bundle.
func (b *book) ReadBundle(_ context.Context, index uint64, width int) (bundle []byte, err error) {
	first := int(index) * tile.Width
	if first+width > len(b.entries) {
		return nil, fmt.Errorf("no bundle %d", index)
	}
	for _, e := range b.entries[first : first+width] {
		bundle = must(tile.AppendEntry(bundle, e))
	}
	return bundle, nil
}

// body is what is signed at a size.
func (b *book) body(size uint64) receipt.Checkpoint {
	return receipt.Checkpoint{Origin: b.origin, Size: size, Root: must(tile.Root(context.Background(), b, size))}
}

// checkpoint is signed by the log and the witness.
func (b *book) checkpoint(size uint64) string {
	cp := b.body(size)
	signed := must(cp.Sign(b.signer))
	return string(signed) + must(b.cosigner.Cosign(cp, time.Unix(1790000000, 0))).String()
}

func (b *book) receipt(index, size uint64) string {
	path := must(tile.Inclusion(context.Background(), b, index, size))
	return string(receipt.Receipt{Index: index, Proof: path, Checkpoint: []byte(b.checkpoint(size))}.Bytes())
}

func (b *book) batch(start, end, size uint64) string {
	left, right, err := tile.Around(context.Background(), b, start, end, size)
	r := receipt.Batch{Start: start, End: end, Left: left, Right: right, Checkpoint: []byte(b.checkpoint(size))}
	return string(must(r, err).Bytes())
}

// get answers a GET, "" where there is nothing.
func (b *book) get(path string) string {
	size := uint64(len(b.entries))
	if path == "/checkpoint" {
		return b.checkpoint(size)
	}
	if number, ok := strings.CutPrefix(path, "/receipt/"); ok {
		return b.receipt(must(strconv.ParseUint(number, 10, 64)), size)
	}
	ref, err := tile.ParsePath(strings.TrimPrefix(path, "/"))
	if err != nil {
		return ""
	}
	read := func() ([]byte, error) { return b.ReadTile(context.Background(), ref.Level, ref.Index, ref.Width) }
	if ref.Entries {
		read = func() ([]byte, error) { return b.ReadBundle(context.Background(), ref.Index, ref.Width) }
	}
	body, err := read()
	if err != nil {
		return ""
	}
	return string(body)
}

// TestBook: what the log answers is right, so that a refusal is for what a stranger changed.
func TestBook(t *testing.T) {
	b := newBook(newKeys("log.example", 1), 600, -1)
	trusted, err := b.policy.Verify([]byte(b.checkpoint(600)))
	if err != nil {
		t.Fatal(err)
	}
	r := must(receipt.Parse([]byte(b.receipt(299, 600))))
	if err := trusted.Includes(sha256.Sum256([]byte("\x00entry 299")), r); err != nil {
		t.Fatal(err)
	}
}
