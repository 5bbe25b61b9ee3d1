// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"cocket.example/internal/tile"
)

// Get reads a public resource of at most limit bytes.
func (c *Client) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	return c.Send(ctx, Request{Method: http.MethodGet, Path: path, Limit: limit})
}

// ReadTile reads a tile of width hashes. It is not verified.
func (c *Client) ReadTile(ctx context.Context, level, index uint64, width int) ([]byte, error) {
	ref := tile.Ref{Level: level, Index: index, Width: width}
	b, full, err := c.readWide(ctx, ref, Request{Limit: tile.Width * tile.HashSize})
	if err != nil {
		return nil, err
	}
	if len(b) != full*tile.HashSize {
		return nil, fmt.Errorf("%s has %d bytes, want %d", ref.Path(), len(b), full*tile.HashSize)
	}
	return b[:width*tile.HashSize], nil
}

// MaxBundle is the length of the longest bundle in bytes.
const MaxBundle = tile.Width * (2 + tile.MaxEntry)

// ReadBundle reads a bundle of width entries. It is not verified.
func (c *Client) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	return c.ReadBundleWithin(ctx, tile.Ref{Entries: true, Index: index, Width: width}, MaxBundle)
}

// ReadBundleWithin is ReadBundle of one that has at most limit bytes, else the error wraps ErrTooLong.
func (c *Client) ReadBundleWithin(ctx context.Context, ref tile.Ref, limit int64) ([]byte, error) {
	b, full, err := c.readWide(ctx, ref, Request{Limit: limit})
	if err != nil {
		return nil, err
	}
	return firstEntries(ref, b, full)
}

// ReadBundleInto is ReadBundle that reads into room where that is large enough, for who reads millions one
// after another. What it returns may be no bundle at all.
func (c *Client) ReadBundleInto(ctx context.Context, ref tile.Ref, room []byte) ([]byte, error) {
	b, full, err := c.readWide(ctx, ref, Request{Limit: MaxBundle, Room: room})
	if err != nil || full == ref.Width {
		return b, err
	}
	return firstEntries(ref, b, full)
}

// firstEntries cuts off those beyond the width that was asked for.
func firstEntries(ref tile.Ref, b []byte, full int) ([]byte, error) {
	entries, err := tile.ParseBundle(b, full)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ref.Path(), err)
	}
	size := 0
	for _, entry := range entries[:ref.Width] {
		size += 2 + len(entry)
	}
	return b[:size], nil
}

// readWide reads a tile or bundle, and the full one where the partial one is gone, which a log
// may delete once the full one is there (c2sp.org/tlog-tiles). It returns the width it got.
func (c *Client) readWide(ctx context.Context, ref tile.Ref, r Request) ([]byte, int, error) {
	if ref.Width < 1 || ref.Width > tile.Width {
		return nil, 0, fmt.Errorf("width %d of a tile, want 1 to %d", ref.Width, tile.Width)
	}
	r.Method, r.Path = http.MethodGet, "/"+ref.Path()
	b, err := c.Send(ctx, r)
	if !errors.Is(err, fs.ErrNotExist) || ref.Width == tile.Width {
		return b, ref.Width, err
	}
	full := ref
	full.Width = tile.Width
	r.Path = "/" + full.Path()
	if b, fullErr := c.Send(ctx, r); fullErr == nil {
		return b, tile.Width, nil
	}
	return nil, 0, err
}
