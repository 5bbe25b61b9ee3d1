// SPDX-License-Identifier: Apache-2.0

// Package refers is an index from a leaf hash to the entries that amend or withdraw the entry with
// that hash. It is derived from the log's public bundles: lost or damaged, it is built anew.
package refers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"cocket.example/declaration"
	"cocket.example/internal/tile"
	"github.com/transparency-dev/merkle/rfc6962"
)

// Log is what the index follows; *log.Log is one.
type Log interface {
	tile.Reader // never beyond Signed
	Origin() string
	Signed() uint64
	Wait(ctx context.Context, index uint64) error
}

// Config of an Index. The zero value of every optional field means its default.
type Config struct {
	Log    Log
	Path   string       // of the index file; it is made if it does not exist
	Logger *slog.Logger // nil discards
}

// Index answers which entries refer to an entry, as far as it has followed the log.
type Index struct {
	config Config
	store  *store

	mu      sync.Mutex
	size    uint64        // all entries below have been looked at
	grown   chan struct{} // closed, and replaced, when size grows
	stopped error         // why it will not grow any more
}

// Open opens the index file, or makes it anew where it is missing, damaged or another log's. It
// starts nothing.
func Open(c Config) (*Index, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := openStore(c.Path, c.Log.Origin())
	if errors.Is(err, errUnusable) {
		c.Logger.Warn("index of references is built anew", "err", err)
		s, err = recreateStore(c.Path, c.Log.Origin())
	}
	if err != nil {
		return nil, fmt.Errorf("opening the index of references: %w", err)
	}
	return &Index{config: c, store: s, grown: make(chan struct{})}, nil
}

// Run follows the log until ctx ends, and closes the file.
func (x *Index) Run(ctx context.Context) error {
	err := x.follow(ctx)
	x.stop(err)
	if err := x.store.close(); err != nil {
		return fmt.Errorf("closing the index of references: %w", err)
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("following the log for references: %w", err)
}

// Find returns the indexes of the entries that refer to target, in ascending order, once all
// entries below size have been looked at. It may hold entries above that size as well, never any
// that is not signed.
func (x *Index) Find(ctx context.Context, target [32]byte, size uint64) ([]uint64, error) {
	if err := x.await(ctx, size); err != nil {
		return nil, fmt.Errorf("waiting for the index of references: %w", err)
	}
	return x.store.find(target)
}

func (x *Index) await(ctx context.Context, size uint64) error {
	for {
		x.mu.Lock()
		reached, grown, stopped := x.size >= size, x.grown, x.stopped
		x.mu.Unlock()
		if reached {
			return nil
		}
		if stopped != nil {
			return stopped
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// advance tells those who wait.
func (x *Index) advance(size uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.size = size
	close(x.grown)
	x.grown = make(chan struct{})
}

func (x *Index) stop(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stopped = err
	close(x.grown)
	x.grown = make(chan struct{})
}

// follow looks at every entry once, in order. It writes when there is a reference to remember, and
// now and then the size, so that little is looked at again after a restart; a log without
// references costs no disk write for each checkpoint.
//
//	stored ──────────── size ──────────── signed
//	   └─ nothing found ─┘└── to be read ──┘
func (x *Index) follow(ctx context.Context) error {
	size, err := x.resume(ctx)
	if err != nil {
		return err
	}
	stored := size
	for {
		x.advance(size)
		if size == x.config.Log.Signed() {
			if err := x.config.Log.Wait(ctx, size); err != nil {
				return err
			}
			continue
		}
		step, err := x.read(ctx, size)
		if err != nil {
			return err
		}
		size = step.size
		if len(step.found) > 0 || size-stored >= lookAgain {
			if err := x.store.add(step); err != nil {
				return err
			}
			stored = size
		}
	}
}

// resume returns the size to go on from: the stored one if the log still has the entry that was
// looked at last, else 0. (A directory that was put together from two backups may hold the index of
// another history.)
func (x *Index) resume(ctx context.Context) (uint64, error) {
	last, err := x.store.last()
	if err != nil || last.size == 0 {
		return 0, err
	}
	if x.config.Log.Signed() < last.size {
		if err := x.config.Log.Wait(ctx, last.size-1); err != nil {
			return 0, err
		}
	}
	leaf, err := tile.ReadLeaf(ctx, x.config.Log, last.size-1, x.config.Log.Signed())
	if err != nil {
		return 0, err
	}
	if leaf == last.leaf {
		return last.size, nil
	}
	x.config.Logger.Warn("index of references is of another history, it is built anew")
	return 0, x.store.clear()
}

// lookAgain is how many entries at most are looked at again after a restart.
const lookAgain = 65_536

// step is what looking at a run of entries gives.
type step struct {
	position
	found []reference
}

// position is how far the log was followed: the size, and the leaf hash of the last entry.
type position struct {
	size uint64
	leaf [32]byte
}

// reference is an entry that refers to another.
type reference struct {
	target [32]byte
	index  uint64
}

// read looks at the entries of one bundle from index from on.
func (x *Index) read(ctx context.Context, from uint64) (step, error) {
	bundle := from / tile.Width
	width := tile.WidthAt(0, bundle, x.config.Log.Signed())
	data, err := x.config.Log.ReadBundle(ctx, bundle, width)
	if err != nil {
		return step{}, err
	}
	entries, err := tile.ParseBundle(data, width)
	if err != nil {
		return step{}, fmt.Errorf("bundle %d: %w", bundle, err)
	}
	start := bundle * tile.Width
	last := position{start + uint64(width), [32]byte(rfc6962.DefaultHasher.HashLeaf(entries[width-1]))}
	s := step{position: last}
	for i, entry := range entries[from-start:] {
		if target := refersTo(entry); target != nil {
			s.found = append(s.found, reference{*target, from + uint64(i)})
		}
	}
	return s, nil
}

var (
	prefix = []byte("cocket-entry/")
	line   = []byte("\nrefers ")
)

// refersTo returns the leaf hash that an entry refers to, or nil. Only entries that may have the
// line are parsed, because most have not; one that does not parse refers to nothing.
func refersTo(entry []byte) *[32]byte {
	if !bytes.HasPrefix(entry, prefix) || !bytes.Contains(entry, line) {
		return nil
	}
	e, err := declaration.Parse(entry)
	if err != nil {
		return nil
	}
	return e.Refers
}
