// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"

	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// Source is a log: client.Client is one over HTTP, fsck.Dir one in a directory. What is not there is an
// error that wraps fs.ErrNotExist.
type Source interface {
	tile.Reader
	// Checkpoint returns the published checkpoint, a signed note.
	Checkpoint(ctx context.Context) ([]byte, error)
}

// Config of a question. The zero value of every optional field means its default.
type Config struct {
	Source Source
	Policy receipt.Policy
	// Known are checkpoints that were verified before, as those of receipts: the log must show a tree that
	// goes on from each.
	Known []receipt.Trusted
	// At tells where entries stand by receipts that were verified. Of one that stands there twice the log may
	// know a lower index.
	At map[receipt.Hash]uint64
	// Read reads every entry. Without it the source must be one that can be asked, over HTTP.
	Read bool
	// State is a file that keeps what was read, so that the next reading goes on from there; "" keeps nothing.
	// What it says of references is believed: it is for its owner alone.
	State    string
	Parallel int // bundles that are read at a time; default 8
	// Progress is told how many of the entries have been read; nil tells nobody.
	Progress func(done, total uint64)
	// Proving is told how many have been proven of the entries that an answer names, where they are many;
	// nil tells nobody.
	Proving func(done, total uint64)

	step int // bundles that are put together at a time
	most int // references that are kept
}

func (c Config) withDefaults() Config {
	if c.Parallel < 1 {
		c.Parallel = 8
	}
	if c.Progress == nil {
		c.Progress = func(uint64, uint64) {}
	}
	if c.Proving == nil {
		c.Proving = func(uint64, uint64) {}
	}
	if c.most == 0 {
		c.most = maxFound
	}
	if c.step == 0 {
		c.step = tile.Width // 65,536 entries
	}
	return c
}
