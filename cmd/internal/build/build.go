// SPDX-License-Identifier: Apache-2.0

// Package build says what a program was built from.
package build

import "runtime/debug"

// Version is what the build recorded of its source: a module version, or "(devel)" if there is none.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
