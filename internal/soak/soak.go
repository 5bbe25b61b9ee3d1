// SPDX-License-Identifier: Apache-2.0

// Package soak says how often a test repeats what it tries.
package soak

import (
	"os"
	"testing"
)

// Rounds returns the first count, or the second if COCKET_SOAK is set, as "make soak" does.
func Rounds(short, long int) int {
	if os.Getenv("COCKET_SOAK") != "" {
		return long
	}
	return short
}

// NoRace skips a suite of arithmetic or of very many crashes under the race detector, with which it
// would take minutes and find no more than the other tests of its package, and one that measures memory, of
// which the detector takes a multiple. "make test" runs it besides, without: it finds the calls of NoRace,
// which stand in the first line of a test.
func NoRace(t testing.TB) {
	t.Helper()
	if race {
		t.Skip("runs without the race detector, as make test does besides")
	}
}
