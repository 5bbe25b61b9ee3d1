// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"cocket.example/client"
	"cocket.example/client/status"
	"cocket.example/declaration"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// subject is what is asked about.
type subject struct {
	name   string // as it was given
	leaf   receipt.Hash
	fields []declaration.Field // that are shown
	whole  bool                // these are all
	known  *receipt.Trusted    // the checkpoint of its receipt
	index  uint64              // by that receipt
}

func readSubjects(args []string, policy receipt.Policy) (list []subject, err error) {
	for _, arg := range args {
		s, err := readSubject(arg, policy)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// readSubject reads a file, or takes what is given for a leaf hash.
func readSubject(arg string, policy receipt.Policy) (s subject, err error) {
	s.name = arg
	b, err := readFile(arg)
	if errors.Is(err, fs.ErrNotExist) {
		var ok bool
		if s.leaf, ok = leafHash(arg); ok {
			return s, nil
		}
		return s, fmt.Errorf("%w, and it is no leaf hash in base64 or hexadecimal digits either", err)
	}
	if err != nil {
		return s, err
	}
	switch kind := recognise(b); kind {
	case kindDisclosure:
		return s.disclosed(b, policy)
	case kindOpening, kindEntry:
		if kind == kindOpening {
			o, err := readOpening(arg)
			if err != nil {
				return s, err
			}
			s.fields, s.whole, b = o.Fields(), true, o.Entry()
		}
		s.leaf = declaration.LeafHash(b)
		return s, nil
	default:
		return s, fmt.Errorf("%s is %s, want an opening, a disclosure, an entry or a leaf hash", arg, kind)
	}
}

// disclosed verifies a disclosure: nothing is said of one that is not good.
func (s subject) disclosed(b []byte, policy receipt.Policy) (subject, error) {
	if err := (client.Verifier{Policy: policy}).VerifyDisclosure(b).Err(); err != nil {
		return s, refutedError{fmt.Errorf("%s does not verify: %w", s.name, err)}
	}
	x, err := declaration.ParseDisclosure(b)
	if err != nil {
		return s, err
	}
	for _, f := range x.Fields {
		s.fields = append(s.fields, f.Field)
	}
	s.leaf = declaration.LeafHash(x.Entry)
	r, err := receipt.Parse(x.Receipt)
	if err != nil {
		return s, err
	}
	known, err := policy.Verify(r.Checkpoint)
	s.known, s.index = &known, r.Index
	return s, err
}

func leafHash(text string) (leaf receipt.Hash, ok bool) {
	if len(text) == hex.EncodedLen(len(leaf)) {
		b, err := strict.HexHash(text)
		return b, err == nil
	}
	b, err := strict.Hash(text)
	return b, err == nil
}

// expiry is what the dates of a declaration say on a day, as far as they are shown.
type expiry struct {
	to      string // the last day of its period; "" if it has none, or does not show it
	over    bool   // that is past
	lapses  string // four years after its signature; "" if that is not shown
	lapsed  bool
	unknown bool // the period is not shown
}

// validity is for how many years after its signature a certification is good (USMCA, article 5.2 [K]).
const validity = 4

func (s subject) expiry(on string) expiry {
	x := expiry{unknown: !s.whole}
	for _, f := range s.fields {
		switch f.Path {
		case "blanket.to":
			x.to, x.over, x.unknown = f.Value, f.Present && f.Value < on, false
		case "signature.date":
			if t, err := time.Parse(time.DateOnly, f.Value); err == nil {
				x.lapses = t.AddDate(validity, 0, 0).Format(time.DateOnly)
				x.lapsed = x.lapses < on
			}
		}
	}
	return x
}

// standingOf is the answer about a subject.
type standingOf struct {
	subject
	status.Answer
	expiry expiry
}

// expired is how what is in force in the log stands once its period is over.
const expired status.Kind = "expired"

// kind is how it stands, its period considered.
func (x standingOf) kind() status.Kind {
	switch {
	case errors.Is(x.Err, status.ErrNotFiled):
		return status.NotYet
	case x.Err != nil:
		return status.Unknown
	}
	if kind := x.State().Kind; kind != status.InForce || !x.expiry.over {
		return kind
	}
	return expired
}

// named are the entries that an answer names, the entry itself first.
func (x standingOf) named() []status.Event {
	if x.Err != nil {
		return nil
	}
	list := []status.Event{{Index: x.Index, Leaf: x.Leaf, Data: x.Data, Entry: x.Entry, Receipt: x.Receipt, Time: x.OnFile}}
	if x.Winner != nil {
		list = append(list, *x.Winner)
	}
	if x.Doubt != nil {
		list = append(list, *x.Doubt)
	}
	return append(list, x.Events...)
}

// indexes prints a few indexes.
func indexes(list []uint64) string {
	var b strings.Builder
	for i, n := range list {
		if i == 10 {
			fmt.Fprintf(&b, " and %d more", len(list)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, n)
	}
	return b.String()
}
