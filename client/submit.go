// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"

	"cocket.example/internal/fetch"
	"cocket.example/internal/strict"
	"cocket.example/internal/tile"
)

// Bounds of one batch request (docs/http.md). A longer batch is sent as several.
const (
	maxBatch      = 65_536   // entries
	maxBatchBytes = 32 << 20 // bytes, with the lengths before the entries
)

// Submit appends an entry and returns its index once it is durable. An entry that the log holds
// already gets the index that it has, so that a submission can be repeated safely.
func (c *Client) Submit(ctx context.Context, entry []byte) (uint64, error) {
	body, err := c.http.Send(ctx, fetch.Request{Method: http.MethodPost, Path: "/add", Body: entry, Limit: maxIndex})
	if err != nil {
		return 0, err
	}
	index, err := strict.Decimal(string(body))
	if err != nil {
		return 0, fmt.Errorf("POST /add: the log answered no index: %w", err)
	}
	return index, nil
}

// SubmitBatch appends entries and returns their indexes in the order of the entries, once all are
// durable. Each request, of at most 65,536 entries and 32 MiB, is all or nothing; if a later one
// fails, the earlier ones stand, and submitting the whole again is safe.
func (c *Client) SubmitBatch(ctx context.Context, entries [][]byte) ([]uint64, error) {
	index := make([]uint64, 0, len(entries))
	for len(index) < len(entries) {
		body, n, err := packBatch(entries[len(index):])
		if err != nil {
			return nil, err
		}
		part, err := c.sendBatch(ctx, body, n)
		if err != nil && n < len(entries) {
			err = fmt.Errorf("entries %d to %d: %w", len(index), len(index)+n-1, err)
		}
		if err != nil {
			return nil, err
		}
		index = append(index, part...)
	}
	return index, nil
}

// packBatch packs as many entries as one request takes, in the encoding of an entry bundle.
func packBatch(entries [][]byte) (body []byte, n int, err error) {
	for n < min(len(entries), maxBatch) {
		if len(body)+2+len(entries[n]) > maxBatchBytes {
			break
		}
		if body, err = tile.AppendEntry(body, entries[n]); err != nil {
			return nil, 0, err
		}
		n++
	}
	return body, n, nil
}

func (c *Client) sendBatch(ctx context.Context, body []byte, n int) ([]uint64, error) {
	r := fetch.Request{Method: http.MethodPost, Path: "/add-batch", Limit: int64(n) * maxRun}
	r.Body, r.Encoding = c.encode(body)
	answer, err := c.http.Send(ctx, r)
	if err != nil {
		return nil, err
	}
	index, err := parseRuns(answer, n)
	if err != nil {
		return nil, fmt.Errorf("POST /add-batch: the log answered no runs of indexes: %w", err)
	}
	return index, nil
}

// encode compresses a body where that saves a tenth; hashes, of which entries consist, do not
// shrink much, and over loopback it never pays.
func (c *Client) encode(body []byte) (encoded []byte, encoding string) {
	const small = 1400 // bytes: it fits into one packet as it is
	if c.compress == nil || len(body) < small {
		return body, ""
	}
	encoded = c.compress.EncodeAll(body, nil)
	if len(encoded) > len(body)/10*9 {
		return body, ""
	}
	return encoded, "zstd"
}

// maxRun is the longest line of a run: two decimals below 2^63, a space and LF.
const maxRun = 2*19 + 2

// parseRuns parses the answer for a batch of n entries: one line "first count" for each run of
// consecutive indexes. It prints the runs back and compares.
func parseRuns(answer []byte, n int) ([]uint64, error) {
	index := make([]uint64, 0, n)
	for rest := answer; len(rest) > 0; {
		var line string
		var err error
		if line, rest, err = strict.Line(rest); err != nil {
			return nil, err
		}
		first, count, err := parseRun(line)
		if err != nil {
			return nil, err
		}
		if count > uint64(n-len(index)) {
			return nil, fmt.Errorf("runs of more than the %d entries sent", n)
		}
		for i := range count {
			index = append(index, first+i)
		}
	}
	if len(index) != n {
		return nil, fmt.Errorf("runs of %d entries, %d were sent", len(index), n)
	}
	if !bytes.Equal(printRuns(index), answer) {
		return nil, fmt.Errorf("a run is split in two")
	}
	return index, nil
}

func parseRun(line string) (first, count uint64, err error) {
	a, b, ok := bytes.Cut([]byte(line), []byte(" "))
	if !ok {
		return 0, 0, fmt.Errorf("line %.50q, want a first index and a count", line)
	}
	if first, err = strict.Decimal(string(a)); err != nil {
		return 0, 0, err
	}
	if count, err = strict.Decimal(string(b)); err != nil {
		return 0, 0, err
	}
	if count == 0 {
		return 0, 0, fmt.Errorf("line %.50q: a run of nothing", line)
	}
	if first > math.MaxInt64-(count-1) {
		return 0, 0, fmt.Errorf("line %.50q: a run that goes beyond index 2^63-1", line)
	}
	return first, count, nil
}

// printRuns prints indexes as the log does: every run as long as it can be.
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
