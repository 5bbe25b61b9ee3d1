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
	// Read reads every entry. Without it the source must be one that can be asked, over HTTP.
	Read     bool
	State    string // file that keeps what was read, so that the next reading goes on from there; "" keeps nothing
	Parallel int    // bundles that are read at a time; default 8
	// Progress is told how many of the entries have been read; nil tells nobody.
	Progress func(done, total uint64)

	step int // bundles that are put together at a time
}

func (c Config) withDefaults() Config {
	if c.Parallel < 1 {
		c.Parallel = 8
	}
	if c.Progress == nil {
		c.Progress = func(uint64, uint64) {}
	}
	if c.step == 0 {
		c.step = tile.Width // 65,536 entries
	}
	return c
}
