// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"cocket.example/internal/strict"
)

const (
	disclosureFormat = "cocket-disclosure/v1"
	maxDisclosure    = 64 << 20 // bytes
)

// Disclosure is the part of an opening that is shown to someone.
type Disclosure struct {
	Entry     []byte
	Receipt   []byte // the tlog-proof; checked by package receipt
	Fields    []ShownField
	Proof     []Hash // from the fields to the root: each needed hash once, by level, then index
	Certifier *ShownCertifier
}

// ShownField is a field with the salt of its commitment.
type ShownField struct {
	Field
	Salt Hash
}

// ShownCertifier opens the commitment to the certifier's signature.
type ShownCertifier struct {
	VKey      string
	Signature []byte
	Salt      Hash
}

// LogValue keeps the disclosure out of logs: only its leaf hash is shown.
func (x Disclosure) LogValue() slog.Value { return slog.StringValue(x.String()) }

// String names the disclosure by its leaf hash.
func (x Disclosure) String() string {
	leaf := LeafHash(x.Entry)
	return "disclosure of " + encode(leaf[:])
}

// Format prints no value and no salt, whatever the verb.
func (x Disclosure) Format(f fmt.State, _ rune) { io.WriteString(f, x.String()) }

// disclosureFile is the JSON form, members in this order.
type disclosureFile struct {
	Format    string          `json:"format"`
	Entry     string          `json:"entry"`
	Receipt   string          `json:"receipt"`
	Fields    []shownField    `json:"fields"`
	Proof     []string        `json:"proof"`
	Certifier *shownCertifier `json:"certifier,omitempty"`
}

type shownField struct {
	Number int    `json:"number"`
	Path   string `json:"path"`
	Value  string `json:"value,omitempty"`
	Absent bool   `json:"absent,omitempty"`
	Salt   string `json:"salt"`
}

type shownCertifier struct {
	VKey      string `json:"vkey"`
	Signature string `json:"signature"`
	Salt      string `json:"salt"`
}

// Disclose shows the fields at these paths, one that is absent as absent, and the certifier if asked.
func (o Opening) Disclose(receipt []byte, certifier bool, paths ...string) (Disclosure, error) {
	c := o.open()
	d := Disclosure{Entry: c.entry.Bytes(), Receipt: receipt}
	size := c.table.Size(c.values.Lines())
	var numbers []int
	for _, path := range paths {
		i, _, err := c.table.Find(path)
		if err != nil {
			return d, invalid("%v", err)
		}
		if i >= size {
			return d, invalid("%s: there are %d goods lines", path, c.values.Lines())
		}
		numbers = append(numbers, i)
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	if len(numbers) == 0 {
		return d, invalid("no field to show")
	}
	for _, i := range numbers {
		salt, err := c.salts.field(i)
		if err != nil {
			return d, err
		}
		path, _ := c.table.At(i)
		value := c.values[path]
		d.Fields = append(d.Fields, ShownField{Field{i, path, value, value != ""}, salt})
	}
	d.Proof = c.tree.cover(numbers)
	return c.discloseCertifier(d, certifier)
}

func (c content) discloseCertifier(d Disclosure, asked bool) (Disclosure, error) {
	if !asked {
		return d, nil
	}
	if c.certifier == nil {
		return d, invalid("certifier: the declaration has none to show")
	}
	salt, err := c.salts.certifier()
	if err != nil {
		return d, err
	}
	signature, err := strict.Base64(c.certifier.Signature)
	d.Certifier = &ShownCertifier{VKey: c.certifier.VKey, Signature: signature, Salt: salt}
	return d, err
}

// MarshalJSON prints the file.
func (x Disclosure) MarshalJSON() ([]byte, error) {
	f := disclosureFile{
		Format: disclosureFormat, Entry: string(x.Entry), Receipt: string(x.Receipt), Proof: []string{},
	}
	for _, s := range x.Fields {
		f.Fields = append(f.Fields, shownField{s.Number, s.Path, s.Value, !s.Present, encode(s.Salt[:])})
	}
	for _, h := range x.Proof {
		f.Proof = append(f.Proof, encode(h[:]))
	}
	if c := x.Certifier; c != nil {
		f.Certifier = &shownCertifier{c.VKey, encode(c.Signature), encode(c.Salt[:])}
	}
	return marshal(f)
}

// ParseDisclosure parses a disclosure. It checks its form alone; Examine checks what it says.
func ParseDisclosure(b []byte) (Disclosure, error) {
	var f disclosureFile
	if err := unmarshal(b, maxDisclosure, &f); err != nil {
		return Disclosure{}, invalid("disclosure: %v", err)
	}
	if f.Format != disclosureFormat {
		return Disclosure{}, invalid("disclosure: format %.40q, want %q", f.Format, disclosureFormat)
	}
	x := Disclosure{Entry: []byte(f.Entry), Receipt: []byte(f.Receipt)}
	if len(f.Fields) == 0 || len(f.Fields) > maxWidth || len(f.Proof) > maxWidth {
		return Disclosure{}, invalid("disclosure: want 1 to %d fields and no more hashes than that", maxWidth)
	}
	for i, s := range f.Fields {
		salt, err := strict.Hash(s.Salt)
		if err != nil {
			return Disclosure{}, invalid("disclosure: field %.80q: salt: %v", s.Path, err)
		}
		if s.Absent == (s.Value != "") || i > 0 && s.Number <= f.Fields[i-1].Number {
			return Disclosure{}, invalid("disclosure: field %.80q: want a value or absent, numbers ascending", s.Path)
		}
		x.Fields = append(x.Fields, ShownField{Field{s.Number, s.Path, s.Value, !s.Absent}, salt})
	}
	for i, p := range f.Proof {
		h, err := strict.Hash(p)
		if err != nil {
			return Disclosure{}, invalid("disclosure: proof hash %d: %v", i, err)
		}
		x.Proof = append(x.Proof, h)
	}
	if c := f.Certifier; c != nil {
		signature, err1 := strict.Base64(c.Signature)
		salt, err2 := strict.Hash(c.Salt)
		if err := errors.Join(err1, err2); err != nil {
			return Disclosure{}, invalid("disclosure: certifier: %v", err)
		}
		x.Certifier = &ShownCertifier{c.VKey, signature, salt}
	}
	return x, nil
}
