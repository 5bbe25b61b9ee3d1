// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cocket.example/declaration/rule"
	"cocket.example/internal/strict"
)

const indexHeader = "cocket-rows/v1"

// Index says what became of the rows of a batch, in text:
//
//	cocket-rows/v1
//	rows 2 10001
//	entries LyegA+pykJ5SmFMqtUpKSgsEWg3d9lGv3kRcYvI+qzU=
//	refused 3
//	count error COUNTRY 3
//	count warning PHONE 40
//	opening 2 2
//	opening 4 7
//
// There is an opening line, with its first and last row, for each line of the batch's openings, in their order.
// Rows in none of them were refused. Entries is the SHA-256 of the batch's file of entries, of no bytes where there
// is none. Refused counts declarations; the counts are of findings, ascending.
type Index struct {
	First, Last int // rows
	Entries     [sha256.Size]byte
	Refused     int // declarations
	Counts      Counts
	Openings    []Span
}

// Span are the rows of one opening.
type Span struct{ First, Last int }

// Counts are numbers of findings, by level and code, as "error COUNTRY".
type Counts map[string]int

func (c Counts) add(other Counts) {
	for name, n := range other {
		c[name] += n
	}
}

func (c Counts) print(b *strings.Builder) {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(b, "count %s %d\n", name, c[name])
	}
}

// rows is the number of rows that were sealed.
func (x Index) sealedRows() (n int) {
	for _, s := range x.Openings {
		n += s.Last - s.First + 1
	}
	return n
}

// Line returns the line of the openings that a row is in, from 0; -1 for none.
func (x Index) Line(row int) int {
	line, found := slices.BinarySearchFunc(x.Openings, row, func(s Span, row int) int {
		switch {
		case s.Last < row:
			return -1
		case s.First > row:
			return 1
		}
		return 0
	})
	if !found {
		return -1
	}
	return line
}

// String prints the index.
func (x Index) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nrows %d %d\nentries %s\nrefused %d\n", indexHeader, x.First, x.Last,
		base64.StdEncoding.EncodeToString(x.Entries[:]), x.Refused)
	x.Counts.print(&b)
	for _, s := range x.Openings {
		fmt.Fprintf(&b, "opening %d %d\n", s.First, s.Last)
	}
	return b.String()
}

// ParseIndex parses an index, prints it back and compares.
func ParseIndex(b []byte) (x Index, err error) {
	x.Counts = make(Counts)
	for n, rest := 0, b; len(rest) > 0; n++ {
		var line string
		if line, rest, err = strict.Line(rest); err != nil {
			return Index{}, fmt.Errorf("index: line %d: %w", n+1, err)
		}
		if n > 0 {
			x.parse(line)
		}
	}
	if x.String() != string(b) || !x.ordered() {
		return Index{}, errors.New("index: want " + indexHeader + " and lines of rows, entries, refused, count and opening, " +
			"in this order, ascending and within the rows")
	}
	return x, nil
}

// parse takes a line; what it cannot take is missed when the index is printed back.
func (x *Index) parse(line string) {
	words := strings.Split(line, " ")
	number := func(i int) int {
		n, err := strict.Decimal(words[i])
		if err != nil || n > 1<<40 {
			return -1
		}
		return int(n)
	}
	switch {
	case words[0] == "rows" && len(words) == 3:
		x.First, x.Last = number(1), number(2)
	case words[0] == "entries" && len(words) == 2:
		x.Entries, _ = strict.Hash(words[1]) // what is none does not print back
	case words[0] == "refused" && len(words) == 2:
		x.Refused = number(1)
	case words[0] == "count" && len(words) == 4 && known(words[1], words[2]):
		x.Counts[words[1]+" "+words[2]] = number(3)
	case words[0] == "opening" && len(words) == 3:
		x.Openings = append(x.Openings, Span{number(1), number(2)})
	}
}

func known(level, code string) bool {
	return (level == string(rule.Error) || level == string(rule.Warning)) && code != ""
}

// ordered wants openings that ascend within the rows, and counts that are some.
func (x Index) ordered() bool {
	last := x.First - 1
	for _, s := range x.Openings {
		if s.First <= last || s.Last < s.First {
			return false
		}
		last = s.Last
	}
	for _, n := range x.Counts {
		if n < 1 {
			return false
		}
	}
	return x.First >= firstRow && x.Last >= x.First && last <= x.Last && x.Refused >= 0 &&
		x.Refused <= x.Last-x.First+1-x.sealedRows()
}
