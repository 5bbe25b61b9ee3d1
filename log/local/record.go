// SPDX-License-Identifier: Apache-2.0

package local

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

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
// entries acknowledged so far, previous the SHA-256 of the record before. Numbers are big-endian.
const (
	recordMagic  = "cwr1"
	recordHeader = 4 + 4 + 4
	recordFixed  = 16 + 8 + 8 + 8 + 4 + 32
	// maxRecord bounds a record: a group of the largest request and what came with it.
	maxRecord = 256 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record is one group of entries.
type record struct {
	id         identity
	generation uint64
	first      uint64
	mark       uint64
	previous   [32]byte
	entries    []log.Entry
}

// errNoRecord means that no whole record stands at this place.
var errNoRecord = errors.New("no whole record")

// append appends the record's bytes to b.
func (r record) append(b []byte) []byte {
	start := len(b)
	b = append(b, recordMagic...)
	b = append(b, make([]byte, 8)...) // CRC and length, known at the end
	b = append(b, r.id[:]...)
	b = binary.BigEndian.AppendUint64(b, r.generation)
	b = binary.BigEndian.AppendUint64(b, r.first)
	b = binary.BigEndian.AppendUint64(b, r.mark)
	b = binary.BigEndian.AppendUint32(b, uint32(len(r.entries)))
	b = append(b, r.previous[:]...)
	for _, e := range r.entries {
		b = append(b, e.Leaf[:]...)
	}
	for _, e := range r.entries {
		b = binary.BigEndian.AppendUint16(b, uint16(len(e.Data)))
		b = append(b, e.Data...)
	}
	binary.BigEndian.PutUint32(b[start+8:], uint32(len(b)-start-recordHeader))
	binary.BigEndian.PutUint32(b[start+4:], crc32.Checksum(b[start+8:], castagnoli))
	return b
}

// parseRecord parses the record at the beginning of b and returns its length too. Its entries alias b.
func parseRecord(b []byte) (record, int, error) {
	if len(b) < recordHeader+recordFixed || string(b[:4]) != recordMagic {
		return record{}, 0, errNoRecord
	}
	n := int(binary.BigEndian.Uint32(b[8:]))
	if n < recordFixed || n > maxRecord || n > len(b)-recordHeader {
		return record{}, 0, errNoRecord
	}
	end := recordHeader + n
	if crc32.Checksum(b[8:end], castagnoli) != binary.BigEndian.Uint32(b[4:]) {
		return record{}, 0, errNoRecord
	}
	r := record{
		id:         identity(b[12:28]),
		generation: binary.BigEndian.Uint64(b[28:]),
		first:      binary.BigEndian.Uint64(b[36:]),
		mark:       binary.BigEndian.Uint64(b[44:]),
		previous:   [32]byte(b[56:88]),
	}
	count, body := int(binary.BigEndian.Uint32(b[52:])), b[88:end]
	if count > len(body)/34 {
		return record{}, 0, fmt.Errorf("record of %d entries in %d bytes", count, len(body))
	}
	leaves, rest := body[:32*count], body[32*count:]
	r.entries = make([]log.Entry, count)
	for i := range r.entries {
		var err error
		if r.entries[i].Data, rest, err = tile.CutEntry(rest); err != nil {
			return record{}, 0, fmt.Errorf("record entry %d: %w", i, err)
		}
		r.entries[i].Leaf = [32]byte(leaves[32*i:])
	}
	if len(rest) > 0 {
		return record{}, 0, fmt.Errorf("%d bytes after the record's entries", len(rest))
	}
	return r, end, nil
}

// recordHash links a record to the next.
func recordHash(b []byte) [32]byte { return sha256.Sum256(b) }
