// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestNothingPrints(t *testing.T) {
	d := sample("usmca/1", certification())
	o := mustSeal(t, d)
	secret := o.open().secret
	x, err := o.Disclose(nil, false, "certifier.address")
	if err != nil {
		t.Fatal(err)
	}
	hidden := struct{ o Opening }{o} // fmt calls no method of an unexported field
	for _, v := range []any{d, o, &o, []any{o}, x, hidden, &hidden} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, "Veracruz") || strings.Contains(s, encode(secret[:])) ||
				strings.Contains(s, fmt.Sprint(secret[0], secret[1], secret[2], secret[3])) {
				t.Errorf("%s prints a value: %.80s", verb, s)
			}
		}
	}
}

func TestStrictJSON(t *testing.T) {
	b, err := mustSeal(t, sample("usmca/1", certification())).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"unknown member": strings.Replace(string(b), `{"format"`, `{"more":1,"format"`, 1),
		"other case":     strings.Replace(string(b), `"format"`, `"Format"`, 1),
		"repeated":       strings.Replace(string(b), `{"format"`, `{"format":"x","format"`, 1),
		"behind":         string(b) + "{}",
		"not UTF-8":      strings.Replace(string(b), "Brake", "Brake\xff", 1),
		"half a letter":  strings.Replace(string(b), "Brake", `Brake\ud800`, 1),
		"null":           strings.Replace(string(b), `"fields":`, `"certifier":null,"fields":`, 1),
		"other order":    strings.Replace(string(b), `"path":"goods.count","value":"1"`, `"value":"1","path":"goods.count"`, 1),
	} {
		if _, err := ParseOpening([]byte(bad)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOtherJSON: other writers indent and escape otherwise.
func TestOtherJSON(t *testing.T) {
	o := vectorInputs()[3].seal(t)
	b, err := json.MarshalIndent(o, " ", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(`\u003c`)) {
		t.Fatal("nothing is escaped: this test cannot see")
	}
	again, err := ParseOpening(b)
	if err != nil || !bytes.Equal(again.Entry(), o.Entry()) {
		t.Error(err)
	}
}

// TestTamperedOpening changes every byte of an opening, one after the other.
func TestTamperedOpening(t *testing.T) {
	good, err := vectorInputs()[3].seal(t).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	// The tag's value is not here to tie the key to the tag, nor is the submitter's key to check the
	// signed line with.
	key, signed := bytes.Index(good, []byte(`"key":"`)), bytes.Index(good, []byte(`\nsigned `))
	end := signed + bytes.Index(good[signed:], []byte(`",`))
	for at := range good {
		if at > key || at > signed && at < end {
			continue
		}
		bad := bytes.Clone(good)
		bad[at] ^= 1
		if _, err := ParseOpening(bad); err == nil {
			t.Errorf("byte %d changed: %.60q opens", at, bad[max(0, at-30):])
		}
	}
}

// TestTag: who holds the key finds the entry, in this log and under this name alone.
func TestTag(t *testing.T) {
	v := vectorInputs()[3]
	d := v.declaration(t)
	e := v.seal(t).open().entry
	tag := d.Tags["certificate"]
	if TagOf(tag.Key, d.Log, "certificate", tag.Value) != e.Tags[0] {
		t.Error("the holder of the key does not find the entry")
	}
	if TagOf(tag.Key, "other.example/log", "certificate", tag.Value) == e.Tags[0] {
		t.Error("the same tag in two logs")
	}
	d.Tags = map[string]Tag{"colour": tag}
	if _, err := d.Seal(&counting{}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a tag that the profile does not have: %v", err)
	}
	a, b := mustSeal(t, sample("usmca/1", certification())), mustSeal(t, sample("usmca/1", certification()))
	if a.open().entry.Tags[0] == b.open().entry.Tags[0] {
		t.Error("tags that are not used are equal")
	}
}

// TestSalts: those that are derived together are those that are derived one by one.
func TestSalts(t *testing.T) {
	s, err := newSalts(Hash{1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, got := range s.fields(200) {
		if want, err := s.field(i); err != nil || got != want || i != n {
			t.Fatalf("salt %d is %x, want %x, %v", i, got, want, err)
		}
		n++
	}
	if n != 200 {
		t.Errorf("%d salts", n)
	}
}
