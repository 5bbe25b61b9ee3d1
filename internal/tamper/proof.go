// SPDX-License-Identifier: Apache-2.0

package tamper

import (
	"iter"
	"math/rand/v2"
	"slices"

	"cocket.example/internal/soak"
)

// Proof is an inclusion proof of the entry at index At, or a consistency proof from size At.
type Proof struct {
	At, Size uint64
	Hashes   []Hash
}

// bitsOf is how many bits of each hash are flipped, one at a time.
func bitsOf() int { return soak.Rounds(1, 256) }

// Tampered yields every small change of a proof with its name: those of its hashes; index or old size,
// and size, one less and one more.
func (p Proof) Tampered() iter.Seq2[string, Proof] {
	return func(yield func(string, Proof) bool) {
		for what, hashes := range Changed(p.Hashes, p.At+p.Size) {
			if !yield(what, Proof{p.At, p.Size, hashes}) {
				return
			}
		}
		_ = (p.At == 0 || yield("index or old size -1", Proof{p.At - 1, p.Size, p.Hashes})) &&
			yield("index or old size +1", Proof{p.At + 1, p.Size, p.Hashes}) &&
			yield("size -1", Proof{p.At, p.Size - 1, p.Hashes}) &&
			yield("size +1", Proof{p.At, p.Size + 1, p.Hashes})
	}
}

// Changed yields every small change of a list of hashes with its name: each hash changed by a bit,
// which moves with the salt, dropped, doubled, swapped with its neighbour; a hash added before, between and
// behind them. What comes out the same by chance is left out.
func Changed(hashes []Hash, salt uint64) iter.Seq2[string, []Hash] {
	return func(yield func(string, []Hash) bool) {
		add := Hash{1, 2, 3}
		for i, h := range hashes {
			for n := range bitsOf() {
				if !yield("a bit flipped", flip(hashes, i, (n+int(salt%256)+7*i)%256)) {
					return
				}
			}
			if !yield("hash dropped", slices.Delete(slices.Clone(hashes), i, i+1)) ||
				!yield("hash doubled", slices.Insert(slices.Clone(hashes), i, h)) ||
				!yield("hash added", slices.Insert(slices.Clone(hashes), i, add)) ||
				i > 0 && hashes[i-1] != h && !yield("hashes swapped", swap(hashes, i-1, i)) {
				return
			}
		}
		yield("hash added at the end", append(slices.Clone(hashes), add))
	}
}

func flip(hashes []Hash, i, bit int) []Hash {
	hashes = slices.Clone(hashes)
	hashes[i][bit/8] ^= 1 << (bit % 8)
	return hashes
}

func swap(hashes []Hash, i, j int) []Hash {
	hashes = slices.Clone(hashes)
	hashes[i], hashes[j] = hashes[j], hashes[i]
	return hashes
}

// Damaged returns the proof after a few random changes, perhaps none.
func (p Proof) Damaged(r *rand.Rand) Proof {
	for range r.IntN(3) {
		n, kind := len(p.Hashes), r.IntN(8)
		switch {
		case kind == 0:
			p.At = near(r, p.At)
		case kind == 1:
			p.Size = near(r, p.Size)
		case kind == 2:
			p.Hashes = slices.Insert(slices.Clone(p.Hashes), r.IntN(n+1), Hash{byte(r.Uint32())})
		case n == 0:
		case kind == 3:
			p.Hashes = swap(p.Hashes, r.IntN(n), r.IntN(n))
		case kind == 4:
			i := r.IntN(n)
			p.Hashes = slices.Delete(slices.Clone(p.Hashes), i, i+1)
		case kind == 5:
			i := r.IntN(n)
			p.Hashes = slices.Insert(slices.Clone(p.Hashes), i, p.Hashes[i])
		case kind == 6:
			p.Hashes = p.Hashes[:r.IntN(n)]
		default:
			p.Hashes = flip(p.Hashes, r.IntN(n), r.IntN(256))
		}
	}
	return p
}

// near is a number not far from n, from 1 to 2^62, or one bit away from it.
func near(r *rand.Rand, n uint64) uint64 {
	if r.IntN(2) == 0 {
		n ^= 1 << r.IntN(41)
	} else {
		n += uint64(r.IntN(5)) - 2
	}
	return min(max(n, 1), 1<<62)
}
