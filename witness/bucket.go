// SPDX-License-Identifier: Apache-2.0

package witness

import "time"

// rate is so many a second on average, and so many at once after a pause.
type rate struct{ second, burst float64 }

// bucket holds what a rate allows at present. The zero bucket is full.
type bucket struct {
	level float64
	at    time.Time // of level
}

// fill brings the bucket up to date and returns its level. A clock that goes back fills nothing.
func (b *bucket) fill(r rate, now time.Time) float64 {
	if b.at.IsZero() {
		b.level = r.burst
	}
	b.level = min(r.burst, b.level+max(0, now.Sub(b.at).Seconds())*r.second)
	b.at = now
	return b.level
}

// wait is how long it takes until the bucket holds one.
func (b *bucket) wait(r rate) time.Duration {
	return time.Duration(max(0, 1-b.level) / r.second * float64(time.Second))
}
