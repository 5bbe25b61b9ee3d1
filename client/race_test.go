// SPDX-License-Identifier: Apache-2.0

//go:build race

package client_test

// raceEnabled: the race detector multiplies the memory of a process.
const raceEnabled = true
