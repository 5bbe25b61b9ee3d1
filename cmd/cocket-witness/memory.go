// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// clientMemory is what all clients together may make the process hold, in bytes. Their limits keep
	// them below it; the collector sees to it that what they leave behind does not come on top.
	clientMemory = 48 << 20
	// recordMemory is room for what is yet to be cosigned of a log.
	recordMemory = 4 << 10
)

// limitMemory tells the collector from when on to work harder: beyond twice of what state and logs take,
// as always, and the memory of clients. GOMEMLIMIT in the environment has the word.
func limitMemory(logs int) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	runtime.GC()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() != metrics.KindUint64 {
		return
	}
	debug.SetMemoryLimit(int64(2*live[0].Value.Uint64()) + clientMemory + recordMemory*int64(logs))
}
