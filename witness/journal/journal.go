// SPDX-License-Identifier: Apache-2.0

// Package journal makes records durable, one after the other, each with one write and one sync of
// space that was allocated before. It is the authority on what was last; a database absorbs the
// records behind it, and the space is then used again.
//
//	┌─ half 0 ───────────────────────┐┌─ half 1 ───────────────────────┐
//	│ header │ r 1 │ r 2 │ r 3 │     ││ header │ r 4 │ r 5 │           │
//	└────────────────────────────────┘└────────────────────────────────┘
//	           absorbed                  current: the next is r 6
//
// What stands behind the last record and does not hold was never acknowledged, and is dropped. A damaged
// record with another behind it is an error.
package journal

import (
	"errors"
	"fmt"
	"io"
)

// Errors of which a caller makes more than a message.
var (
	ErrFull   = errors.New("this half of the journal is full")
	ErrBehind = errors.New("the journal is older than the database")
)

// File is what a journal is kept in. Tests replace it to forget what was not synced and to fail the
// n-th call.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Sync() error // what was written is durable on nil
}

// Journal is a file of records. It is not safe for concurrent use.
type Journal struct {
	file    File
	current header
	place   int64    // of the current half in the file: 0, or its size
	end     int64    // where the next record goes, from the begin of the half
	last    Position // of the last record
	other   header   // of the other half; its lap is 0 if it holds nothing
	buffer  []byte
	fault   error // the first failed write; after it nothing is written
}

// MinSize is that of the shortest journal, in bytes.
const MinSize = 32 * block

// Format makes an empty journal of size bytes, rounded down, to follow a position.
func Format(f File, id ID, before Position, size int64) (*Journal, error) {
	half := size / 2 / block * block
	if size < MinSize {
		return nil, fmt.Errorf("journal of %d bytes, want at least %d", size, MinSize)
	}
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < 2*half; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), 2*half-at)], at); err != nil {
			return nil, err
		}
	}
	j := &Journal{file: f, last: before, place: half, current: header{id: id, half: uint64(half)}}
	return j, j.Turn() // which syncs the zeros, too
}

// ID returns that of the state that the journal belongs to.
func (j *Journal) ID() ID { return j.current.id }

// Limit returns the length in bytes of the longest payload.
func (j *Journal) Limit() int { return min(int(j.current.half)-block-recordHead, maxPayload) }

// Last returns the position of the last record.
func (j *Journal) Last() Position { return j.last }

// Append makes a record durable and returns its position. ErrFull means that nothing was written: a
// Turn has to come first, as also after Open. After any other error nothing more is written, because
// nobody knows what the disk holds, and a second sync may succeed without having written.
func (j *Journal) Append(payload []byte) (Position, error) {
	switch {
	case j.fault != nil:
		return Position{}, j.fault
	case len(payload) > j.Limit():
		return Position{}, fmt.Errorf("payload of %d bytes, want at most %d", len(payload), j.Limit())
	case j.end+int64(padded(len(payload))) > int64(j.current.half):
		return Position{}, ErrFull
	}
	var at Position
	j.buffer, at = appendRecord(j.buffer[:0], j.last, payload)
	if err := j.write(j.buffer, j.place+j.end); err != nil {
		return Position{}, err
	}
	j.end += int64(len(j.buffer))
	j.last = at
	return at, nil
}

// Turn goes on in the other half, whose records are lost: the caller has made them durable elsewhere.
func (j *Journal) Turn() error {
	if j.fault != nil {
		return j.fault
	}
	next := j.current
	next.lap++
	next.before = j.last
	place := int64(j.current.half) - j.place
	first := append(next.bytes(), make([]byte, block-headerSize)...)
	if err := j.write(first, place); err != nil {
		return err
	}
	j.other, j.current, j.place, j.end = j.current, next, place, block
	return nil
}

// write writes and syncs, or stops the journal for good.
func (j *Journal) write(b []byte, at int64) error {
	_, err := j.file.WriteAt(b, at)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		j.fault = fmt.Errorf("the journal cannot be written: %w", err)
	}
	return j.fault
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }
