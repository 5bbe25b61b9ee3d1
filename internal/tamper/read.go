// SPDX-License-Identifier: Apache-2.0

package tamper

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"

	"cocket.example/internal/soak"
)

// Read is a tile reader: it returns the leaf hash at an index of a log of which it trusts the size and
// the root alone.
type Read func(l Log, root Hash, index uint64) (Hash, error)

// Verdicts counts what a tile reader makes of forged tiles.
type Verdicts struct {
	Refused  int            // with an error
	Harmless int            // the right leaf came out: the forged part was not needed
	Accepted int            // another leaf came out
	By       map[string]int // the accepted, by the kind of forgery
}

// TryForged lets a reader read leaves of every tree up to Sizes, and of a few larger ones, from every
// log that Forgeries yields. It is an error if the reader fails on honest tiles.
func TryForged(read Read) (Verdicts, error) {
	type task struct{ size, index uint64 }
	tasks := make(chan task)
	tree := New(slices.Max(larger))
	var all sync.WaitGroup
	parts := make([]Verdicts, runtime.GOMAXPROCS(0))
	errs := make([]error, len(parts))
	for i := range parts {
		parts[i].By = make(map[string]int)
		all.Go(func() {
			for t := range tasks {
				if err := parts[i].read(read, Log{Tree: tree, Size: t.size}, t.index); err != nil {
					errs[i] = err
				}
			}
		})
	}
	for size, index := range readings() {
		tasks <- task{size, index}
	}
	close(tasks)
	all.Wait()
	for _, v := range parts[1:] {
		parts[0].add(v)
	}
	return parts[0], errors.Join(errs...)
}

// larger are sizes with three levels of tiles, where a full tile has a full parent.
var larger = []uint64{65536, 65537, 65539, 65536 + 256, 65536 + 256 + 3, 65536 + 3*256 + 7, 2*65536 + 5*256 + 21}

// Stride is the distance of the leaves that are read from one tree. They begin elsewhere in the next,
// so that every place of a tile is tried with each of its neighbours.
func Stride() uint64 { return uint64(soak.Rounds(7, 1)) }

// readings yields sizes and indexes: every so many of the small trees, and of the first tile of the
// larger ones, where also the last leaves of some tiles.
func readings() iter.Seq2[uint64, uint64] {
	return func(yield func(size, index uint64) bool) {
		for size := uint64(1); size <= Sizes; size++ {
			for index := size % Stride(); index < size; index += Stride() {
				if !yield(size, index) {
					return
				}
			}
		}
		for _, size := range larger {
			for index := range size {
				border := index%4096 == 4095 || index == size-1
				first := index < width && (index+size)%Stride() == 0
				if (first || border) && !yield(size, index) {
					return
				}
			}
		}
	}
}

// read reads the leaf at index, honest and forged.
func (v *Verdicts) read(read Read, l Log, index uint64) error {
	root, leaf := l.Tree.Root(l.Size), l.Tree.Leaf(index)
	if got, err := read(l, root, index); err != nil || got != leaf {
		return fmt.Errorf("leaf %d of the honest tree of %d: %x, %w", index, l.Size, got, err)
	}
	for what, forged := range l.Forgeries(index) {
		switch got, err := read(forged, root, index); {
		case err != nil:
			v.Refused++
		case got == leaf:
			v.Harmless++
		default:
			v.Accepted++
			v.By[what]++
		}
	}
	return nil
}

func (v *Verdicts) add(w Verdicts) {
	v.Refused += w.Refused
	v.Harmless += w.Harmless
	v.Accepted += w.Accepted
	for what, n := range w.By {
		v.By[what] += n
	}
}
