// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"os"
	"slices"
	"sort"
	"strings"

	"cocket.example/internal/strict"
)

// A run is an immutable file of the index, index/<first>-<end>: the first 64 bits of the leaf hashes of
// the entries [first, end), sorted, with their indexes. Leaf hashes are uniform, so that the highest
// bits of a key say where it stands; fences say it exactly. Numbers are little-endian.
//
//	header   "cocketi1" identity first end crc32c      64 bytes
//	fences   uint32 × (2^bits + 1)      number of keys below each bucket: about 8 keys share one
//	keys     uint64 × n                 ascending
//	offsets  uint32 × n                 index − first, of each key
//
// It is derived from the tree, never synced by itself, and thrown away if its checksum is wrong.
type run struct {
	name       string
	first, end uint64
	shift      int    // a key's bucket is key >> shift
	b          []byte // the file
	fences     []byte
	keys       []byte
	offsets    []byte
	unmap      func() error
}

const (
	runMagic  = "cocketi1"
	runHeader = 64
	perBucket = 8
	// runLimit is the most entries of a run: their offsets are 32 bits.
	runLimit = 1 << 31
)

// runName is sorted by first.
func runName(first, end uint64) string { return fmt.Sprintf("index/%016d-%016d", first, end) }

// parseRunName parses the name of a run in its folder.
func parseRunName(name string) (first, end uint64, ok bool) {
	a, b, _ := strings.Cut(name, "-")
	first, err := strict.Padded(a, 16)
	if err != nil {
		return 0, 0, false
	}
	end, err = strict.Padded(b, 16)
	return first, end, err == nil && first < end && end-first <= runLimit
}

// bucketBits returns how many of the highest bits of a key choose its bucket.
func bucketBits(n uint64) int { return bits.Len64(n / perBucket) }

// layout returns where the sections of a run of n keys begin, and its length.
func layout(n uint64) (fences, keys, offsets, end int64) {
	fences = runHeader
	keys = fences + 4*(int64(1)<<bucketBits(n)+1)
	keys = (keys + 7) &^ 7
	offsets = keys + 8*int64(n)
	return fences, keys, offsets, offsets + 4*int64(n)
}

// bucket returns the range of keys that share the bucket of key.
func (r *run) bucket(key uint64) (from, to int) {
	at := int(key>>r.shift) * 4
	return int(binary.LittleEndian.Uint32(r.fences[at:])), int(binary.LittleEndian.Uint32(r.fences[at+4:]))
}

func (r *run) key(i int) uint64 { return binary.LittleEndian.Uint64(r.keys[8*i:]) }
func (r *run) index(i int) uint64 {
	return r.first + uint64(binary.LittleEndian.Uint32(r.offsets[4*i:]))
}

func (r *run) len() int { return int(r.end - r.first) }

// find returns the place of the first of the keys equal to key, or -1.
func (r *run) find(key uint64) int {
	from, to := r.bucket(key)
	if to-from > 4*perBucket { // somebody has ground hashes that share many bits
		low := from
		from += sort.Search(to-from, func(i int) bool { return r.key(low+i) >= key })
	}
	for from < to && r.key(from) < key {
		from++
	}
	if from < to && r.key(from) == key {
		return from
	}
	return -1
}

// pair is a key and the index of its entry.
type pair struct{ key, index uint64 }

// runWriter writes a run whose pairs come in ascending order. Three sections grow side by side.
type runWriter struct {
	first, end uint64
	shift      int
	file       File
	fences     section
	keys       section
	offsets    section
	bucket     uint64 // fences are written up to this one
	n          uint32
}

// section is a part of the file that is written from its beginning to its end.
type section struct {
	file File
	at   int64
	buf  []byte
	crc  uint32
	err  error
}

func (s *section) flush() {
	if s.err == nil && len(s.buf) > 0 {
		_, s.err = s.file.WriteAt(s.buf, s.at)
	}
	s.crc = crc32.Update(s.crc, castagnoli, s.buf)
	s.at += int64(len(s.buf))
	s.buf = s.buf[:0]
}

func (s *section) room() []byte {
	if len(s.buf)+8 > cap(s.buf) {
		s.flush()
	}
	return s.buf
}

func newRunWriter(fsys FS, first, end uint64) (*runWriter, error) {
	f, err := createFile(fsys, runName(first, end))
	if err != nil {
		return nil, err
	}
	fences, keys, offsets, _ := layout(end - first)
	w := &runWriter{first: first, end: end, shift: 64 - bucketBits(end-first), file: f}
	for s, at := range map[*section]int64{&w.fences: fences, &w.keys: keys, &w.offsets: offsets} {
		*s = section{file: f, at: at, buf: make([]byte, 0, 256<<10)}
	}
	return w, nil
}

func (w *runWriter) add(p pair) {
	w.fence(p.key>>w.shift + 1)
	w.keys.buf = binary.LittleEndian.AppendUint64(w.keys.room(), p.key)
	w.offsets.buf = binary.LittleEndian.AppendUint32(w.offsets.room(), uint32(p.index-w.first))
	w.n++
}

// fence writes the fences below a bucket.
func (w *runWriter) fence(bucket uint64) {
	for ; w.bucket < bucket; w.bucket++ {
		w.fences.buf = binary.LittleEndian.AppendUint32(w.fences.room(), w.n)
	}
}

func (w *runWriter) finish(id identity) error {
	w.fence(1<<(64-w.shift) + 1)
	for _, s := range []*section{&w.fences, &w.keys, &w.offsets} {
		s.flush()
	}
	h := runHead(id, w.first, w.end, [3]uint32{w.fences.crc, w.keys.crc, w.offsets.crc})
	_, err := w.file.WriteAt(h, 0)
	return errors.Join(w.fences.err, w.keys.err, w.offsets.err, err, w.file.Close())
}

func runHead(id identity, first, end uint64, crc [3]uint32) []byte {
	b := append([]byte(runMagic), id[:]...)
	b = binary.LittleEndian.AppendUint64(b, first)
	b = binary.LittleEndian.AppendUint64(b, end)
	for _, c := range crc {
		b = binary.LittleEndian.AppendUint32(b, c)
	}
	b = append(b, make([]byte, runHeader-4-len(b))...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// openRun opens a run that was just written, or, if verify, checks every byte of it first.
func openRun(fsys FS, id identity, first, end uint64, verify bool) (*run, error) {
	r := &run{name: runName(first, end), first: first, end: end, shift: 64 - bucketBits(end-first)}
	fences, keys, offsets, length := layout(end - first)
	if verify {
		if err := verifyRun(fsys, r, id); err != nil {
			return nil, err
		}
	}
	var err error
	if r.b, r.unmap, err = fsys.Map(r.name); err != nil {
		return nil, err
	}
	if int64(len(r.b)) != length {
		return nil, errors.Join(fmt.Errorf("%s has %d bytes, want %d", r.name, len(r.b), length), r.unmap())
	}
	r.fences, r.keys, r.offsets = r.b[fences:keys], r.b[keys:offsets], r.b[offsets:]
	return r, nil
}

// verifyRun reads a run and compares its checksums; memory mappings are not read for it, so that they
// do not fill the process.
func verifyRun(fsys FS, r *run, id identity) error {
	f, err := fsys.OpenFile(r.name, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	fences, keys, offsets, length := layout(r.end - r.first)
	n := uint64(1)<<bucketBits(r.end-r.first) + 1
	var crc [3]uint32
	for i, s := range []struct{ at, end int64 }{{fences, fences + 4*int64(n)}, {keys, offsets}, {offsets, length}} {
		if crc[i], err = checksum(f, s.at, s.end); err != nil {
			return err
		}
	}
	got := make([]byte, runHeader)
	if _, err := f.ReadAt(got, 0); err != nil {
		return err
	}
	if !slices.Equal(got, runHead(id, r.first, r.end, crc)) {
		return fmt.Errorf("%s is damaged", r.name)
	}
	return nil
}

func checksum(f File, at, end int64) (crc uint32, err error) {
	buf := make([]byte, 256<<10)
	for at < end {
		n, err := f.ReadAt(buf[:min(end-at, int64(len(buf)))], at)
		if n == 0 {
			return 0, errors.Join(io.ErrUnexpectedEOF, err)
		}
		crc = crc32.Update(crc, castagnoli, buf[:n])
		at += int64(n)
	}
	return crc, nil
}

// abandon closes a file that is not to become a run.
func (w *runWriter) abandon(err error) error { return errors.Join(err, w.file.Close()) }

// mergeRuns writes one run that holds what two neighbours hold. What it has written when ctx ends is no
// run, and is removed at the next start.
func mergeRuns(ctx context.Context, fsys FS, id identity, a, b *run) error {
	w, err := newRunWriter(fsys, a.first, b.end)
	if err != nil {
		return err
	}
	if err := reading(func() error { return w.merge(ctx, a, b) }); err != nil {
		return w.abandon(err)
	}
	return w.finish(id)
}

func (w *runWriter) merge(ctx context.Context, a, b *run) error {
	i, j := 0, 0
	for i < a.len() || j < b.len() {
		if j == b.len() || i < a.len() && a.key(i) <= b.key(j) {
			w.add(pair{a.key(i), a.index(i)})
			i++
		} else {
			w.add(pair{b.key(j), b.index(j)})
			j++
		}
		if (i+j)%(1<<16) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
