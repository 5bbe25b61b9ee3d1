// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"slices"
	"strings"
)

// Audiences are those for whom there is a fixed set of fields to show.
var Audiences = []string{"importer", "customs", "carrier"}

// To reports whether a field is usually shown to an audience.
func (s Spec) To(audience string) bool {
	return s.Shown == everyone || slices.Contains(strings.Split(s.Shown, ","), audience)
}

// Shown returns the paths that are usually shown to an audience, of a declaration of n lines. Those without
// a value are among them: that there is none says something too.
func (t *Table) Shown(audience string, n int) []string {
	var paths []string
	for i := range t.Size(n) {
		if path, spec := t.At(i); spec.To(audience) {
			paths = append(paths, path)
		}
	}
	return paths
}
