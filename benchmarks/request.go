// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"

	"cocket.example/benchmarks/internal/peer"
	"cocket.example/declaration"
)

// form is a request that is made once and then only stamped: entries with commitments that are
// random, and therefore valid, like those of declarations whose opening nobody here knows.
type form struct {
	bytes []byte
	roots []int // where the 44 characters of each entry's commitment lie
	rng   *rand.ChaCha8
}

// newForm makes a POST of so many declarations, one alone without a length before it.
func newForm(path, token string, entries int, seed uint64) *form {
	f := &form{rng: newSource(seed)}
	entry := newDeclaration()
	at := bytes.Index(entry, []byte("\nfields 32 ")) + len("\nfields 32 ")
	size := entries * (2 + len(entry))
	if entries == 1 {
		size = len(entry)
	}
	f.bytes = fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n", path, token, size)
	for range entries {
		if entries > 1 {
			f.bytes = binary.BigEndian.AppendUint16(f.bytes, uint16(len(entry)))
		}
		f.roots = append(f.roots, len(f.bytes)+at)
		f.bytes = append(f.bytes, entry...)
	}
	return f
}

func newSource(seed uint64) *rand.ChaCha8 {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	binary.BigEndian.PutUint64(key[8:], rand.Uint64())
	return rand.NewChaCha8(key)
}

// newDeclaration returns a declaration of peer.EntrySize bytes; the length of its submitter's name
// makes it that long.
func newDeclaration() []byte { return declarationOf(submitter()) }

// submitter is who all declarations are of.
func submitter() string {
	return strings.Repeat("s", peer.EntrySize-len(declarationOf("")))
}

func declarationOf(submitter string) []byte {
	return declaration.Entry{
		Log: origin, Event: "issue", Profile: "import/1", Submitter: submitter,
		Width: 32, Tags: []declaration.Hash{{}},
	}.Bytes()
}

// stamp makes every entry one that was never sent.
func (f *form) stamp() []byte {
	var root [32]byte
	for _, at := range f.roots {
		f.rng.Read(root[:]) // never fails
		base64.StdEncoding.Encode(f.bytes[at:], root[:])
	}
	return f.bytes
}

// wire is one connection, and sends one request after another.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(ctx context.Context, address string) (*wire, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &wire{conn, bufio.NewReaderSize(conn, 4096)}, nil
}

// send sends a request and returns the body of the answer, which must be 200.
func (w *wire) send(request []byte) ([]byte, error) {
	if _, err := w.conn.Write(request); err != nil {
		return nil, err
	}
	status, err := w.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	good := bytes.HasPrefix(status, []byte("HTTP/1.1 200 "))
	reason := ""
	if !good {
		reason = string(bytes.TrimSpace(status))
	}
	length, err := w.length()
	if err != nil {
		return nil, err
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(w.in, body); err != nil {
		return nil, err
	}
	if !good {
		return nil, &refusal{reason, string(bytes.TrimSpace(body))}
	}
	return body, nil
}

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 1 << 20

// length reads the header of an answer to its end.
func (w *wire) length() (int, error) {
	length := -1
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) <= 2 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if !bytes.EqualFold(name, []byte("Content-Length")) {
			continue
		}
		if _, err := fmt.Sscan(string(value), &length); err != nil {
			return 0, fmt.Errorf("answer with a bad length: %w", err)
		}
	}
	if length < 0 || length > maxAnswer {
		return 0, errors.New("answer without a length, or too long")
	}
	return length, nil
}

// refusal is an answer that is not 200.
type refusal struct{ status, body string }

func (r *refusal) Error() string { return r.status + ": " + r.body }

// pushedBack reports whether a request was refused because the server is full.
func pushedBack(err error) bool {
	var r *refusal
	return errors.As(err, &r) && (strings.Contains(r.status, " 503 ") || strings.Contains(r.status, " 429 "))
}
