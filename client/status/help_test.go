// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	"cocket.example/declaration"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

const origin = "log.example/status"

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

// keys are those of a log and of its only witness.
type keys struct {
	signer   *receipt.Signer
	cosigner *receipt.Cosigner
	policy   receipt.Policy
}

func newKeys() keys {
	skey, vkey, err := receipt.GenerateKey(seed(1), receipt.Ed25519, origin)
	cosign, cosigned, err2 := receipt.GenerateKey(seed(2), receipt.Cosignature, "witness.example")
	must(vkey, err)
	must(cosigned, err2)
	return keys{
		must(receipt.NewSigner(skey)), must(receipt.NewCosigner(cosign)),
		must(receipt.ParsePolicy([]byte("log " + vkey + "\nwitness w " + cosigned + "\nquorum w\n"))),
	}
}

var (
	testKeys = newKeys()
	testTime = time.Unix(1_790_000_000, 0)
)

// book is a log in memory that takes anything. As it stands it can only be read.
type book struct {
	entries [][]byte
	leaves  []byte
}

func newBook(entries ...[]byte) *book {
	b := new(book)
	b.add(entries...)
	return b
}

func (b *book) add(entries ...[]byte) {
	for _, entry := range entries {
		leaf := declaration.LeafHash(entry)
		b.entries, b.leaves = append(b.entries, entry), append(b.leaves, leaf[:]...)
	}
}

func (b *book) size() uint64 { return uint64(len(b.entries)) }

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
		return nil, fmt.Errorf("tile %d of level %d: %w", index, level, fs.ErrNotExist)
	}
	return hashes[first*tile.HashSize : (first+width)*tile.HashSize], nil
}

// ReadBundle packs a bundle.
func (b *book) ReadBundle(ctx context.Context, index uint64, width int) (bundle []byte, err error) {
	first := int(index) * tile.Width
	if first+width > len(b.entries) {
		return nil, fmt.Errorf("bundle %d: %w", index, fs.ErrNotExist)
	}
	for _, e := range b.entries[first : first+width] {
		bundle = must(tile.AppendEntry(bundle, e))
	}
	return bundle, ctx.Err()
}

// signed is the checkpoint of a size.
func (b *book) signed(size uint64) []byte {
	cp := receipt.Checkpoint{Origin: origin, Size: size, Root: must(tile.Root(context.Background(), b, size))}
	at := testTime.Add(time.Duration(size) * time.Second)
	return append(must(cp.Sign(testKeys.signer)), must(testKeys.cosigner.Cosign(cp, at)).String()...)
}

// Checkpoint is that of all entries.
func (b *book) Checkpoint(context.Context) ([]byte, error) { return b.signed(b.size()), nil }

// trusted is the checkpoint of a size as whoever verified it knows it.
func (b *book) trusted(size uint64) receipt.Trusted {
	return must(testKeys.policy.Verify(b.signed(size)))
}

// desk is a book that answers questions, honestly but for what is withheld.
type desk struct {
	*book
	withheld []uint64 // from /refers
}

// Lookup finds the first.
func (d desk) Lookup(_ context.Context, leaf receipt.Hash) (uint64, bool, error) {
	i := slices.IndexFunc(d.entries, func(e []byte) bool { return declaration.LeafHash(e) == leaf })
	return uint64(max(i, 0)), i >= 0, nil
}

// Refers lists what parses and refers.
func (d desk) Refers(ctx context.Context, leaf receipt.Hash) (indexes []uint64, err error) {
	if _, ok, _ := d.Lookup(ctx, leaf); !ok {
		return nil, fs.ErrNotExist
	}
	for i, data := range d.entries {
		e, err := declaration.Parse(data)
		if err == nil && e.Refers != nil && *e.Refers == leaf && !slices.Contains(d.withheld, uint64(i)) {
			indexes = append(indexes, uint64(i))
		}
	}
	return indexes, nil
}

// Receipt is for the earliest tree.
func (d desk) Receipt(ctx context.Context, index uint64, _ time.Duration) ([]byte, error) {
	path, err := tile.Inclusion(ctx, d, index, index+1)
	return receipt.Receipt{Index: index, Proof: path, Checkpoint: d.signed(index + 1)}.Bytes(), err
}

// issue makes an entry; number tells it from others.
func issue(submitter string, number int) []byte { return entryOf("issue", submitter, nil, number) }

// refer makes an amendment or withdrawal.
func refer(event, submitter string, target []byte, number int) []byte {
	leaf := declaration.LeafHash(target)
	return entryOf(event, submitter, &leaf, number)
}

func entryOf(event, submitter string, refers *receipt.Hash, number int) []byte {
	e := declaration.Entry{Log: origin, Event: event, Profile: "usmca/1", Submitter: submitter, Width: 32, Refers: refers}
	if event != "withdraw" {
		e.Tags = []declaration.Hash{{}}
	}
	binary.BigEndian.PutUint64(e.Root[:], uint64(number))
	data := e.Bytes()
	must(declaration.Parse(data))
	return data
}

// asks asks about every entry of a book.
func asks(t *testing.T, c Config, entries ...[]byte) []Answer {
	t.Helper()
	var leaves []receipt.Hash
	for _, e := range entries {
		leaves = append(leaves, declaration.LeafHash(e))
	}
	c.Policy = testKeys.policy
	answers, err := Ask(t.Context(), c, leaves...)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// bytes is the file of a state.
func (s saved) bytes() []byte {
	var b bytes.Buffer
	if err := s.write(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}
