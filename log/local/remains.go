// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"fmt"
	"io/fs"
	"sort"

	"cocket.example/internal/tile"
)

// Remains are the entries that the write-ahead log still holds, from which bundles can be repaired.
type Remains struct {
	fs     FS
	places []place // ascending by first
}

// place is where a record stands.
type place struct {
	first, end uint64
	segment    string
	offset     int
}

// OpenRemains lists the records of all segments that are there, also of those that are only retained.
// The caller holds the writer's lock.
func OpenRemains(fsys FS) (*Remains, error) {
	generations, err := listSegments(fsys)
	if err != nil {
		return nil, err
	}
	r := &Remains{fs: fsys}
	for _, g := range generations {
		if err := reading(func() error { return r.list(g) }); err != nil {
			return nil, err
		}
	}
	sort.SliceStable(r.places, func(i, j int) bool { return r.places[i].first < r.places[j].first })
	return r, nil
}

func (r *Remains) list(generation uint64) error {
	name := segmentName(generation)
	b, unmap, err := r.fs.Map(name)
	if err != nil {
		return err
	}
	defer unmap()
	s, err := parseSegment(b)
	if err != nil {
		return nil // a damaged segment holds nothing that can be relied on
	}
	for at, rec := range records(b, s) {
		if rec.len() > 0 {
			r.places = append(r.places, place{rec.first(), rec.end(), name, at})
		}
	}
	return nil
}

// ReadBundle makes a bundle of this width from the entries that are left; it wraps fs.ErrNotExist if
// one is missing.
func (r *Remains) ReadBundle(_ context.Context, index uint64, width int) (bundle []byte, err error) {
	next := index * tile.Width
	end := next + uint64(width)
	for next < end {
		at := sort.Search(len(r.places), func(i int) bool { return r.places[i].first > next }) - 1
		for at >= 0 && r.places[at].end <= next {
			at--
		}
		if at < 0 {
			return nil, fmt.Errorf("entry %d is not in the write-ahead log any more: %w", next, fs.ErrNotExist)
		}
		err := reading(func() (err error) {
			bundle, next, err = r.take(bundle, r.places[at], next, end)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return bundle, nil
}

// take appends the entries [next, end) as far as one record has them.
func (r *Remains) take(bundle []byte, p place, next, end uint64) ([]byte, uint64, error) {
	b, unmap, err := r.fs.Map(p.segment)
	if err != nil {
		return nil, next, err
	}
	defer unmap()
	rec, err := parseRecord(b[min(p.offset, len(b)):])
	if err != nil {
		return nil, next, fmt.Errorf("%s: %w", p.segment, err)
	}
	for e := range rec.from(next) {
		if next == end {
			break
		}
		if bundle, err = tile.AppendEntry(bundle, e.Data); err != nil {
			return nil, next, err
		}
		next++
	}
	return bundle, next, nil
}
