// SPDX-License-Identifier: Apache-2.0

package xmod039

import (
	"testing"

	"cocket.example/internal/tamper"
)

// TestTamperTiles wants more than 1,000 forged leaves to be taken, among them pairs of tiles.
func TestTamperTiles(t *testing.T) {
	v, err := tamper.TryForged(tamper.TlogLeaf)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("x/mod v0.39.0: %d of %d forged logs accepted: %v", v.Accepted, v.Accepted+v.Refused, v.By)
	if v.Accepted <= 1000 {
		t.Errorf("%d accepted: the suite is blind", v.Accepted)
	}
	for _, what := range []string{"a leaf", "a leaf, and its tile's parent in agreement"} {
		if v.By[what] == 0 {
			t.Errorf("%s: none accepted", what)
		}
	}
}
