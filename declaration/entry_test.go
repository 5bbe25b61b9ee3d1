// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestParseEntry(t *testing.T) {
	good := mustSeal(t, sample("usmca/1", certification())).Entry()
	if _, err := Parse(good); err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) []byte { return bytes.Replace(good, []byte(old), []byte(new), 1) }
	for name, bad := range map[string][]byte{
		"CR LF":               replace("\n", "\r\n"),
		"no final LF":         good[:len(good)-1],
		"a line behind":       append(bytes.Clone(good), "more\n"...),
		"two spaces":          replace("event issue", "event  issue"),
		"width 48":            replace("fields 64", "fields 48"),
		"width 064":           replace("fields 64", "fields 064"),
		"refers on an issue":  replace("tag ", "refers "+strings.Repeat("A", 43)+"=\ntag "),
		"withdraw, no refers": replace("event issue", "event withdraw"),
		"no tag":              good[:bytes.Index(good, []byte("tag "))],
		"public secret":       append(bytes.Clone(good), "public goods[0].hs 870830\n"...),
		"public, wrong":       append(bytes.Clone(good), "public goods[0].origin.country mx\n"...),
		"submitter":           replace("broker.example", "broker+example"),
		"too long":            append(bytes.Clone(good), bytes.Repeat([]byte("x"), maxEntry)...),
	} {
		if _, err := Parse(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, unknown := range map[string][]byte{
		"profile": replace("usmca/1", "usmca/2"), "version": replace("entry/v1", "entry/v2"),
	} {
		if _, err := Parse(unknown); !errors.Is(err, ErrUnknown) || errors.Is(err, ErrInvalid) {
			t.Errorf("unknown %s: %v", name, err)
		}
	}
}

func TestCheckRefers(t *testing.T) {
	target := mustSeal(t, sample("usmca/1", certification())).open().entry
	leaf := LeafHash(target.Bytes())
	d := sample("usmca/1", withdrawn())
	d.Event, d.Refers = "withdraw", &leaf
	w := mustSeal(t, d).open().entry
	if err := w.CheckRefers(target); err != nil {
		t.Fatal(err)
	}
	other := target
	other.Submitter = "thief.example"
	for name, bad := range map[string]Entry{"a withdrawal": w, "another submitter's": other} {
		if w.CheckRefers(bad) == nil {
			t.Errorf("%s may be withdrawn", name)
		}
	}
}

// TestSigned: the submitter's signature holds for its entry and key alone.
func TestSigned(t *testing.T) {
	vkey, signer := certifierKey(t)
	o, err := mustSeal(t, sample("usmca/1", certification())).Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Parse(o.Entry())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.VerifySubmitter(vkey); err != nil {
		t.Error(err)
	}
	other, unsigned := e, e
	other.Root[0] ^= 1
	unsigned.Signed = nil
	for name, bad := range map[string]Entry{"another entry": other, "no signature": unsigned} {
		if err := bad.VerifySubmitter(vkey); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParseOpening(b); err != nil || !bytes.Equal(again.Entry(), o.Entry()) {
		t.Errorf("the opening of a signed entry: %v", err)
	}
	certified, err := o.Certify(vkey, signer)
	if err != nil || bytes.Contains(certified.Entry(), []byte("\nsigned ")) {
		t.Errorf("a signature over the entry before is kept: %v", err)
	}
}
