// SPDX-License-Identifier: Apache-2.0

package openings

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"
)

const (
	maxLine       = 64 << 20 // of an opening, as of a file of one
	maxIdentities = 1 << 20  // bytes
	header        = "age-encryption.org/v1\n"
)

// Reader reads one opening or entry after another.
type Reader struct {
	file io.Reader
	n    int // bytes that were read of file
	in   *bufio.Reader
	next func(*bufio.Reader, []byte) ([]byte, error)
}

// NewReader reads a file of Entries, or else of openings. Those are decrypted if they begin as what age has
// encrypted, whatever their name is. Errors do not name the file.
func NewReader(file io.Reader, form string, identities []age.Identity) (*Reader, error) {
	r := &Reader{file: file, next: nextLine}
	r.in = bufio.NewReaderSize(counter{r}, 256<<10)
	if form == Entries {
		r.next = nextEntry
		return r, nil
	}
	head, err := r.in.Peek(len(header))
	if err != nil && err != io.EOF {
		return nil, err
	}
	if string(head) != header {
		return r, nil
	}
	if len(identities) == 0 {
		return nil, errors.New("is encrypted with age: want --identity with the file of an identity")
	}
	clear, err := age.Decrypt(r.in, identities...)
	if errors.As(err, new(*age.NoIdentityMatchError)) {
		return nil, errors.New("is encrypted to others: want --identity with an identity that it is encrypted to")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot be decrypted: %w", err)
	}
	r.in = bufio.NewReaderSize(clear, 256<<10)
	return r, nil
}

// Next appends the next opening, without its LF, or entry to text; io.EOF at the end. An *fs.PathError says that
// the file could not be read, any other that it is not as it should be.
func (r *Reader) Next(text []byte) ([]byte, error) { return r.next(r.in, text) }

// Taken returns how many bytes of the file were read since it was asked last.
func (r *Reader) Taken() (n int) {
	n, r.n = r.n, 0
	return n
}

// counter counts what is read.
type counter struct{ r *Reader }

func (c counter) Read(p []byte) (n int, err error) {
	n, err = c.r.file.Read(p)
	c.r.n += n
	return n, err
}

// nextEntry appends the next entry. The file is a sequence of
//
//	uint16    length, big-endian
//	[]byte    the entry
//
// as in an entry bundle (TT-15), of any number.
func nextEntry(r *bufio.Reader, text []byte) ([]byte, error) {
	head, err := r.Peek(2)
	switch {
	case len(head) == 0:
		return text, err
	case errors.Is(err, io.EOF):
		return text, errors.New("the file ends within a length of 2 bytes: it is cut short")
	case err != nil:
		return text, err
	}
	n, before := int(binary.BigEndian.Uint16(head)), len(text)
	r.Discard(2) // they are there
	text = append(text, make([]byte, n)...)
	if got, err := io.ReadFull(r, text[before:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return text[:before], fmt.Errorf("%d bytes left, want an entry of %d: the file is cut short", got, n)
	} else if err != nil {
		return text[:before], err
	}
	return text, nil
}

// nextLine appends the next line, without its LF.
func nextLine(r *bufio.Reader, text []byte) ([]byte, error) {
	before := len(text)
	for {
		piece, err := r.ReadSlice('\n')
		text = append(text, piece...)
		switch {
		case len(text)-before > maxLine:
			return text[:before], fmt.Errorf("a line of more than %d bytes", maxLine)
		case err == nil:
			return text[:len(text)-1], nil
		case errors.Is(err, io.EOF) && len(text) > before:
			return text[:before], errors.New("the line is not ended by LF: the file is cut short")
		case !errors.Is(err, bufio.ErrBufferFull):
			return text[:before], err
		}
	}
}

// Each calls a function with each opening or entry of a file, and its number from 0, until it returns an error.
// What it is given is valid until it returns.
func Each(path string, identities []age.Identity, do func(n int, text []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, form := Split(path)
	r, err := NewReader(f, form, identities)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var text []byte
	for n := 0; ; n++ {
		if text, err = r.Next(text[:0]); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: number %d: %w", path, n+1, err)
		}
		if err := do(n, text); err != nil {
			return err
		}
	}
}

// Identities reads a file of identities of age; without a path there are none. Errors repeat nothing of it.
func Identities(path string) ([]age.Identity, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	identities, err := age.ParseIdentities(io.LimitReader(f, maxIdentities))
	if err != nil {
		return nil, fmt.Errorf("%s: want an identity of age, as AGE-SECRET-KEY-1…, which age-keygen prints", path)
	}
	return identities, nil
}
