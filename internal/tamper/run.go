// SPDX-License-Identifier: Apache-2.0

package tamper

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// Sizes is up to which size every tree is tried.
const Sizes = 300

// EachSize runs a suite for all sizes from 1 to Sizes on all cores, logs how many tamperings the
// suite has tried and refused, and fails if these are fewer than at least.
func EachSize(t *testing.T, what string, least int64, try func(size uint64) (tried int)) {
	t.Helper()
	var next atomic.Uint64
	var total atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for size := next.Add(1); size <= Sizes && !t.Failed(); size = next.Add(1) {
				total.Add(int64(try(size)))
			}
		})
	}
	all.Wait()
	if total.Load() < least {
		t.Errorf("%s: only %d tamperings tried", what, total.Load())
	}
	if !t.Failed() {
		t.Logf("%s: %d tamperings, all refused", what, total.Load())
	}
}
