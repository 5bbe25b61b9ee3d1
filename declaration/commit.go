// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"strconv"
)

// kind says how a number of the commitment tree is filled.
type kind byte

const (
	absent  kind = 0
	present kind = 1
	padding kind = 2
	public  kind = 3 // the value stands in the entry's public line
)

// leaf is what one number commits to.
type leaf struct {
	kind  kind
	path  string
	value string // of a present field only
}

// append appends what comes before the value: kind, length of the path, path.
func (l leaf) append(b []byte) []byte {
	b = append(b, byte(l.kind))
	b = binary.BigEndian.AppendUint16(b, uint16(len(l.path)))
	return append(b, l.path...)
}

// hash commits to the leaf under its salt:
//
//	SHA-256(0x00 ‖ context ‖ salt ‖ kind ‖ uint16 length ‖ path ‖ value)
func (l leaf) hash(context, salt Hash) Hash {
	b := make([]byte, 0, 256)
	b = append(b, 0)
	b = append(b, context[:]...)
	b = append(b, salt[:]...)
	return sha256.Sum256(append(l.append(b), l.value...))
}

// contextHash ties the commitments to the lines of the entry that are in clear.
func (e Entry) contextHash() Hash {
	return sha256.Sum256(append([]byte(entryHeader+" context\n"), e.context()...))
}

// commit computes salts, tree and the two commitments of the entry.
func (c content) commit() (Opening, error) {
	leaves := c.leaves()
	var err error
	if c.salts, err = newSalts(c.secret, leaves); err != nil {
		return Opening{}, err
	}
	context := c.entry.contextHash()
	hashes := make([]Hash, len(leaves))
	for i, salt := range c.salts.fields(len(leaves)) {
		hashes[i] = leaves[i].hash(context, salt)
	}
	c.tree = newTree(hashes)
	c.entry.Root = c.tree.root()
	if c.entry.Certifier, err = c.certifierCommitment(); err != nil {
		return Opening{}, err
	}
	if _, err := Parse(c.entry.Bytes()); err != nil {
		return Opening{}, err
	}
	return c.opening(), nil
}

// leaves lists what every number of the tree commits to.
func (c content) leaves() []leaf {
	shown := make(map[int]bool, len(c.entry.Public))
	for _, p := range c.entry.Public {
		shown[p.Number] = true
	}
	leaves := make([]leaf, c.entry.Width)
	size := c.table.Size(c.values.Lines())
	for i := range leaves {
		if i >= size {
			leaves[i] = leaf{kind: padding}
			continue
		}
		path, _ := c.table.At(i)
		switch value := c.values[path]; {
		case shown[i]:
			leaves[i] = leaf{kind: public, path: path}
		case value != "":
			leaves[i] = leaf{kind: present, path: path, value: value}
		default:
			leaves[i] = leaf{kind: absent, path: path}
		}
	}
	return leaves
}

// salts derives the salts from the secret, one by one, so that showing some tells nothing of the
// others. The digest over all leaves keeps them apart even if a secret is used twice.
type salts struct{ key []byte }

func newSalts(secret Hash, leaves []leaf) (salts, error) {
	h := sha256.New()
	var b []byte
	for _, l := range leaves {
		b = binary.BigEndian.AppendUint32(l.append(b[:0]), uint32(len(l.value)))
		h.Write(append(b, l.value...))
	}
	key, err := hkdf.Extract(sha256.New, secret[:], h.Sum(nil))
	return salts{key}, err
}

func (s salts) field(i int) (Hash, error) { return s.derive("field " + strconv.Itoa(i)) }

// fields yields the salts of the fields below n. HKDF-Expand of one hash is one HMAC (RFC 5869 section 2.3),
// whose key is set up once for all:
//
//	T(1) = HMAC-SHA256(key, info ‖ 0x01)
func (s salts) fields(n int) iter.Seq2[int, Hash] {
	return func(yield func(int, Hash) bool) {
		mac := hmac.New(sha256.New, s.key)
		var info, sum []byte
		for i := range n {
			info = strconv.AppendInt(append(info[:0], entryHeader+" field "...), int64(i), 10)
			mac.Reset()
			mac.Write(append(info, 1))
			if sum = mac.Sum(sum[:0]); !yield(i, Hash(sum)) {
				return
			}
		}
	}
}

func (s salts) certifier() (Hash, error) { return s.derive("certifier") }

func (s salts) derive(info string) (Hash, error) {
	b, err := hkdf.Expand(sha256.New, s.key, entryHeader+" "+info, sha256.Size)
	if err != nil {
		return Hash{}, err
	}
	return Hash(b), nil
}

// tree is a perfect Merkle tree: level 0 holds the leaf hashes, the last level the root. Interior
// nodes are SHA-256(0x01 ‖ left ‖ right).
type tree [][]Hash

func newTree(leaves []Hash) tree {
	t := tree{leaves}
	for level := leaves; len(level) > 1; {
		next := make([]Hash, len(level)/2)
		for i := range next {
			next[i] = join(level[2*i], level[2*i+1])
		}
		t = append(t, next)
		level = next
	}
	return t
}

func (t tree) root() Hash { return t[len(t)-1][0] }

func join(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// cover returns the hashes that lead from the numbers shown, ascending, to the root: each that cannot be
// computed, once, ordered by level, then index.
func (t tree) cover(numbers []int) []Hash {
	var proof []Hash
	for _, level := range t[:len(t)-1] {
		var parents []int
		for k := 0; k < len(numbers); k++ {
			i := numbers[k]
			if i%2 == 0 && k+1 < len(numbers) && numbers[k+1] == i+1 {
				k++ // both children are known
			} else {
				proof = append(proof, level[i^1])
			}
			parents = append(parents, i/2)
		}
		numbers = parents
	}
	return proof
}

// climb computes the root from leaf hashes at their numbers, ascending, and a cover. It fails unless
// every hash of the cover is used, in order.
func climb(width int, numbers []int, hashes []Hash, proof []Hash) (Hash, error) {
	for ; width > 1; width /= 2 {
		var parents []int
		var joined []Hash
		for k := 0; k < len(numbers); k++ {
			i, hash := numbers[k], hashes[k]
			switch {
			case i%2 == 0 && k+1 < len(numbers) && numbers[k+1] == i+1:
				k++
				hash = join(hash, hashes[k])
			case len(proof) == 0:
				return Hash{}, invalid("proof: too few hashes")
			case i%2 == 0:
				hash, proof = join(hash, proof[0]), proof[1:]
			default:
				hash, proof = join(proof[0], hash), proof[1:]
			}
			parents, joined = append(parents, i/2), append(joined, hash)
		}
		numbers, hashes = parents, joined
	}
	if len(proof) > 0 {
		return Hash{}, invalid("proof: %d hashes too many", len(proof))
	}
	return hashes[0], nil
}
