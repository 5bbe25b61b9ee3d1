// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"fmt"
)

// Open reads a journal: where it ends, and whether it is whole. What stood behind the end was never
// acknowledged, and its place is not used before a Turn. The file is closed if there is an error.
func Open(f File) (*Journal, error) {
	j := &Journal{file: f}
	if err := j.recover(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

func (j *Journal) recover() error {
	size, err := j.file.Size()
	if err != nil {
		return err
	}
	headers, err := j.headers(size)
	if err != nil {
		return err
	}
	newer := 0
	if headers[1].lap > headers[0].lap {
		newer = 1
	}
	j.current, j.other, j.place = headers[newer], headers[1-newer], int64(newer)*size/2
	j.last = j.current.before
	length := block // of the last record, or else of the header
	end, err := j.scan(j.current, j.place, func(at Position, payload []byte) error {
		j.last, length = at, padded(len(payload))
		return nil
	})
	if err != nil {
		return err
	}
	if err := j.nothingAfter(j.place+end, j.place+size/2); err != nil {
		return err
	}
	if other := size/2 - j.place; j.other.lap == 0 {
		// Its header is damaged. That happens when the machine goes down while the half is begun, and
		// then it has no record yet.
		if err := j.nothingAfter(other+block, other+size/2); err != nil {
			return err
		}
	}
	j.end = size / 2 // full
	return j.rewrite(j.place+end-int64(length), length)
}

// rewrite writes the last record, or the header before it, once more: if a sync of it failed, readers see
// it, and it is not on the disk. All before it were synced, or it would not have been written.
func (j *Journal) rewrite(at int64, length int) error {
	b := make([]byte, length)
	if _, err := j.file.ReadAt(b, at); err != nil {
		return err
	}
	return j.write(b, at)
}

// headers reads those of both halves. One that does not hold has lap 0; the other one is alone then.
func (j *Journal) headers(size int64) (headers [2]header, err error) {
	if size%(2*block) != 0 || size < 2*block {
		return headers, fmt.Errorf("damaged: the journal has %d bytes, want a multiple of %d", size, 2*block)
	}
	b := make([]byte, headerSize)
	for i := range headers {
		if _, err := j.file.ReadAt(b, int64(i)*size/2); err != nil {
			return headers, err
		}
		if h, err := parseHeader(b); err == nil {
			headers[i] = h
		}
	}
	a, b2 := headers[0], headers[1]
	switch {
	case a.lap == 0 && b2.lap == 0:
		return headers, errors.New("damaged: neither half of the journal has a header that holds")
	case a.lap > 0 && b2.lap > 0 && (a.id != b2.id || a.lap+1 != b2.lap && b2.lap+1 != a.lap):
		return headers, errors.New("damaged: the halves of the journal do not belong together")
	case max(a.half, b2.half) != uint64(size/2):
		return headers, fmt.Errorf("damaged: the journal has %d bytes, want %d", size, 2*max(a.half, b2.half))
	}
	return headers, nil
}

// scan visits the records of a half that follow one another, and returns where they end. A payload is
// good until the next one.
func (j *Journal) scan(h header, place int64, visit func(Position, []byte) error) (end int64, err error) {
	last := h.before
	for end = block; end < int64(h.half); {
		r, err := j.read(place+end, place+int64(h.half))
		if err != nil {
			return 0, err
		}
		if r.seq != last.Seq+1 || r.before != last.Sum {
			return end, nil
		}
		last = Position{Seq: r.seq, Sum: r.sum}
		if err := visit(last, r.payload); err != nil {
			return 0, err
		}
		end += int64(padded(len(r.payload)))
	}
	return end, nil
}

// read reads the record at a place, before a limit. One that does not hold is the zero record; the
// error is that the file cannot be read.
func (j *Journal) read(at, limit int64) (record, error) {
	j.buffer = append(j.buffer[:0], make([]byte, block)...)
	if _, err := j.file.ReadAt(j.buffer, at); err != nil {
		return record{}, err
	}
	_, length, err := parseHead(j.buffer)
	if err != nil || at+int64(padded(length)) > limit {
		return record{}, nil
	}
	if rest := padded(length) - block; rest > 0 {
		j.buffer = append(j.buffer, make([]byte, rest)...)
		if _, err := j.file.ReadAt(j.buffer[block:], at+block); err != nil {
			return record{}, err
		}
	}
	r, err := parseRecord(j.buffer)
	if err != nil {
		return record{}, nil
	}
	return r, nil
}

// nothingAfter wants no record in a range of the file that is younger than the last one: those before
// it would be missing.
func (j *Journal) nothingAfter(from, to int64) error {
	for at := from; at < to; at += block {
		r, err := j.read(at, to)
		if err != nil {
			return err
		}
		if r.seq > j.last.Seq {
			return fmt.Errorf("damaged: the journal ends with record %d at byte %d, but record %d stands at byte %d",
				j.last.Seq, from, r.seq, at)
		}
	}
	return nil
}

// Replay visits every record after a position, from the oldest that the file still has. It reports
// whether none was missing. The error is that of visit, that the journal ends before the position
// (ErrBehind), or that it has another record there.
func (j *Journal) Replay(after Position, visit func(payload []byte) error) (whole bool, err error) {
	if after.Seq > j.last.Seq {
		return false, fmt.Errorf("%w: it ends with record %d, the database has absorbed record %d",
			ErrBehind, j.last.Seq, after.Seq)
	}
	whole = after.Seq >= j.current.before.Seq
	if !whole {
		if whole, err = j.replayOther(after, visit); err != nil {
			return false, err
		}
	}
	return whole, j.replay(j.current, j.place, after, visit)
}

// replayOther visits what the other half has before the current one, which may be nothing.
func (j *Journal) replayOther(after Position, visit func([]byte) error) (whole bool, err error) {
	place, until := int64(j.current.half)-j.place, j.current.before
	var at Position
	_, err = j.scan(j.other, place, func(p Position, _ []byte) error {
		if p.Seq <= until.Seq {
			at = p
		}
		return nil
	})
	if err != nil || j.other.lap == 0 || at != until {
		return false, err
	}
	err = j.replay(j.other, place, after, visit)
	return after.Seq >= j.other.before.Seq, err
}

// replay visits the records of one half that come after a position, which is to be the one that the
// half has itself, if it has it.
func (j *Journal) replay(h header, place int64, after Position, visit func([]byte) error) error {
	same := func(at Position) error {
		if at.Seq == after.Seq && at != after {
			return fmt.Errorf("the journal has another record %d than the database: they have gone separate "+
				"ways since one was copied", at.Seq)
		}
		return nil
	}
	if err := same(h.before); err != nil {
		return err
	}
	_, err := j.scan(h, place, func(at Position, payload []byte) error {
		if at.Seq <= after.Seq || h == j.other && at.Seq > j.current.before.Seq {
			return same(at)
		}
		return visit(payload)
	})
	return err
}
