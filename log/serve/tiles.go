// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"errors"
	"io/fs"

	"cocket.example/internal/tile"
	"cocket.example/log/internal/web"
)

// checkpoint is the published checkpoint (TT-3).
func (h *Handler) checkpoint(ctx context.Context) (resource, error) {
	checkpoint, err := h.config.Log.Published(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return resource{}, notYet("no checkpoint is published yet, try again later")
	}
	return resource{body: checkpoint, kind: text, cache: second}, err
}

// tile is a tile or an entry bundle (TT-5, TT-14): of any width that the tree had up to the size
// that is signed, whose bytes can never change.
func (h *Handler) tile(ctx context.Context, path string) (resource, error) {
	ref, err := tile.ParsePath(path)
	if err != nil {
		return resource{}, notYet("not the path of a tile or bundle, such as tile/0/x001/234.p/17")
	}
	worst := int64(ref.Width * tile.HashSize)
	if ref.Entries {
		worst = int64(ref.Width * (2 + h.config.Metadata.Limits.EntryBytes))
	}
	if err := h.reserve(ctx, worst); err != nil {
		return resource{}, err
	}
	body, err := h.read(ctx, ref)
	held := min(int64(len(body)), worst)
	h.room.Release(worst - held) // the rest of the worst case
	res := resource{body: body, kind: binary, cache: immutable, plain: !ref.Entries, held: held}
	if errors.Is(err, fs.ErrNotExist) {
		err = notYet("no such tile or bundle in what is signed, the checkpoint says how far that is")
	}
	return res, err
}

func (h *Handler) read(ctx context.Context, ref tile.Ref) ([]byte, error) {
	if ref.Entries {
		return h.config.Log.ReadBundle(ctx, ref.Index, ref.Width)
	}
	return h.config.Log.ReadTile(ctx, ref.Level, ref.Index, ref.Width)
}

// reserve waits for room for n bytes.
func (h *Handler) reserve(ctx context.Context, n int64) error {
	ctx, cancel := context.WithTimeout(ctx, h.config.Patience)
	defer cancel()
	if h.room.Acquire(ctx, n) != nil {
		return web.Later("too many bytes are on their way to readers, try again later")
	}
	return nil
}
