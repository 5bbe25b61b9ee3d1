// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"cmp"
	"slices"
)

// queue is checkpoints that were cosigned and whose entries are not proven yet, by size. It never
// changes; its methods return another.
type queue []signed

// maxQueue bounds it: each holds a signed note of up to 7 kB. With more, those between the oldest
// and the newest are left out; their entries are read all the same, as part of the newest.
const maxQueue = 32

// with adds a checkpoint; of one size the first stays, which has waited longer.
func (q queue) with(s signed) queue {
	at, found := slices.BinarySearchFunc(q, s.checkpoint.Size, bySize)
	if found {
		return q
	}
	all := slices.Insert(slices.Clone(q), at, s)
	if len(all) > maxQueue {
		all = slices.Delete(all, len(all)-2, len(all)-1)
	}
	return all
}

// without leaves out what a proven size covers.
func (q queue) without(size uint64) queue {
	at, found := slices.BinarySearchFunc(q, size, bySize)
	if found {
		at++
	}
	return slices.Clone(q[at:])
}

// from leaves out what is smaller than size: it was passed by before anyone knew of it.
func (q queue) from(size uint64) queue {
	at, _ := slices.BinarySearchFunc(q, size, bySize)
	return slices.Clone(q[at:])
}

// after returns the smallest that is larger than size.
func (q queue) after(size uint64) (signed, bool) {
	at, found := slices.BinarySearchFunc(q, size, bySize)
	if found {
		at++
	}
	if at == len(q) {
		return signed{}, false
	}
	return q[at], true
}

func bySize(s signed, size uint64) int { return cmp.Compare(s.checkpoint.Size, size) }
