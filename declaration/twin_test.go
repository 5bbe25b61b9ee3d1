// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// printBack is the naive twin of Parse: it reads leniently, prints what it read, and takes only what
// prints back to the very bytes. The rules that follow are asked in their slowest form.
func printBack(entry []byte) (Entry, error) {
	header, rest, ok := strings.Cut(string(entry), "\n")
	switch {
	case len(entry) > maxEntry || !ok:
		return Entry{}, ErrInvalid
	case header != entryHeader && versionForm.MatchString(header):
		return Entry{}, ErrUnknown
	}
	var e Entry
	for l := range strings.Lines(rest) {
		if !e.read(strings.TrimSuffix(l, "\n")) {
			return Entry{}, ErrInvalid
		}
	}
	if !bytes.Equal(e.Bytes(), entry) || !printable(entry) || !e.slowRules() {
		return Entry{}, ErrInvalid
	}
	return e, e.check()
}

// read reads a line of any kind in any place.
func (e *Entry) read(l string) bool {
	keyword, value, _ := strings.Cut(l, " ")
	hash := func(s string) (h Hash) {
		b, _ := base64.StdEncoding.DecodeString(s)
		copy(h[:], b)
		return h
	}
	first, second, _ := strings.Cut(value, " ")
	switch keyword {
	case "log":
		e.Log = value
	case "event":
		e.Event = value
	case "profile":
		e.Profile = value
	case "submitter":
		e.Submitter = value
	case "fields":
		e.Width, _ = strconv.Atoi(first)
		e.Root = hash(second)
	case "certifier":
		e.Certifier = hash(value)
	case "refers":
		h := hash(value)
		e.Refers = &h
	case "tag":
		e.Tags = append(e.Tags, hash(value))
	case "public":
		e.Public = append(e.Public, Field{Path: first, Value: second, Present: true})
	case "signed":
		e.Signed, _ = base64.StdEncoding.DecodeString(value)
		return len(e.Signed) == signedSize
	default:
		return false
	}
	return true
}

// printable wants UTF-8 without control characters but LF.
func printable(entry []byte) bool {
	control := func(r rune) bool { return r < ' ' && r != '\n' }
	return utf8.Valid(entry) && !bytes.ContainsFunc(entry, control)
}

// slowRules are those of public lines, as the format words them.
func (e *Entry) slowRules() bool {
	lines := make([]string, len(e.Public))
	seen := make(map[string]bool)
	for i, f := range e.Public {
		if f.Path == "" || f.Value == "" || seen[f.Path] {
			return false
		}
		seen[f.Path] = true
		lines[i] = f.Path + " " + f.Value
	}
	return slices.IsSorted(lines)
}

// agree compares Parse with its twin: the same value, or a refusal of the same kind. The parser has
// parsed other entries before.
func agree(t *testing.T, p *Parser, b []byte) {
	t.Helper()
	want, wantErr := printBack(b)
	got, err := p.Parse(b)
	if (err == nil) != (wantErr == nil) || errors.Is(err, ErrUnknown) != errors.Is(wantErr, ErrUnknown) ||
		errors.Is(err, ErrInvalid) != errors.Is(wantErr, ErrInvalid) {
		t.Fatalf("%q: %v, its twin says: %v", b, err, wantErr)
	}
	if err != nil {
		return
	}
	if len(got.Tags)+len(want.Tags) == 0 { // no matter whether nil or empty
		got.Tags = want.Tags
	}
	if len(got.Public)+len(want.Public) == 0 {
		got.Public = want.Public
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q: %+v, its twin says: %+v", b, got, want)
	}
}

// parsed are entries of every shape.
func parsed(t testing.TB) (all [][]byte) {
	_, signer := certifierKey(t)
	for _, v := range vectorInputs() {
		o := v.seal(t)
		all = append(all, o.Entry())
		if signed, err := o.Sign(signer); err == nil {
			all = append(all, signed.Entry())
		}
	}
	return append(all, padded(t, 0), padded(t, 5), padded(t, maxPublic))
}

// padded is an entry with n public lines; 4 make it one of 400 bytes.
func padded(t testing.TB, n int) []byte {
	e, err := Parse(mustSeal(t, sample("usmca/1", certification())).Entry())
	if err != nil {
		t.Fatal(err)
	}
	e.Width, e.Public = 1024, nil
	for i := range n {
		e.Public = append(e.Public, Field{Path: "goods[" + strconv.Itoa(i) + "].origin.country", Value: "MX"})
	}
	slices.SortFunc(e.Public, comparePublic)
	return e.Bytes()
}

// TestParseAgreesWithPrintBack changes good entries at random: bytes, and whole lines.
func TestParseAgreesWithPrintBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	seeds := parsed(t)
	var p Parser
	accepted := 0
	for range 30_000 {
		b := change(random, seeds)
		if _, err := printBack(b); err == nil {
			accepted++
		}
		agree(t, &p, b)
	}
	if accepted < 3_000 {
		t.Errorf("%d of the changed entries were good, want enough to compare", accepted)
	}
}

// change takes an entry and changes one thing, or nothing.
func change(random *rand.Rand, seeds [][]byte) []byte {
	pick := func() []byte { return seeds[random.IntN(len(seeds))] }
	b := bytes.Clone(pick())
	at := random.IntN(len(b))
	lines := slices.Collect(bytes.Lines(b))
	i := random.IntN(len(lines))
	other := slices.Collect(bytes.Lines(pick()))
	switch random.IntN(8) {
	case 0: // as it is
	case 1:
		b[at] = "\n\r\t +=/09AZaz\x7f\x80\xc3"[random.IntN(16)]
	case 2:
		b[at]++
	case 3:
		b = slices.Insert(b, at, " \n0="[random.IntN(4)])
	case 4:
		b = slices.Delete(b, at, at+1)
	case 5:
		b = bytes.Join(slices.Insert(lines, i, other[random.IntN(len(other))]), nil)
	case 6:
		b = bytes.Join(slices.Delete(lines, i, i+1), nil)
	case 7:
		lines[i] = other[random.IntN(len(other))]
		b = bytes.Join(lines, nil)
	}
	return b
}

// FuzzParse: Parse takes what its twin takes, with the same value.
func FuzzParse(f *testing.F) {
	for _, b := range parsed(f) {
		f.Add(b)
	}
	seed := padded(f, 5)
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Parser
		agree(t, &p, seed)
		agree(t, &p, b)
		agree(t, &p, seed)
	})
}

// TestParserAllocatesNothing for an entry that resembles the one before.
func TestParserAllocatesNothing(t *testing.T) {
	var p Parser
	for _, b := range parsed(t) {
		e, err := p.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if e.Refers != nil {
			continue // the few that refer allocate the hash
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = p.Parse(b) }); n != 0 {
			t.Errorf("%g allocations for\n%s", n, b)
		}
	}
}

// BenchmarkParse parses one after another of a batch of entries of 400 bytes.
func BenchmarkParse(b *testing.B) {
	entry := padded(b, 4)
	parse := func(parse func([]byte) (Entry, error)) func(*testing.B) {
		return func(b *testing.B) {
			b.SetBytes(int64(len(entry)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse(entry); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Run("parser", parse(new(Parser).Parse))
	b.Run("parse", parse(Parse))
	b.Run("print-back", parse(printBack))
}
