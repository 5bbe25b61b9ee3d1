// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"fmt"
	"net/http"
	"strconv"

	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/log/internal/web"
)

// format is what a path takes for a body and gives for an answer.
type format struct {
	limit     func(Mode) int // bytes of the decoded body
	hint      string         // what to say to who went above it
	encodings []string       // content encodings that are taken, beside none
	split     func(body []byte, m Mode) ([]log.Entry, error)
	print     func(index []uint64) []byte
	single    bool // one entry: errors do not name it, and after a wait it gets its receipt
}

var formats = map[string]*format{
	"/add": {
		limit:  Mode.MaxEntry,
		hint:   " for one entry",
		split:  func(body []byte, _ Mode) ([]log.Entry, error) { return []log.Entry{{Data: body}}, nil },
		print:  func(index []uint64) []byte { return strconv.AppendUint(nil, index[0], 10) },
		single: true,
	},
	"/add-batch": {
		limit:     func(Mode) int { return MaxBatchBytes },
		hint:      " for a batch, decoded",
		encodings: []string{"zstd", "gzip"},
		split:     splitBatch,
		print:     printRuns,
	},
}

// splitBatch splits a batch into its entries, which alias it and are not hashed yet:
//
//	uint16 length ‖ entry ‖ uint16 length ‖ entry ‖ …      big-endian, 1 to 65,536 entries
func splitBatch(body []byte, m Mode) ([]log.Entry, error) {
	entries := make([]log.Entry, 0, countEntries(body))
	for rest := body; len(rest) > 0; {
		if len(entries) == MaxBatch {
			return nil, web.Errorf(http.StatusRequestEntityTooLarge,
				"the batch holds too many entries, want at most %d", MaxBatch)
		}
		entry, after, err := tile.CutEntry(rest)
		if err != nil {
			return nil, web.Errorf(http.StatusBadRequest, "entry %d: %v", len(entries), err)
		}
		if len(entry) > m.MaxEntry() {
			return nil, web.Errorf(http.StatusRequestEntityTooLarge,
				"entry %d: %d bytes, want at most %d", len(entries), len(entry), m.MaxEntry())
		}
		entries, rest = append(entries, log.Entry{Data: entry}), after
	}
	if len(entries) == 0 {
		return nil, web.Errorf(http.StatusBadRequest, "the batch is empty, want 1 to %d entries", MaxBatch)
	}
	return entries, nil
}

// countEntries looks at the lengths alone, and no further than a batch may go.
func countEntries(body []byte) (n int) {
	for err := error(nil); len(body) > 0 && err == nil && n < MaxBatch; n++ {
		_, body, err = tile.CutEntry(body)
	}
	return n
}

// printRuns prints one line "first count" for each run of consecutive indexes.
func printRuns(index []uint64) []byte {
	var lines []byte
	for start := 0; start < len(index); {
		end := start + 1
		for end < len(index) && index[end] == index[end-1]+1 {
			end++
		}
		lines = fmt.Appendf(lines, "%d %d\n", index[start], end-start)
		start = end
	}
	return lines
}
