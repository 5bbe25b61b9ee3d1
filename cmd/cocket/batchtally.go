// SPDX-License-Identifier: Apache-2.0

package main

import "time"

// batchTally counts batch receipts, and says since when what they prove is on file.
type batchTally struct {
	batches          int
	earliest, latest time.Time
	timeless         bool // one of them proves no time
}

func (t *batchTally) add(noLaterThan time.Time) {
	t.batches++
	switch {
	case noLaterThan.IsZero():
		t.timeless = true
		return
	case t.earliest.IsZero() || noLaterThan.Before(t.earliest):
		t.earliest = noLaterThan
	}
	if noLaterThan.After(t.latest) {
		t.latest = noLaterThan
	}
}

// onFile is the time by which everything is on file; zero if none can be given.
func (t *batchTally) onFile() time.Time {
	if t.timeless {
		return time.Time{}
	}
	return t.latest
}
