// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"cocket.example/internal/fetch"
	"cocket.example/internal/strict"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// Bounds on what is read, in bytes.
const (
	maxCheckpoint = 128 << 10
	maxReceipt    = maxCheckpoint + 8<<10 // and 63 hashes of 45 bytes, an index, an extra line
	maxBatchProof = maxCheckpoint + 9<<10 // and 184 hashes of 45 bytes, a range
	maxMetadata   = 1 << 20
	maxIndex      = 20
	maxRefers     = 1 << 20 // and so at most 500,000 indexes
)

// maxWait is the longest that one request may ask the log to wait.
const maxWait = time.Minute

var _ tile.Reader = (*Client)(nil)

// Checkpoint returns the published checkpoint, a signed note. It is not verified.
func (c *Client) Checkpoint(ctx context.Context) ([]byte, error) {
	return c.http.Get(ctx, "/checkpoint", maxCheckpoint)
}

// Receipt returns the receipt of the entry at index, a c2sp.org/tlog-proof. It is one for this index,
// else the error wraps ErrNoReceipt, and not verified. Where there is none yet it waits up to wait for
// one, and then the error wraps fs.ErrNotExist.
func (c *Client) Receipt(ctx context.Context, index uint64, wait time.Duration) ([]byte, error) {
	r := fetch.Request{Method: http.MethodGet, Path: "/receipt/" + strconv.FormatUint(index, 10), Limit: maxReceipt}
	body, err := c.await(ctx, r, wait)
	if err == nil {
		err = receiptOf(r, body, index)
	}
	return body, err
}

// BatchReceipt is Receipt of all entries from start to end−1 at once (docs/http.md).
func (c *Client) BatchReceipt(ctx context.Context, start, end uint64, wait time.Duration) ([]byte, error) {
	r := fetch.Request{Method: http.MethodGet, Path: fmt.Sprintf("/receipt/%d-%d", start, end), Limit: maxBatchProof}
	body, err := c.await(ctx, r, wait)
	if err == nil {
		err = batchOf(r, body, start, end)
	}
	return body, err
}

// await sends a request for what may not be there yet, until it is or the time is over.
func (c *Client) await(ctx context.Context, r fetch.Request, wait time.Duration) ([]byte, error) {
	deadline := time.Now().Add(wait)
	for attempt := 1; ; attempt++ {
		r.Wait = min(time.Until(deadline), maxWait).Truncate(time.Millisecond)
		r.Query = nil
		if r.Wait > 0 {
			r.Query = url.Values{"wait": {r.Wait.String()}}
		}
		receipt, err := c.http.Send(ctx, r)
		if err == nil || !errors.Is(err, fs.ErrNotExist) || r.Wait <= 0 {
			return receipt, err
		}
		// A log that does not wait as long as it was asked to is not asked without a pause.
		if fetch.Sleep(ctx, min(fetch.Pause(attempt, err), max(time.Until(deadline), 0))) != nil {
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

// receiptOf checks that an answer is a receipt for this index.
func receiptOf(r fetch.Request, body []byte, index uint64) error {
	got, err := receipt.Parse(body)
	if err == nil && got.Index != index {
		err = fmt.Errorf("it is for index %d", got.Index)
	}
	if err != nil {
		return fmt.Errorf("%s: %w of this entry: %w", r, ErrNoReceipt, err)
	}
	return nil
}

// batchOf checks that an answer is a batch receipt for this range.
func batchOf(r fetch.Request, body []byte, start, end uint64) error {
	got, err := receipt.ParseBatch(body)
	if err == nil && (got.Start != start || got.End != end) {
		err = fmt.Errorf("it is for the entries %d to %d", got.Start, got.End-1)
	}
	if err != nil {
		return fmt.Errorf("%s: %w of these entries: %w", r, ErrNoReceipt, err)
	}
	return nil
}

// Lookup returns the index of the entry with this leaf hash, and whether the log holds it.
func (c *Client) Lookup(ctx context.Context, leaf [32]byte) (index uint64, ok bool, err error) {
	body, err := c.http.Get(ctx, "/index/"+hex.EncodeToString(leaf[:]), maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	if index, err = strict.Decimal(string(body)); err != nil {
		return 0, false, fmt.Errorf("GET /index: the log answered no index: %w", err)
	}
	return index, true, nil
}

// Refers returns the indexes of the entries that, as the log says, amend or withdraw the one with this leaf
// hash, in ascending order. Nothing of it is verified, and some may be left out. If the log says that
// it has no such entry the error wraps fs.ErrNotExist.
func (c *Client) Refers(ctx context.Context, leaf [32]byte) ([]uint64, error) {
	body, err := c.http.Get(ctx, "/refers/"+hex.EncodeToString(leaf[:]), maxRefers)
	if err != nil {
		return nil, err
	}
	indexes, err := parseRefers(body)
	if err != nil {
		return nil, fmt.Errorf("GET /refers: the log answered no list of indexes: %w", err)
	}
	return indexes, nil
}

// parseRefers parses indexes in decimal, ascending, one a line.
func parseRefers(rest []byte) (indexes []uint64, err error) {
	for len(rest) > 0 {
		var line string
		if line, rest, err = strict.Line(rest); err != nil {
			return nil, err
		}
		index, err := strict.Decimal(line)
		if err != nil {
			return nil, err
		}
		if n := len(indexes); n > 0 && indexes[n-1] >= index {
			return nil, fmt.Errorf("%d after %d, want them ascending", index, indexes[n-1])
		}
		indexes = append(indexes, index)
	}
	return indexes, nil
}

// Metadata is what a log says of itself. Nothing in it is proven.
type Metadata struct {
	Origin   string   `json:"origin"`
	VKeys    []string `json:"vkeys"`
	Policy   string   `json:"policy"`  // c2sp.org/tlog-policy
	Entries  string   `json:"entries"` // declarations or any
	Profiles []string `json:"profiles"`
}

// Metadata fetches what the log says of itself. Members that this program does not know are
// ignored, since a log may say more than it once did.
func (c *Client) Metadata(ctx context.Context) (Metadata, error) {
	var m Metadata
	body, err := c.http.Get(ctx, "/metadata", maxMetadata)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return Metadata{}, fmt.Errorf("GET /metadata: %s", fetch.OneLine([]byte(err.Error())))
	}
	return m, nil
}

// ReadTile reads a tile of width hashes. It is not verified.
func (c *Client) ReadTile(ctx context.Context, level, index uint64, width int) ([]byte, error) {
	return c.http.ReadTile(ctx, level, index, width)
}

// ReadBundle reads a bundle of width entries. It is not verified.
func (c *Client) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	return c.http.ReadBundle(ctx, index, width)
}

// ReadBundleInto reads a bundle into room where that is large enough. Not even its form is checked.
func (c *Client) ReadBundleInto(ctx context.Context, ref tile.Ref, room []byte) ([]byte, error) {
	return c.http.ReadBundleInto(ctx, ref, room)
}
