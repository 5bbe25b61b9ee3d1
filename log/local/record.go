// SPDX-License-Identifier: Apache-2.0

package local

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

// A record of the write-ahead log is one group of entries, made durable by one sync:
//
//	"cwr1"  crc32c  length   identity  generation  first  mark  count   previous   leaf hashes   entries
//	4       4       4        16        8           8      8     4       32         32·count      uint16 ‖ bytes
//	                ╰──────────────────────── covered by the CRC ──────────────────────────────────────╯
//
// length counts what follows it. identity is the log's, which no submitter knows: an entry that holds
// the bytes of a record is not taken for one. first is the index of the first entry, mark the number of
// entries acknowledged so far, previous the hash of the record before, which is the SHA-256 of all that
// stands before its entries: their leaf hashes say the rest. Numbers are big-endian.
const (
	recordMagic  = "cwr1"
	recordHeader = 4 + 4 + 4
	recordFixed  = 16 + 8 + 8 + 8 + 4 + 32
	recordLeaves = recordHeader + recordFixed // where the leaf hashes begin
	// maxRecord bounds a record: a group of the largest request and what came with it.
	maxRecord = 256 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record is a whole record, as it stands in the write-ahead log; it is kept in memory until its
// entries are integrated.
type record []byte

// head is what a record begins with.
type head struct {
	id         identity
	generation uint64
	first      uint64
	mark       uint64
	previous   [32]byte
}

// errNoRecord means that no whole record stands at this place.
var errNoRecord = errors.New("no whole record")

// newRecord makes a record of entries in buf, which grows if it must.
func newRecord(buf []byte, h head, entries []*log.Entry) record {
	b := append(buf[:0], recordMagic...)
	b = append(b, make([]byte, 8)...) // CRC and length, known at the end
	b = append(b, h.id[:]...)
	b = binary.BigEndian.AppendUint64(b, h.generation)
	b = binary.BigEndian.AppendUint64(b, h.first)
	b = binary.BigEndian.AppendUint64(b, h.mark)
	b = binary.BigEndian.AppendUint32(b, uint32(len(entries)))
	b = append(b, h.previous[:]...)
	for _, e := range entries {
		b = append(b, e.Leaf[:]...)
	}
	for _, e := range entries {
		b = binary.BigEndian.AppendUint16(b, uint16(len(e.Data)))
		b = append(b, e.Data...)
	}
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)-recordHeader))
	return record(b).sum()
}

// sum sets the CRC.
func (r record) sum() record {
	binary.BigEndian.PutUint32(r[4:], crc32.Checksum(r[8:], castagnoli))
	return r
}

// moved returns a copy that stands in another segment, behind another record. It bears no mark: what was
// acknowledged by then stands in the segment's header.
func (r record) moved(generation uint64, previous [32]byte) record {
	c := append(record(nil), r...)
	binary.BigEndian.PutUint64(c[28:], generation)
	clear(c[44:52])
	copy(c[56:88], previous[:])
	return c.sum()
}

// parseRecord returns the record at the beginning of b, which it aliases.
func parseRecord(b []byte) (record, error) {
	if len(b) < recordLeaves || string(b[:4]) != recordMagic {
		return nil, errNoRecord
	}
	n := int(binary.BigEndian.Uint32(b[8:]))
	if n < recordFixed || n > maxRecord || n > len(b)-recordHeader {
		return nil, errNoRecord
	}
	r := record(b[:recordHeader+n])
	if crc32.Checksum(r[8:], castagnoli) != binary.BigEndian.Uint32(r[4:]) {
		return nil, errNoRecord
	}
	if uint64(recordFixed)+34*uint64(r.len()) > uint64(n) {
		return nil, fmt.Errorf("record of %d entries in %d bytes", r.len(), n)
	}
	rest := r[recordLeaves+32*r.len():]
	for i := range r.len() {
		var err error
		var after []byte
		if _, after, err = tile.CutEntry(rest); err != nil {
			return nil, fmt.Errorf("record entry %d: %w", i, err)
		}
		rest = after
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes after the record's entries", len(rest))
	}
	return r, nil
}

// records yields the whole records of a segment that follow each other, with their offsets. Who a
// record belongs to is looked at before anything else: entries, which anybody may fill with what looks like
// one, stand behind the end of a segment that was used before.
func records(b []byte, s segment) iter.Seq2[int, record] {
	return func(yield func(int, record) bool) {
		last := s.chain
		for at := segmentHeader; len(b)-at >= recordLeaves; {
			h := record(b[at:]).head()
			if h.id != s.id || h.generation != s.generation || h.previous != last {
				return
			}
			r, err := parseRecord(b[at:])
			if err != nil || !yield(at, r) {
				return
			}
			at, last = at+len(r), r.hash()
		}
	}
}

func (r record) head() head {
	return head{
		id:         identity(r[12:28]),
		generation: binary.BigEndian.Uint64(r[28:]),
		first:      binary.BigEndian.Uint64(r[36:]),
		mark:       binary.BigEndian.Uint64(r[44:]),
		previous:   [32]byte(r[56:88]),
	}
}

// len returns the number of entries.
func (r record) len() int { return int(binary.BigEndian.Uint32(r[52:])) }

// first returns the index of the first entry, end the one behind the last.
func (r record) first() uint64 { return binary.BigEndian.Uint64(r[36:]) }
func (r record) end() uint64   { return r.first() + uint64(r.len()) }

// leaf returns the leaf hash of the i-th entry.
func (r record) leaf(i int) [32]byte { return [32]byte(r[recordLeaves+32*i:]) }

// from yields the entries from index on, which alias the record.
func (r record) from(index uint64) iter.Seq[log.Entry] {
	return func(yield func(log.Entry) bool) {
		rest := []byte(r[recordLeaves+32*r.len():])
		for i := range r.len() {
			data, after, err := tile.CutEntry(rest)
			if err != nil { // a bit has flipped in memory: the check before the signature says so
				data, after = nil, nil
			}
			rest = after
			if r.first()+uint64(i) >= index && !yield(log.Entry{Data: data, Leaf: r.leaf(i)}) {
				return
			}
		}
	}
}

// hash links a record to the next.
func (r record) hash() [32]byte { return sha256.Sum256(r[:recordLeaves+32*r.len()]) }
