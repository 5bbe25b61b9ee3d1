// SPDX-License-Identifier: Apache-2.0

// Package peer holds what the benchmarks measure in processes of their own: this project's log, its
// peers, and the bounds that no log can pass. A process reads one Spec from its standard input and
// writes Events to its standard output.
package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// EntrySize is the size of every entry in bytes.
const EntrySize = 400

// Spec says what a process is to do.
type Spec struct {
	Role Role
	Dir  string // where its data goes

	Key, VKey string // of the log, as C2SP signed-note keys

	Batch     int // entries that are appended together; for Tessera also its batch size
	Producers int // goroutines that append

	Warm, Measure time.Duration // load by time; the first part does not count
	Entries       uint64        // load by number, if it is not zero
	Window        uint64        // entries between two Events, where the load is by number

	Retain  uint64 // bytes of write-ahead log to keep behind the tree
	Workers uint   // of Tessera's check

	Target string // of the flood, host:port
}

// Role is a kind of process.
type Role string

// The roles.
const (
	Local         Role = "local"          // this project's log, appended to in process
	Journal       Role = "journal"        // this project's storage alone, until it is killed
	Open          Role = "open"           // opens a storage, and says how long that took
	Tessera       Role = "tessera"        // Tessera's POSIX storage, appended to in process
	TesseraServer Role = "tessera-server" // an HTTP server on Tessera's POSIX storage
	TesseraCheck  Role = "tessera-check"  // Tessera's fsck
	Bound         Role = "bound"          // hashes and writes, and nothing else
	Empty         Role = "empty"          // an HTTP server that reads bodies and answers
	Flood         Role = "flood"          // attacks a witness
)

// Event is one line of what a process says.
type Event struct {
	Address string  `json:",omitempty"` // a server listens here
	Size    uint64  `json:",omitempty"` // so many entries are acknowledged
	Seconds float64 `json:",omitempty"` // since the load began
	Result  *Result `json:",omitempty"` // the last event of a process that ends by itself
}

// Result is what was measured.
type Result struct {
	Entries uint64  // that count
	Total   uint64  // entries, with those of the warm-up
	Seconds float64 // until all of them were durable, and published where the role publishes
	Written uint64  // bytes given to the disk meanwhile
	Hashing float64 `json:",omitempty"` // bound: entries hashed a second, over all cores, once each
	Writing float64 `json:",omitempty"` // bound: bytes written a second, in one stream, synced at the end
}

// Rate is in entries a second.
func (r Result) Rate() float64 {
	if r.Seconds == 0 {
		return 0
	}
	return float64(r.Entries) / r.Seconds
}

// say writes an event.
type say func(Event) error

// roles by name.
var roles = map[Role]func(context.Context, Spec, say) error{
	Local:         runLocal,
	Journal:       runJournal,
	Open:          runOpen,
	Tessera:       runTessera,
	TesseraServer: runTesseraServer,
	TesseraCheck:  runTesseraCheck,
	Bound:         runBound,
	Empty:         runEmpty,
	Flood:         runFlood,
}

// Run does what the Spec says that in holds, and ends when that is done or ctx ends.
func Run(ctx context.Context, in io.Reader, out io.Writer) error {
	var spec Spec
	if err := json.NewDecoder(in).Decode(&spec); err != nil {
		return fmt.Errorf("reading what to do: %w", err)
	}
	role, ok := roles[spec.Role]
	if !ok {
		return fmt.Errorf("unknown role %q", spec.Role)
	}
	encoder := json.NewEncoder(out)
	if err := role(ctx, spec, func(e Event) error { return encoder.Encode(e) }); err != nil {
		return fmt.Errorf("%s: %w", spec.Role, err)
	}
	return nil
}
