// SPDX-License-Identifier: Apache-2.0

// Package soak says how often a test repeats what it tries.
package soak

import "os"

// Rounds returns the first count, or the second if COCKET_SOAK is set, as "make soak" does.
func Rounds(short, long int) int {
	if os.Getenv("COCKET_SOAK") != "" {
		return long
	}
	return short
}
