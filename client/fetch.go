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
)

// maxWait is the longest that one request may ask the log to wait.
const maxWait = time.Minute

var _ tile.Reader = (*Client)(nil)

// get reads a public resource.
func (c *Client) get(ctx context.Context, path string, limit int64) ([]byte, error) {
	return c.send(ctx, request{method: http.MethodGet, path: path, limit: limit})
}

// Checkpoint returns the published checkpoint, a signed note. It is not verified.
func (c *Client) Checkpoint(ctx context.Context) ([]byte, error) {
	return c.get(ctx, "/checkpoint", maxCheckpoint)
}

// Receipt returns the receipt of the entry at index, a c2sp.org/tlog-proof. It is one for this index,
// else the error wraps ErrNoReceipt, and not verified. Where there is none yet it waits up to wait for
// one, and then the error wraps fs.ErrNotExist.
func (c *Client) Receipt(ctx context.Context, index uint64, wait time.Duration) ([]byte, error) {
	r := request{method: http.MethodGet, path: "/receipt/" + strconv.FormatUint(index, 10), limit: maxReceipt}
	body, err := c.await(ctx, r, wait)
	if err == nil {
		err = receiptOf(r, body, index)
	}
	return body, err
}

// BatchReceipt is Receipt of all entries from start to end−1 at once (docs/http.md).
func (c *Client) BatchReceipt(ctx context.Context, start, end uint64, wait time.Duration) ([]byte, error) {
	r := request{method: http.MethodGet, path: fmt.Sprintf("/receipt/%d-%d", start, end), limit: maxBatchProof}
	body, err := c.await(ctx, r, wait)
	if err == nil {
		err = batchOf(r, body, start, end)
	}
	return body, err
}

// await sends a request for what may not be there yet, until it is or the time is over.
func (c *Client) await(ctx context.Context, r request, wait time.Duration) ([]byte, error) {
	deadline := time.Now().Add(wait)
	for attempt := 1; ; attempt++ {
		r.wait = min(time.Until(deadline), maxWait).Truncate(time.Millisecond)
		r.query = nil
		if r.wait > 0 {
			r.query = url.Values{"wait": {r.wait.String()}}
		}
		receipt, err := c.send(ctx, r)
		if err == nil || !errors.Is(err, fs.ErrNotExist) || r.wait <= 0 {
			return receipt, err
		}
		// A log that does not wait as long as it was asked to is not asked without a pause.
		if sleep(ctx, min(pause(attempt, err), max(time.Until(deadline), 0))) != nil {
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

// receiptOf checks that an answer is a receipt for this index.
func receiptOf(r request, body []byte, index uint64) error {
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
func batchOf(r request, body []byte, start, end uint64) error {
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
	body, err := c.get(ctx, "/index/"+hex.EncodeToString(leaf[:]), maxIndex)
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
	body, err := c.get(ctx, "/metadata", maxMetadata)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return Metadata{}, fmt.Errorf("GET /metadata: %s", oneLine([]byte(err.Error())))
	}
	return m, nil
}

// ReadTile reads a tile of width hashes. It is not verified.
func (c *Client) ReadTile(ctx context.Context, level, index uint64, width int) ([]byte, error) {
	ref := tile.Ref{Level: level, Index: index, Width: width}
	b, full, err := c.readWide(ctx, ref, tile.Width*tile.HashSize)
	if err != nil {
		return nil, err
	}
	if len(b) != full*tile.HashSize {
		return nil, fmt.Errorf("%s has %d bytes, want %d", ref.Path(), len(b), full*tile.HashSize)
	}
	return b[:width*tile.HashSize], nil
}

// ReadBundle reads a bundle of width entries. It is not verified.
func (c *Client) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	ref := tile.Ref{Entries: true, Index: index, Width: width}
	b, full, err := c.readWide(ctx, ref, tile.Width*(2+tile.MaxEntry))
	if err != nil {
		return nil, err
	}
	entries, err := tile.ParseBundle(b, full)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ref.Path(), err)
	}
	size := 0
	for _, entry := range entries[:width] {
		size += 2 + len(entry)
	}
	return b[:size], nil
}

// readWide reads a tile or bundle, and the full one where the partial one is gone, which a log
// may delete once the full one is there (c2sp.org/tlog-tiles). It returns the width it got.
func (c *Client) readWide(ctx context.Context, ref tile.Ref, limit int64) ([]byte, int, error) {
	if ref.Width < 1 || ref.Width > tile.Width {
		return nil, 0, fmt.Errorf("width %d of a tile, want 1 to %d", ref.Width, tile.Width)
	}
	b, err := c.get(ctx, "/"+ref.Path(), limit)
	if !errors.Is(err, fs.ErrNotExist) || ref.Width == tile.Width {
		return b, ref.Width, err
	}
	full := ref
	full.Width = tile.Width
	if b, fullErr := c.get(ctx, "/"+full.Path(), limit); fullErr == nil {
		return b, tile.Width, nil
	}
	return nil, 0, err
}
