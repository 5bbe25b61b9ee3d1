// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"cocket.example/cmd/cocket/internal/bulk"
	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/declaration"
)

const (
	kindOpenings  kind = "a file of openings"
	kindEntries   kind = "a file of entries"
	kindIndex     kind = "an index of rows"
	kindEncrypted kind = "a file that is encrypted with age"
)

// inspectMany lists what a file of many openings or entries says, which may be larger than readFile reads. Of
// any other file it reports false.
func inspectMany(path string) (_ *facts, many bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<20)
	kind := recogniseMany(path, in)
	list := &facts{}
	list.add("kind", strings.TrimPrefix(strings.TrimPrefix(string(kind), "an "), "a "))
	switch kind {
	case kindOpenings:
		err = count(list, in, openings.Clear)
	case kindEntries:
		err = count(list, in, openings.Entries)
	case kindIndex:
		err = showIndex(list, in)
	case kindEncrypted:
		list.add("content", `(not shown; "cocket take" decrypts the openings that are encrypted to you)`)
	default:
		return nil, false, nil
	}
	if err != nil {
		return nil, true, notGood(path, kind, err)
	}
	return list, true, nil
}

// recogniseMany tells a file by how it begins; one opening alone by its name.
func recogniseMany(path string, in *bufio.Reader) kind {
	head, _ := in.Peek(1 << 16)
	opening := bytes.HasPrefix(head, []byte(`{"format":"cocket-opening/`))
	first := bytes.IndexByte(head, '\n')
	switch {
	case opening && (strings.HasSuffix(path, openings.Clear) || first >= 0 && first+1 < len(head)):
		return kindOpenings
	case len(head) > 2 && bytes.HasPrefix(head[2:], []byte("cocket-entry/")) &&
		int(binary.BigEndian.Uint16(head)) > len("cocket-entry/"):
		return kindEntries
	case bytes.HasPrefix(head, []byte("cocket-rows/")):
		return kindIndex
	case bytes.HasPrefix(head, []byte("age-encryption.org/")):
		return kindEncrypted
	}
	return kindUnknown
}

// tally counts entries and what is the same of all.
type tally struct {
	n     int
	lines map[string]int // "log customs.example/log" → number of entries
}

func (t *tally) add(entry []byte) error {
	e, err := declaration.Parse(entry)
	if err != nil {
		return err
	}
	t.n++
	for _, line := range []string{
		"log " + e.Log, "event " + e.Event, "profile " + e.Profile, "submitter " + e.Submitter,
	} {
		if len(t.lines) < 100 || t.lines[line] > 0 {
			t.lines[line]++
		}
	}
	return nil
}

// show lists the log, event, profile and submitter of all entries, and how many where there are several.
func (t *tally) show(f *facts) {
	f.add("entries", fmt.Sprint(t.n))
	for _, name := range []string{"log", "event", "profile", "submitter"} {
		for _, line := range slices.Sorted(maps.Keys(t.lines)) {
			key, value, _ := strings.Cut(line, " ")
			if key != name {
				continue
			}
			if n := t.lines[line]; n < t.n {
				value += fmt.Sprintf(" (%d)", n)
			}
			f.add(name, value)
		}
	}
}

// count reads openings or entries, and shows of openings nothing but their entries.
func count(f *facts, in io.Reader, form string) error {
	r, err := openings.NewReader(in, form, nil)
	if err != nil {
		return err
	}
	what := "line"
	if form == openings.Entries {
		what = "entry"
	}
	t := tally{lines: make(map[string]int)}
	for text := []byte(nil); ; {
		if text, err = r.Next(text[:0]); err == io.EOF {
			break
		}
		entry := text
		if err == nil && form == openings.Clear {
			entry, err = entryOf(text)
		}
		if err == nil {
			err = t.add(entry)
		}
		if err != nil {
			return fmt.Errorf("%s %d: %w", what, t.n+1, err)
		}
	}
	t.show(f)
	if form == openings.Clear {
		f.add("secrets, values", "(not shown)")
	}
	return nil
}

// entryOf returns the entry of an opening, which must open it. The error repeats nothing of it.
func entryOf(opening []byte) ([]byte, error) {
	o, err := declaration.ParseOpening(opening)
	if err != nil {
		return nil, errors.New("is no opening, or does not open its entry")
	}
	return o.Entry(), nil
}

func showIndex(f *facts, in io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(in, maxFile))
	if err != nil {
		return err
	}
	x, err := bulk.ParseIndex(b)
	if err != nil {
		return err
	}
	f.add("rows", fmt.Sprintf("%d to %d", x.First, x.Last))
	f.add("openings", fmt.Sprint(len(x.Openings)))
	f.add("refused", fmt.Sprint(x.Refused))
	for _, name := range slices.Sorted(maps.Keys(x.Counts)) {
		f.add(name, fmt.Sprint(x.Counts[name]))
	}
	return nil
}
