// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// block is what every header and every record begins at a multiple of: nothing that was synced lies in
// a block that is written again.
const block = 4096

// maxPayload bounds the payload of a record, in bytes, whatever the size of the journal.
const maxPayload = 1 << 24

// ID identifies the state that a journal belongs to.
type ID [16]byte

// Position is that of a record: its number, from 1, and its sum, which binds every record before it.
// The zero Position stands before the first record.
type Position struct {
	Seq uint64
	Sum [sha256.Size]byte
}

// The file has two halves of one size, which are filled in turn. Each begins with a block that holds a
// header:
//
//	"cocketj1"  ID  half  lap  before      SHA-256 of what stands before it
//	8           16  8     8    8 + 32      32
//
// half is the size of a half in bytes; lap counts the halves that were begun, and the larger one is
// the current one; before is the Position of the record before the first.
const (
	headerMagic = "cocketj1"
	headerSize  = 8 + 16 + 8 + 8 + 8 + 32 + 32
)

type header struct {
	id     ID
	half   uint64
	lap    uint64
	before Position
}

func (h header) bytes() []byte {
	b := append([]byte(headerMagic), h.id[:]...)
	b = binary.BigEndian.AppendUint64(b, h.half)
	b = binary.BigEndian.AppendUint64(b, h.lap)
	b = binary.BigEndian.AppendUint64(b, h.before.Seq)
	b = append(b, h.before.Sum[:]...)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

func parseHeader(b []byte) (header, error) {
	if len(b) < headerSize {
		return header{}, errors.New("header is cut short")
	}
	h := header{
		id:   ID(b[8:24]),
		half: binary.BigEndian.Uint64(b[24:]),
		lap:  binary.BigEndian.Uint64(b[32:]),
		before: Position{
			Seq: binary.BigEndian.Uint64(b[40:]),
			Sum: [sha256.Size]byte(b[48:80]),
		},
	}
	if !bytes.Equal(h.bytes(), b[:headerSize]) {
		return header{}, errors.New("header is damaged")
	}
	return h, nil
}

// A record fills whole blocks, with zeros behind it:
//
//	FF "cwj"  length of payload  seq  sum before  sum   payload
//	4         4                  8    32          32
//
// The sum is the SHA-256 of all but itself. The first byte stands in no text, so that no payload of
// texts can hold what looks like a record.
const (
	recordMagic = "\xffcwj"
	recordHead  = 4 + 4 + 8 + 32 + 32
)

// appendRecord appends the record that follows a position, with its padding.
func appendRecord(b []byte, before Position, payload []byte) ([]byte, Position) {
	start := len(b)
	b = append(b, recordMagic...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.BigEndian.AppendUint64(b, before.Seq+1)
	b = append(b, before.Sum[:]...)
	at := Position{Seq: before.Seq + 1, Sum: sum(b[start:], payload)}
	b = append(b, at.Sum[:]...)
	b = append(b, payload...)
	return append(b, make([]byte, padded(len(payload))-(len(b)-start))...), at
}

func sum(front, payload []byte) (s [sha256.Size]byte) {
	h := sha256.New()
	h.Write(front)
	h.Write(payload)
	h.Sum(s[:0])
	return s
}

// padded is the size of the record of a payload in the file.
func padded(payload int) int { return (recordHead + payload + block - 1) / block * block }

// record is what stands at a place in the file.
type record struct {
	seq     uint64
	before  [sha256.Size]byte
	sum     [sha256.Size]byte
	payload []byte
}

// parseHead parses the head of a record, and returns the length of its payload.
func parseHead(b []byte) (r record, length int, err error) {
	if len(b) < recordHead || string(b[:4]) != recordMagic {
		return record{}, 0, errors.New("not the head of a record")
	}
	size := binary.BigEndian.Uint32(b[4:])
	if size > maxPayload {
		return record{}, 0, fmt.Errorf("record of %d bytes, want at most %d", size, maxPayload)
	}
	r = record{
		seq:    binary.BigEndian.Uint64(b[8:]),
		before: [sha256.Size]byte(b[16:48]),
		sum:    [sha256.Size]byte(b[48:80]),
	}
	return r, int(size), nil
}

// parseRecord parses the record that b begins with; what follows it is not looked at.
func parseRecord(b []byte) (record, error) {
	r, length, err := parseHead(b)
	if err != nil {
		return record{}, err
	}
	if len(b) < padded(length) {
		return record{}, errors.New("record is cut short")
	}
	r.payload = b[recordHead : recordHead+length]
	if sum(b[:48], r.payload) != r.sum {
		return record{}, errors.New("sum of the record does not hold")
	}
	if len(bytes.Trim(b[recordHead+length:padded(length)], "\x00")) > 0 {
		return record{}, errors.New("record is not followed by zeros")
	}
	return r, nil
}
