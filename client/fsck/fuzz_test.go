// SPDX-License-Identifier: Apache-2.0

package fsck

import (
	"fmt"
	"strings"
	"testing"
)

// FuzzMarks: of the file of an earlier check whole lines are taken, from its beginning, and each
// prints back.
func FuzzMarks(f *testing.F) {
	f.Add("0 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n2 AAA")
	f.Add("00 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	f.Fuzz(func(t *testing.T, text string) {
		m := &marks{roots: make(map[uint64]hash)}
		taken := m.parse(text)
		if !strings.HasPrefix(text, taken) || taken != "" && !strings.HasSuffix(taken, "\n") {
			t.Fatalf("takes %q", taken)
		}
		for r, root := range m.roots {
			if line := fmt.Sprintf("%d %s\n", r, encodeHash(root)); !strings.Contains("\n"+taken, "\n"+line) {
				t.Fatalf("range %d prints back as %q", r, line)
			}
		}
		if len(m.roots) > strings.Count(taken, "\n") {
			t.Fatalf("%d ranges in %q", len(m.roots), taken)
		}
	})
}
