// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// gate returns why nothing larger is cosigned at this time, or nil.
func (f *follower) gate(now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.fault != nil:
		return errors.New("nothing larger is cosigned: this witness cannot watch the log at present")
	case len(f.queue) == 0:
		return nil
	}
	first := f.queue[0]
	since := first.since.UTC().Format(time.RFC3339)
	switch {
	case f.refuted:
		return fmt.Errorf("nothing larger is cosigned: the entries that the log serves for size %d, cosigned at %s, "+
			"do not hash to the root that it has signed", first.checkpoint.Size, since)
	case now.Sub(first.since) >= f.config.Lag:
		return fmt.Errorf("nothing larger is cosigned: the entries of size %d could not be had since %s",
			first.checkpoint.Size, since)
	}
	return nil
}

// cosigned queues a checkpoint.
func (f *follower) cosigned(s signed) {
	f.mu.Lock()
	if s.checkpoint.Size > f.proven.Size {
		f.queue = f.queue.with(s)
	}
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// is reports whether the proven tree is that of the checkpoint.
func (p proven) is(s signed) bool {
	return p.Size == s.checkpoint.Size && bytes.Equal(p.Root, s.checkpoint.Root[:])
}
