// SPDX-License-Identifier: Apache-2.0

// Package fsck checks every byte of a log (c2sp.org/tlog-tiles) against its signed checkpoint, names
// what is damaged, and rebuilds in a directory what can be rebuilt.
//
// The tree is hashed again from the entries, each range of 65,536 of them on all cores:
//
//	checkpoint   root ═══════════════════ root of the right edge
//	level 2      ▒▒                       ═ roots of the ranges
//	level 1      ▒▒▒▒▒▒▒▒ ▒▒▒             ═ roots of the tiles below     one tile is one range
//	level 0      ▒▒▒▒▒▒▒▒ … ▒▒            ═ hashes of the entries
//	bundles      ▒▒▒▒▒▒▒▒ … ▒▒
//
// Where two disagree, the third that knows the same hash decides whom to blame: a level-0 tile, the
// bundle below it and the hash above it. What the vote found is proven where it gives the signed root.
package fsck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"runtime"
	"slices"

	"cocket.example/client"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// Source is a log to be checked: client.Client is one over HTTP, Dir one in a directory. What is not
// there is an error that wraps fs.ErrNotExist.
type Source interface {
	tile.Reader
	// Checkpoint returns the published checkpoint, a signed note.
	Checkpoint(ctx context.Context) ([]byte, error)
}

// Config of a check. With neither Key nor Policy no signature is checked, and the report says so.
type Config struct {
	Source   Source
	Key      *receipt.VerifierKey // the log's key (TP-3)
	Policy   *receipt.Policy      // or the log and its witnesses
	Resume   string               // file that keeps which ranges were good; "" keeps nothing
	Parallel int                  // bundles read at a time; default one for each core
	Limit    int                  // damages that are listed; default 100. All are counted
	// Progress is told how many of the entries are done; nil tells nobody.
	Progress func(done, total uint64)

	// trustTiles resolves what no vote can: with it the bundle is blamed, without it the tile.
	trustTiles bool
}

func (c Config) withDefaults() Config {
	if c.Parallel < 1 {
		c.Parallel = runtime.GOMAXPROCS(0)
	}
	if c.Limit == 0 {
		c.Limit = 100
	}
	if c.Progress == nil {
		c.Progress = func(uint64, uint64) {}
	}
	return c
}

// rangeBits: a range is what one level-1 tile spans, 2^16 entries.
const rangeBits = 2 * tile.Height

// checker is one check. All but the reading and hashing of leaves runs in the caller's goroutine.
type checker struct {
	Config
	report    Report
	size      uint64
	places    []*place          // of one range, reused for each
	hashers   []*hasher         // one for each goroutine
	edge      map[uint64][]byte // hashes of the partial tiles by level, as they follow from below
	ambiguous bool              // a vote was a tie
	tied      uint64            // damages that are only suspected
}

// Check checks the whole log. The error is what kept it from being checked; what is wrong with the
// log stands in the report.
func Check(ctx context.Context, config Config) (Report, error) {
	report, _, err := check(ctx, config)
	return report, err
}

// check also reports whether a vote was a tie.
func check(ctx context.Context, config Config) (Report, bool, error) {
	c := &checker{Config: config.withDefaults(), edge: make(map[uint64][]byte)}
	cp, ok, err := c.checkpoint(ctx)
	if err != nil || !ok {
		return c.report, false, err
	}
	c.size = cp.Size
	marks, err := openMarks(c.Resume, cp)
	if err != nil {
		return c.report, false, err
	}
	roots, err := c.ranges(ctx, marks)
	if errors.Is(err, errGone) {
		return c.report, false, marks.close(false)
	}
	if err == nil {
		err = c.above(ctx, roots)
	}
	if err == nil {
		err = c.finish(ctx)
	}
	return c.report, c.ambiguous, errors.Join(err, marks.close(err == nil))
}

// ranges checks bundles and tiles of the levels 0 and 1, range by range, and returns the roots of
// the full ones.
func (c *checker) ranges(ctx context.Context, marks *marks) (roots []byte, err error) {
	for r := uint64(0); r<<rangeBits < c.size; r++ {
		full := c.size-r<<rangeBits >= 1<<rangeBits
		root, marked := marks.roots[r]
		if !marked || !full {
			before := c.report.Damaged
			if root, err = c.checkRange(ctx, r); err != nil {
				return nil, err
			}
			if full && c.report.Damaged == before {
				if err := marks.good(r, root); err != nil {
					return nil, err
				}
			}
		} else {
			c.report.Resumed += 1 << rangeBits
		}
		if full {
			roots = append(roots, root[:]...)
		}
		c.Progress(min((r+1)<<rangeBits, c.size), c.size)
	}
	return roots, nil
}

// unreadable returns the error of a resource that is damaged or missing as found, and as failed
// where nothing can be said of the log: no connection, no permission, no time.
func unreadable(err error) (found, failed error) {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errMissing):
		return errMissing, nil
	case errors.Is(err, client.ErrUnreachable), refused(err), errors.Is(err, fs.ErrPermission),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	return err, nil
}

// refused reports whether a server would not answer now, or not us. Status 500 is not among them: so
// a server answers for a tile that it finds damaged itself.
func refused(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && slices.Contains([]int{
		http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	}, e.Status)
}

var (
	errMissing = errors.New("is missing")
	errGone    = errors.New("nothing of a range is there")
)
