// SPDX-License-Identifier: Apache-2.0

package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// A segment is one file of the write-ahead log, wal/<generation>. Its header says what it goes on
// from, so that a file left over from a failure, or from its use before, cannot be taken for a part
// of the log:
//
//	"cocketw1"  identity  generation  predecessor  its end  first  mark  chain   crc32c
//	8           16        8           8            8        8      8     32      4
//
// The predecessor ends at exactly the offset given; first is the index of the first entry that this
// segment can hold; mark is the number of entries acknowledged when it was begun; chain is the hash of
// the record before it. The header is written last: whatever stands behind it then is durable.
const (
	segmentMagic  = "cocketw1"
	segmentHeader = 8 + 16 + 8 + 8 + 8 + 8 + 8 + 32 + 4
)

type segment struct {
	id             identity
	generation     uint64
	predecessor    uint64
	predecessorEnd uint64
	first          uint64
	mark           uint64
	chain          [32]byte
}

func segmentName(generation uint64) string { return fmt.Sprintf("wal/%016d", generation) }

func (s segment) bytes() []byte {
	b := append([]byte(segmentMagic), s.id[:]...)
	b = binary.BigEndian.AppendUint64(b, s.generation)
	b = binary.BigEndian.AppendUint64(b, s.predecessor)
	b = binary.BigEndian.AppendUint64(b, s.predecessorEnd)
	b = binary.BigEndian.AppendUint64(b, s.first)
	b = binary.BigEndian.AppendUint64(b, s.mark)
	b = append(b, s.chain[:]...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func parseSegment(b []byte) (segment, error) {
	if len(b) < segmentHeader {
		return segment{}, errors.New("segment header is cut short")
	}
	s := segment{
		id:             identity(b[8:24]),
		generation:     binary.BigEndian.Uint64(b[24:]),
		predecessor:    binary.BigEndian.Uint64(b[32:]),
		predecessorEnd: binary.BigEndian.Uint64(b[40:]),
		first:          binary.BigEndian.Uint64(b[48:]),
		mark:           binary.BigEndian.Uint64(b[56:]),
		chain:          [32]byte(b[64:96]),
	}
	if string(s.bytes()) != string(b[:segmentHeader]) {
		return segment{}, errors.New("segment header is damaged")
	}
	return s, nil
}
