// SPDX-License-Identifier: Apache-2.0

package sheet

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"cocket.example/declaration/profile"
)

const (
	maxRow   = 1 << 20 // bytes of a row
	maxGroup = 4 << 20 // bytes of the rows of one declaration, as of a declaration in JSON
	maxLines = 9999    // rows of one declaration, as goods.count can say
	ahead    = 64 << 10
)

// Rows are the rows of one declaration.
type Rows struct {
	First   int        // number of the first, as a spreadsheet counts: the names of the columns are row 1
	Records [][]string // all columns

	beside [2]int // numbers of the rows before and behind these that may be of this declaration; 0: none is
}

// Last is the number of the last row.
func (r Rows) Last() int { return r.First + len(r.Records) - 1 }

// Size is the number of bytes in the rows, marks between them included.
func (r Rows) Size() (n int) {
	for _, record := range r.Records {
		n += length(record)
	}
	return n
}

// Reader reads one declaration after another. Its memory is bounded, whatever it reads, but for some 40 bytes for
// each declaration where a column tells which rows are one.
type Reader struct {
	csv     *csv.Reader
	in      *bounded
	plan    plan
	names   []string
	row     int      // that was read last
	pending []string // was read and is of the next declaration
	doubt   int      // number of the row before, where nobody can tell which declaration it is of; else 0

	former string         // value of the column that tells a declaration, in the last row where it can be told
	groups map[uint64]int // hashes of all such values, and the rows where they stood first
}

// NewReader reads the first row, and refuses a mapping that does not fit it or the profile, naming every
// column that is neither mapped nor ignored.
func NewReader(r io.Reader, m Map, event string) (*Reader, error) {
	if err := m.Check(event); err != nil {
		return nil, err
	}
	in := &bounded{r: r, end: maxRow + ahead}
	buffer := bufio.NewReaderSize(in, ahead)
	if mark, _ := buffer.Peek(3); string(mark) == "\ufeff" {
		buffer.Discard(3) // they are there
	}
	s := &Reader{csv: csv.NewReader(buffer), in: in, groups: make(map[uint64]int)}
	s.csv.Comma, s.csv.FieldsPerRecord = m.Comma(), -1
	first, err := s.read()
	if err == io.EOF {
		return nil, errors.New("the sheet is empty, want the names of its columns in the first row")
	}
	if err != nil {
		return nil, err
	}
	s.names = first
	s.plan, err = m.fit(profile.Find(m.Profile).Events[event], first)
	return s, err
}

// Names returns the names of the columns.
func (r *Reader) Names() []string { return r.names }

// Offset is the number of bytes that were read.
func (r *Reader) Offset() int { return int(r.csv.InputOffset()) }

// Next returns the rows of the next declaration, io.EOF at the end. Any other error is of the whole sheet: where
// the next row begins cannot be told, or rows of one declaration stand apart. A row that is of no declaration that
// can be told comes alone, and those before and behind it have findings.
func (r *Reader) Next() (Rows, error) {
	record, err := r.take()
	if err != nil {
		return Rows{}, err
	}
	rows, size := Rows{First: r.row, Records: [][]string{record}}, length(record)
	rows.beside[0] = r.doubt
	err = r.enter(record)
	for err == nil && r.plan.group >= 0 && r.plan.key(record) != "" {
		next, err := r.take()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Rows{}, err
		}
		if r.plan.key(next) != r.plan.key(record) {
			if !r.plan.tells(next) {
				rows.beside[1] = r.row
			}
			r.pending = next
			r.row--
			break
		}
		if err := r.enter(next); err != nil {
			return Rows{}, err
		}
		rows.Records = append(rows.Records, next)
		if size += length(next); size > maxGroup || len(rows.Records) > maxLines {
			return Rows{}, fmt.Errorf("from row %d on there are more than %d rows or %d bytes with one value of %q: "+
				"want a column whose value tells a declaration", rows.First, maxLines, maxGroup, r.plan.groupName)
		}
	}
	r.doubt = 0
	if r.plan.group >= 0 && !slices.ContainsFunc(rows.Records, r.plan.tells) {
		r.doubt, rows.beside = rows.Last(), [2]int{} // refused by itself
	}
	return rows, err
}

// enter notes the declaration of row number r.row, and refuses one that had rows further up, with others between.
func (r *Reader) enter(record []string) error {
	if r.plan.group < 0 || !r.plan.tells(record) || r.plan.key(record) == r.former {
		return nil
	}
	r.former = r.plan.key(record)
	sum := sha256.Sum256([]byte(r.former))
	hash := binary.BigEndian.Uint64(sum[:])
	if first, again := r.groups[hash]; again {
		return fmt.Errorf("row %d has the value in %q of row %d, and others stand between: sort the sheet by this column, "+
			"so that the rows of one declaration follow one another", r.row, r.plan.groupName, first)
	}
	r.groups[hash] = r.row
	return nil
}

// take returns the next row, which then is row number r.row.
func (r *Reader) take() (record []string, err error) {
	if record = r.pending; record != nil {
		r.pending = nil
		r.row++
		return record, nil
	}
	return r.read()
}

// read reads a row. Empty lines are none.
func (r *Reader) read() ([]string, error) {
	r.in.end = r.csv.InputOffset() + maxRow + ahead
	record, err := r.csv.Read()
	var wrong *csv.ParseError
	switch {
	case err == io.EOF:
		return nil, err
	case errors.Is(err, errLong):
		return nil, fmt.Errorf("row %d is longer than %d bytes: is a quotation mark missing at its end?", r.row+1, maxRow)
	case errors.As(err, &wrong):
		return nil, fmt.Errorf("row %d, line %d, character %d: a quotation mark stands where none can: want fields with "+
			`quotation marks within such marks, and those within doubled, as "5"" tube"`, r.row+1, wrong.Line, wrong.Column)
	case err != nil:
		return nil, err
	}
	r.row++
	for _, value := range record {
		if !utf8.ValidString(value) {
			line, _ := r.csv.FieldPos(0)
			return nil, fmt.Errorf("row %d, line %d is not UTF-8: save the sheet as UTF-8, or convert it, "+
				"as with iconv -f WINDOWS-1252 -t UTF-8 OLD.csv > NEW.csv", r.row, line)
		}
	}
	return record, nil
}

func length(record []string) (n int) {
	for _, value := range record {
		n += len(value) + 1
	}
	return n
}

// key is what tells the rows of one declaration; "" for a row that has none.
func (p plan) key(record []string) string {
	if p.group >= len(record) {
		return ""
	}
	return strings.TrimSpace(record[p.group])
}

// tells reports whether a row tells which declaration it is of: in one of another width, a value may stand in
// another's column.
func (p plan) tells(record []string) bool { return len(record) == p.width && p.key(record) != "" }

var errLong = errors.New("the row is too long")

// bounded reads no further than end, which the reader of rows moves with each row.
type bounded struct {
	r      io.Reader
	n, end int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.n > b.end {
		return 0, errLong
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	return n, err
}
