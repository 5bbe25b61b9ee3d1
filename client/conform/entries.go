// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client"
	"cocket.example/client/conform/verdict"
)

// longest is the longest entry that a bundle can hold, in bytes (TT-15).
const longest = 1<<16 - 1

// maxHashed bounds the bundles that are all hashed; of a larger log it is some of them.
const maxHashed = 64

// caseEntries is L09: each bundle is hashed and compared with its tile, and the shortest and longest
// entries survive.
func caseEntries(ctx context.Context, s *subject, r *verdict.Result) {
	if s.adder != nil {
		s.addExtremes(ctx, r)
	} else {
		r.Skip("entries of 0, 65,535 and 65,536 bytes need --add")
	}
	if s.err != nil {
		return
	}
	tiles := s.bundles()
	hashed := 0
	for _, t := range tiles {
		hashed += s.judgeBundle(ctx, r, t)
	}
	if all := (s.latest.tree.N + width - 1) / width; all > int64(len(tiles)) {
		r.Skip("%d of %d bundles were hashed; cocket fsck hashes all", len(tiles), all)
	}
	r.Check("%d entries in %d bundles", hashed, len(tiles))
}

// bundles are all of a small log, or some of a large one.
func (s *subject) bundles() (tiles []tlog.Tile) {
	size := s.latest.tree.N
	if size > maxHashed*width {
		for _, t := range some(size) {
			if t.L == bundles {
				tiles = append(tiles, t)
			}
		}
		return tiles
	}
	for n := int64(0); n*width < size; n++ {
		tiles = append(tiles, tile(bundles, n, min(size-n*width, width)))
	}
	return tiles
}

// judgeBundle compares the leaf hashes of a bundle with the level-0 tile, and returns how many.
func (s *subject) judgeBundle(ctx context.Context, r *verdict.Result, t tlog.Tile) int {
	bundle := s.readFull(ctx, t)
	hashes := s.readFull(ctx, tile(0, t.N, int64(t.W)))
	if !bundle.good() || !hashes.good() {
		for _, a := range []answer{bundle, hashes} {
			if !a.good() {
				r.Fail(verdict.Must, "TT-15", a, "%s, want 200", a.what())
			}
		}
		return 0
	}
	entries, err := split(bundle)
	if err != nil {
		r.Fail(verdict.Must, "TT-15", bundle, "%v", err)
		return 0
	}
	for i, entry := range entries {
		leaf := tlog.RecordHash(entry)
		if at := i * tlog.HashSize; at+tlog.HashSize > len(hashes.body) ||
			!bytes.Equal(leaf[:], hashes.body[at:at+tlog.HashSize]) {
			r.Fail(verdict.Must, "TT-16", bundle, "has other entries than its tile has hashes, from entry %d on", i)
			return i
		}
	}
	return len(entries)
}

// split splits a bundle into as many entries as its name says, and not a byte more:
//
//	uint16 length ‖ entry ‖ uint16 length ‖ entry ‖ …      big-endian
func split(bundle answer) (entries [][]byte, err error) {
	want := width
	if _, w, partial := strings.Cut(bundle.path, ".p/"); partial {
		if want, err = strconv.Atoi(w); err != nil {
			return nil, err
		}
	}
	rest := bundle.body
	for i := range want {
		if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
			return nil, fmt.Errorf("ends within entry %d, want %d entries", i, want)
		}
		n := 2 + int(binary.BigEndian.Uint16(rest))
		entries, rest = append(entries, rest[2:n]), rest[n:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("has %d bytes behind its %d entries", len(rest), want)
	}
	return entries, nil
}

// addExtremes adds the shortest and the longest entry, and one that no bundle can hold. What a log
// refuses is its own affair, but what it takes it must give back.
func (s *subject) addExtremes(ctx context.Context, r *verdict.Result) {
	for _, size := range []int{0, longest} {
		entry := bytes.Repeat([]byte("conformance "), size/12+1)[:size]
		copy(entry, s.adder.entry())
		index, err := s.adder.add(ctx, entry)
		switch {
		case refused(err):
			r.Skip("the log refuses an entry of %d bytes", size)
		case errors.Is(err, errBudget):
			r.Skip("%v", err)
		case err != nil:
			s.err = err
			return
		default:
			s.judgeSurvival(ctx, r, index, entry)
		}
	}
	s.addTooLong(ctx, r)
}

// judgeSurvival reads an entry back from the bundle.
func (s *subject) judgeSurvival(ctx context.Context, r *verdict.Result, index int64, entry []byte) {
	if !s.await(ctx, index+1) {
		r.Skip("no checkpoint covered the entry of %d bytes within %v", len(entry), s.config.Timeout)
		return
	}
	n := index / width
	bundle := s.readFull(ctx, tile(bundles, n, min(s.latest.tree.N-n*width, width)))
	if !bundle.good() {
		r.Fail(verdict.Must, "TT-15", bundle, "%s, want 200", bundle.what())
	} else if got, err := split(bundle); err == nil && !bytes.Equal(got[index%width], entry) { // else see judgeBundle
		r.Fail(verdict.Must, "TT-15", bundle, "does not give back an entry of %d bytes", len(entry))
	}
}

func (s *subject) addTooLong(ctx context.Context, r *verdict.Result) {
	asked := request{method: http.MethodPost, path: "/add"}
	_, err := s.adder.once.Submit(ctx, bytes.Repeat([]byte("too long "), longest/9+1)[:longest+1])
	var refusal *client.Error
	switch {
	case err == nil:
		s.adder.added.Add(1)
		r.Fail(verdict.Must, "TT-15", asked, "took an entry of 65,536 bytes, whose length does not fit into a bundle")
	case errors.As(err, &refusal) && refusal.Status >= 500:
		r.Fail(verdict.Practice, "TT-15", asked, "answered %d to an entry of 65,536 bytes, want 413 or 400: "+
			"it would be sent again and again", refusal.Status)
	}
}

// refused reports whether the log does not want an entry, whoever sends it.
func refused(err error) bool {
	var refusal *client.Error
	return errors.As(err, &refusal) && refusal.Status >= 400 && refusal.Status < 500 &&
		refusal.Status != http.StatusUnauthorized && refusal.Status != http.StatusForbidden
}

// caseFirst is L17: a log without a stated policy of pruning gives its first entry for ever, with its
// proof (TT-20).
func caseFirst(ctx context.Context, s *subject, r *verdict.Result) {
	tree := s.latest.tree
	r.Check("entry 0 and its proof in the tree of size %d", tree.N)
	bundle := s.readFull(ctx, tile(bundles, 0, min(tree.N, width)))
	if !bundle.good() {
		r.Fail(verdict.Must, "TT-20", bundle, "%s, want the first entry: where it is pruned, that must be the log's "+
			"stated policy", bundle.what())
		return
	}
	reader := s.hashes(ctx)
	proof, err := tlog.ProveRecord(tree.N, 0, reader)
	if err != nil {
		r.Skip("its proof: the tiles do not verify, see L13 (%.100v)", err)
		return
	}
	entries, err := split(bundle)
	if err != nil {
		r.Skip("its proof: the bundle cannot be read, see L09")
		return
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, 0, tlog.RecordHash(entries[0])); err != nil {
		r.Fail(verdict.Must, "TT-20", bundle, "has another first entry than the one that is signed: %v", err)
	}
}
