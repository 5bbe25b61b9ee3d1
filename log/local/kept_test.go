// SPDX-License-Identifier: Apache-2.0

package local

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestKeepAll publishes every 20 seconds for ten hours: of the last three all are kept, of those before
// them the first of each minute. A start in between changes nothing.
func TestKeepAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(1)
		d.mkdir("kept")
		reopened := func() *kept {
			k, err := openKept(d, 3*time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		k := reopened()
		const n = 10 * 180
		for i := range uint64(n) {
			if i == n/2 {
				k.close()
				k = reopened()
			}
			if err := k.add(i+1, fmt.Append(nil, i+1)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Second)
		}
		defer k.close()
		for i := range uint64(n) {
			want := i + 1
			if i < n-3*180-180 { // the last hour to be forgotten may be there as a whole
				want = (i+2)/3*3 + 1
			} else if i < n-3*180 {
				continue
			}
			if got, err := k.covering(i); err != nil || string(got) != fmt.Sprint(want) {
				t.Fatalf("the earliest checkpoint that covers entry %d is of size %s, want %d: %v", i, got, want, err)
			}
		}
		if len(k.all.books) > 5 {
			t.Errorf("%d files for three hours", len(k.all.books))
		}
	})
}
