// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"cocket.example/declaration"
)

// maxLine bounds a line of openings, as declaration.ParseOpening does.
const maxLine = 64 << 20

// ageHeader begins a file that age encrypted.
const ageHeader = "age-encryption.org/v1\n"

// Openings reads a file of openings, one a line.
type Openings struct {
	f    *os.File
	in   *bufio.Reader
	line int // number of lines that were read
}

// ErrEncrypted is the error of a file that is encrypted where there is no identity.
var ErrEncrypted = errors.New("is encrypted with age: want --identity with the file of an identity")

// Open opens a file of openings, and decrypts it if it is encrypted.
func Open(path string, identities []age.Identity) (*Openings, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	o := &Openings{f: f, in: bufio.NewReaderSize(f, 1<<20)}
	if head, _ := o.in.Peek(len(ageHeader)); string(head) != ageHeader {
		return o, nil
	}
	if len(identities) == 0 {
		f.Close()
		return nil, fmt.Errorf("%s %w", path, ErrEncrypted)
	}
	clear, err := age.Decrypt(o.in, identities...)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s cannot be decrypted: %w", path, err)
	}
	o.in = bufio.NewReaderSize(clear, 1<<20)
	return o, nil
}

// Close closes the file.
func (o *Openings) Close() error { return o.f.Close() }

// Next returns the next line without its LF, which is valid until the next call; io.EOF at the end.
func (o *Openings) Next() ([]byte, error) {
	var line []byte
	for {
		more, err := o.in.ReadSlice('\n')
		if err == nil && line == nil {
			line = more
		} else {
			line = append(line, more...)
		}
		switch {
		case err == bufio.ErrBufferFull && len(line) <= maxLine:
			continue
		case err == io.EOF && len(line) == 0:
			return nil, io.EOF
		case err == io.EOF:
			return nil, fmt.Errorf("%s: line %d is cut short", o.f.Name(), o.line+1)
		case err != nil:
			return nil, fmt.Errorf("%s: line %d: %w", o.f.Name(), o.line+1, err)
		}
		o.line++
		return line[:len(line)-1], nil
	}
}

// Entry returns the entry of a line, as it says; whether the opening opens it is for declaration.ParseOpening.
func Entry(line []byte) ([]byte, error) {
	var l struct {
		Entry string `json:"entry"`
	}
	if err := json.Unmarshal(line, &l); err != nil || l.Entry == "" {
		return nil, errors.New("is no opening")
	}
	return []byte(l.Entry), nil
}

// Picked is an opening that was found.
type Picked struct {
	Opening declaration.Opening
	Name    string // as row-17, or line-3 where the rows are not known
}

// Wanted says which opening to pick: by one of its rows, or by its entry.
type Wanted struct {
	Row  int // 0: by Leaf
	Leaf declaration.Hash
}

func (w Wanted) String() string {
	if w.Row > 0 {
		return fmt.Sprintf("of row %d", w.Row)
	}
	return "of this leaf hash"
}

// errNotHere is the error of a file that does not hold the opening.
var errNotHere = errors.New("holds no opening")

// Pick finds an opening in a file of openings, or in a folder of such files.
func Pick(path string, w Wanted, identities []age.Identity) (Picked, error) {
	files, err := openingFiles(path)
	if err != nil {
		return Picked{}, err
	}
	for _, file := range files {
		n, err := w.line(file)
		if errors.Is(err, errNotHere) {
			continue
		}
		if err != nil {
			return Picked{}, err
		}
		p, err := w.pick(file, identities, n)
		if !errors.Is(err, errNotHere) {
			return p, err
		}
	}
	return Picked{}, fmt.Errorf("%s %w %v", path, errNotHere, w)
}

// openingFiles lists the files of openings that a path stands for.
func openingFiles(path string) (files []string, err error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	list, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		if _, err := beside(f.Name(), indexSuffix); err == nil {
			files = append(files, filepath.Join(path, f.Name()))
		}
	}
	return files, nil
}

// line returns the line that holds the opening, -1 where its entry must tell.
func (w Wanted) line(file string) (int, error) {
	if w.Row == 0 {
		return w.lineOfLeaf(file)
	}
	name, err := beside(file, indexSuffix)
	if err != nil {
		return 0, err
	}
	x, err := readIndex(name)
	if errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("%w: it says which row is on which line; give --leaf instead", err)
	}
	if err != nil {
		return 0, err
	}
	if w.Row < x.First || w.Row > x.Last {
		return 0, errNotHere
	}
	line := x.Line(w.Row)
	if line < 0 {
		return 0, fmt.Errorf("row %d was refused, so there is no opening: see %s", w.Row, refusedName)
	}
	return line, nil
}

// lineOfLeaf looks at the entries, where they are beside the openings: they need not be decrypted.
func (w Wanted) lineOfLeaf(file string) (int, error) {
	name, err := beside(file, entrySuffix)
	if err != nil {
		return -1, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return -1, nil
	}
	defer f.Close()
	n, found := 0, errors.New("found")
	err = EachEntry(f, func(entry []byte) error {
		if declaration.LeafHash(entry) == w.Leaf {
			return found
		}
		n++
		return nil
	})
	switch {
	case err == found:
		return n, nil
	case err != nil:
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return 0, errNotHere
}

// EachEntry calls a function with each entry of a file of entries, as in an entry bundle of tiles. It may not
// keep what it is given.
func EachEntry(r io.Reader, do func(entry []byte) error) error {
	in := bufio.NewReaderSize(r, 1<<17)
	for {
		size, err := in.Peek(2)
		if err == io.EOF && len(size) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cut short: %w", err)
		}
		n := 2 + int(binary.BigEndian.Uint16(size))
		entry, err := in.Peek(n)
		if err != nil {
			return fmt.Errorf("cut short: %w", err)
		}
		if err := do(entry[2:]); err != nil {
			return err
		}
		in.Discard(n) // they are there
	}
}

// pick reads the opening on a line, or the one of the leaf hash.
func (w Wanted) pick(file string, identities []age.Identity, line int) (Picked, error) {
	o, err := Open(file, identities)
	if err != nil {
		return Picked{}, err
	}
	defer o.Close()
	for n := 0; ; n++ {
		text, err := o.Next()
		if err == io.EOF {
			return Picked{}, errNotHere
		}
		if err != nil {
			return Picked{}, err
		}
		if line >= 0 && n != line || line < 0 && !w.is(text) {
			continue
		}
		opening, err := declaration.ParseOpening(text)
		if err != nil {
			return Picked{}, fmt.Errorf("%s: line %d: %w", file, n+1, err)
		}
		return Picked{opening, nameOf(file, n)}, nil
	}
}

func (w Wanted) is(line []byte) bool {
	entry, err := Entry(line)
	return err == nil && declaration.LeafHash(entry) == w.Leaf
}

// nameOf names an opening by its first row.
func nameOf(file string, n int) string {
	if name, err := beside(file, indexSuffix); err == nil {
		if x, err := readIndex(name); err == nil && n < len(x.Openings) {
			return fmt.Sprintf("row-%d", x.Openings[n].First)
		}
	}
	return fmt.Sprintf("line-%d", n+1)
}

// beside returns the name of another file of the batch.
func beside(file, suffix string) (string, error) {
	name, ok := strings.CutSuffix(strings.TrimSuffix(file, ageSuffix), openingSuffix)
	if !ok {
		return "", fmt.Errorf("%s: want a name that ends in %s or %s, so that its index can be found",
			file, openingSuffix, openingSuffix+ageSuffix)
	}
	return name + suffix, nil
}
