// SPDX-License-Identifier: Apache-2.0

package fuzz

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"testing"

	"cocket.example/declaration"
	"cocket.example/declaration/profile"
	"cocket.example/declaration/rule"
)

// declared are the vectors of package declaration.
type declared struct {
	Entry      string
	Opening    json.RawMessage
	Disclosure json.RawMessage
}

func vectors(f *testing.F) (all []declared) {
	f.Helper()
	b, err := os.ReadFile("../declaration/testdata/vectors.json")
	if err != nil {
		f.Fatal(err)
	}
	if err := json.Unmarshal(b, &all); err != nil || len(all) == 0 {
		f.Fatalf("%d vectors: %v", len(all), err)
	}
	return all
}

// refused wants every refusal to say which kind it is.
func refused(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, declaration.ErrInvalid) == errors.Is(err, declaration.ErrUnknown) {
		t.Fatalf("neither invalid nor unknown, or both: %v", err)
	}
}

// FuzzEntry: what parses prints back, and whatever is changed makes another leaf.
func FuzzEntry(f *testing.F) {
	var reused declaration.Parser // whose answers must not depend on what it parsed before
	for _, v := range vectors(f) {
		f.Add([]byte(v.Entry))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := declaration.Parse(b)
		again, againErr := reused.Parse(b)
		if (err == nil) != (againErr == nil) || err == nil && !bytes.Equal(again.Bytes(), e.Bytes()) {
			t.Fatalf("a parser that is used again reads %q, %v; here %v", again.Bytes(), againErr, err)
		}
		if err != nil {
			refused(t, err)
			return
		}
		if !bytes.Equal(e.Bytes(), b) {
			t.Fatalf("prints back as %q", e.Bytes())
		}
		if err := declaration.CheckSubmitter(e.Submitter); err != nil {
			t.Fatal(err)
		}
		for _, p := range e.Public {
			if p.Number <= 0 || p.Number >= e.Width {
				t.Fatalf("public field %s has number %d in a tree of %d", p.Path, p.Number, e.Width)
			}
		}
	})
}

// FuzzOpening: what parses opens its entry, and prints to what opens the same entry.
func FuzzOpening(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add([]byte(v.Opening))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := declaration.ParseOpening(b)
		if err != nil {
			refused(t, err)
			return
		}
		printed, err := o.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := declaration.ParseOpening(printed)
		if err != nil || !bytes.Equal(again.Entry(), o.Entry()) {
			t.Fatalf("prints as an opening of another entry: %v", err)
		}
		x, err := o.Disclose(nil, false, "goods.count")
		if err != nil {
			t.Fatal(err)
		}
		if fields, err := x.Check(); err != nil || len(fields) != 1 || fields[0] != o.Fields()[0] {
			t.Fatalf("goods.count cannot be shown: %v", err)
		}
	})
}

// FuzzDisclosure: what parses prints back, and checking it ends with fields or a named refusal. What is
// shown of an entry whose opening is known here is what the opening holds.
func FuzzDisclosure(f *testing.F) {
	known := make(map[string]map[string]string)
	for _, v := range vectors(f) {
		f.Add([]byte(v.Disclosure))
		o, err := declaration.ParseOpening(v.Opening)
		if err != nil {
			f.Fatal(err)
		}
		known[v.Entry] = pathsOf(o)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := declaration.ParseDisclosure(b)
		if err != nil {
			refused(t, err)
			return
		}
		printed, err := x.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := declaration.ParseDisclosure(printed)
		if err != nil {
			t.Fatalf("prints what does not parse: %v", err)
		}
		if second, err := again.MarshalJSON(); err != nil || !bytes.Equal(second, printed) {
			t.Fatalf("prints differently again: %v", err)
		}
		fields, err := x.Check()
		if err != nil {
			refused(t, err)
			return
		}
		values, ok := known[string(x.Entry)]
		for _, field := range fields {
			if ok && values[field.Path] != field.Value {
				t.Fatalf("%s is shown as %q, committed was %q", field.Path, field.Value, values[field.Path])
			}
		}
	})
}

// FuzzFields: a declaration that is accepted is accepted in its normalised form, which stays as it is.
func FuzzFields(f *testing.F) {
	f.Add([]byte(`{"certifier": {"role": "producer"}, "goods": [{"hs": 8708.30, "criterion": "4.2(b)"}]}`), 0, 0)
	f.Add([]byte(`{"declaration": {"number": "1", "date": "2026-01-02"}, "goods": [{"hs": "0803-90", "net": {"mass": 1.50}}]}`), 2, 0)
	f.Add([]byte(`{"importation": {"country": "Guatemala"}, "kind": "entry", "basis": "importer-knowledge", "knowledge": "ours",
		"entry": {"number": "sp7-0000001-4"}, "date": "2026-01-02", "importer": {"id": "EIN 12-3456789"},
		"goods": [{"hs": 61091000, "spi": "p+"}]}`), 1, 3)
	f.Add([]byte(`{"result": "positive", "date": "2026-01-02", "reasons": "two\nlines\u00e9", "goods": []}`), 1, 7)
	f.Fuzz(func(t *testing.T, b []byte, p, event int) {
		fields, err := declaration.ParseFields(b)
		if err != nil {
			refused(t, err)
			return
		}
		d := declaration.Declaration{Log: "customs.example/log", Submitter: "broker.example", Fields: fields,
			Profile: profile.All[uint(p)%uint(len(profile.All))].Name, Event: profile.Events[uint(event)%8]}
		if d.Event == "amend" || d.Event == "withdraw" {
			d.Refers = new(declaration.Hash)
		}
		o, err := d.Seal(bytes.NewReader(make([]byte, 64)))
		if err != nil {
			refused(t, err)
			return
		}
		normal := pathsOf(o)
		d.Fields = normal
		again, err := d.Seal(bytes.NewReader(make([]byte, 64)))
		if err != nil {
			t.Fatalf("its normalised form is refused: %v", err)
		}
		if !bytes.Equal(again.Entry(), o.Entry()) || !maps.Equal(normal, pathsOf(again)) {
			t.Fatal("normalising twice gives something else")
		}
		for _, f := range again.Findings() {
			if f.Level != rule.Warning || f.Code == "COUNTRY-NAME" || f.Code == "ID-EIN-SUFFIX" {
				t.Fatalf("there is something left to normalise, or an error: %v", f)
			}
		}
	})
}

func pathsOf(o declaration.Opening) map[string]string {
	all := make(map[string]string)
	for _, field := range o.Fields() {
		all[field.Path] = field.Value
	}
	return all
}
