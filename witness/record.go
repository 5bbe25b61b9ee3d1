// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"cocket.example/receipt"
)

// record is the latest checkpoint that was cosigned for an origin.
type record struct {
	checkpoint receipt.Checkpoint
	time       int64 // of the cosignatures, POSIX seconds; never goes back
	// generation is that of the state in which it was known what was cosigned before. With another one
	// than the state's, nothing is cosigned; see State.generation.
	generation uint64
	note       []byte // the checkpoint as a signed note; nil if none was cosigned yet

	cosignatures []byte // the lines just made, the tail of note; not known of a record read back
}

// halted is the generation of a log for which nothing is cosigned ever again: our own signatures
// contradict each other.
const halted = math.MaxUint64

// blank is the record of an origin for which nothing was cosigned: the empty tree (TW-8).
func blank(origin string) record {
	return record{checkpoint: receipt.Checkpoint{Origin: origin, Root: emptyRoot}}
}

// Records have keys. What this witness has cosigned has the origin; what it keeps for another witness
// (peers) has a key that is no origin, because it holds LF:
//
//	kept LF <SHA-256 of the other's vkey> LF <SHA-256 of the origin>        in lower-case hex
func keptKey(keeper, originSum string) string { return "kept\n" + keeper + "\n" + originSum }

// isKept reports whether a key is of what is kept for another witness.
func isKept(key string) bool { return strings.IndexByte(key, '\n') >= 0 }

// keyHas reports whether a record of the key may be of the origin.
func keyHas(key, origin string) bool {
	return key == origin || isKept(key) && strings.HasSuffix(key, "\n"+hexSum(origin))
}

// encode returns the record as the database has it; nothing for one that was never stored:
//
//	time (8 bytes, big-endian POSIX seconds) ‖ generation (8) ‖ signed note, or nothing
func (r record) encode() []byte {
	if r.note == nil && r.generation == 0 {
		return nil
	}
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 16+len(r.note)), uint64(r.time))
	b = binary.BigEndian.AppendUint64(b, r.generation)
	return append(b, r.note...)
}

func decode(key string, value []byte) (record, error) {
	if len(value) < 16 {
		return record{}, fmt.Errorf("damaged: record of %q has %d bytes", key, len(value))
	}
	r := blank(key)
	r.time = int64(binary.BigEndian.Uint64(value))
	r.generation = binary.BigEndian.Uint64(value[8:])
	if len(value) == 16 {
		if r.time != 0 || r.generation == 0 || isKept(key) {
			return record{}, fmt.Errorf("damaged: record of %q has no checkpoint, but time %d", key, r.time)
		}
		return r, nil
	}
	r.note = bytes.Clone(value[16:])
	checkpoint, _, err := receipt.ParseCheckpoint(r.note)
	if err != nil {
		return record{}, fmt.Errorf("damaged: record of %q: %w", key, err)
	}
	if !keyHas(key, checkpoint.Origin) || r.time <= 0 {
		return record{}, fmt.Errorf("damaged: record of %q is for %s at %d", key, checkpoint.Origin, r.time)
	}
	r.checkpoint = checkpoint
	return r, nil
}

// same reports whether two records of one key are stored as the same bytes.
func (r record) same(other record) bool {
	return r.time == other.time && r.generation == other.generation && bytes.Equal(r.note, other.note)
}

// relation is how a checkpoint that this witness once cosigned relates to the one that it holds.
type relation int

const (
	older relation = iota // or the same: it says nothing new
	newer
	contrary // this witness can have signed one of the two only after it had forgotten the other
)

// relate compares cosigned checkpoints of one origin. A witness signs sizes that only grow, at times
// that only grow:
//
//	            time earlier   equal     later
//	smaller     older          older     contrary
//	same size   older          older     newer      contrary with another root
//	larger      contrary       newer     newer
func (r record) relate(found record) relation {
	size, held := found.checkpoint.Size, r.checkpoint.Size
	switch {
	case r.note == nil:
		return newer
	case size == held && found.checkpoint.Root != r.checkpoint.Root,
		size < held && found.time > r.time,
		size > held && found.time < r.time:
		return contrary
	case size > held, size == held && found.time > r.time:
		return newer
	}
	return older
}

// A payload of the journal is the records of one commit:
//
//	length of key (4 bytes, big-endian) ‖ key ‖ length of value (4) ‖ value …
func appendEntry(b []byte, key string, value []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(key)))
	b = append(b, key...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}

// entries visits the records of a payload.
func entries(payload []byte, visit func(key string, r record) error) error {
	for len(payload) > 0 {
		key, rest, err := field(payload)
		if err != nil {
			return err
		}
		value, rest, err := field(rest)
		if err != nil {
			return err
		}
		r, err := decode(string(key), value)
		if err == nil {
			err = visit(string(key), r)
		}
		if err != nil {
			return err
		}
		payload = rest
	}
	return nil
}

func field(b []byte) (value, rest []byte, err error) {
	if len(b) < 4 || uint64(len(b)-4) < uint64(binary.BigEndian.Uint32(b)) {
		return nil, nil, errors.New("damaged: record of the journal is cut short")
	}
	end := 4 + int(binary.BigEndian.Uint32(b))
	return b[4:end], b[end:], nil
}
