// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"cocket.example/cmd/cocket/internal/madeup"
	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/declaration"
)

// TestSheetBound: a folder is of one sheet and its options; what does not concern the openings may be another.
func TestSheetBound(t *testing.T) {
	s := newTable(t, madeup.ImportMap, madeup.Import(20))
	s.seal(0)
	before := s.files(".openings.jsonl")
	s.seal(0, "--lang", "fr")
	other := madeup.ImportMap
	other.Constants = map[string]string{"goods[].item.currency": "USD"}
	mapping, err := yaml.Marshal(other)
	s.must(err)
	s.must(os.WriteFile(s.path("other.yaml"), mapping, 0o600))
	s.must(os.WriteFile(s.path("recipients"), []byte("# officers\n"+recipient+"\n"), 0o600))
	s.must(os.WriteFile(s.path("codes.csv"), []byte("870830\n"), 0o600))
	key := func(typ, name string) string {
		s.must(os.MkdirAll(s.path("keys"), 0o700))
		path := s.path("keys/" + typ)
		if got := run([]string{"keygen", "--type", typ, "--name", name, "--out", path}, io.Discard, io.Discard); got != 0 {
			t.Fatal("keygen")
		}
		return path
	}
	for flags, what := range map[string][]string{
		"mapping":       {"--map", s.path("other.yaml")},
		"log":           {"--log", "other.example/log"},
		"submitter":     {"--submitter", "other.example"},
		"batch-size":    {"--batch-size", "7"},
		"width":         {"--width", "64"},
		"public":        {"--public", "departure.country"},
		"refuse":        {"--strict"},
		"recipient":     {"-R", s.path("recipients")},
		"hs-table":      {"--hs-table", "2022=" + s.path("codes.csv")},
		"certifier-key": {"--certifier-key", key("certifier", "acero.example")},
		"submitter-key": {"--submitter-key", key("submitter", "broker.example")},
	} {
		if said := s.seal(2, what...); !strings.Contains(said, "sealed was begun with another "+flags+": give the same") {
			t.Errorf("%s: %s", flags, said)
		}
	}
	f, err := os.OpenFile(s.path("rows.csv"), os.O_APPEND|os.O_WRONLY, 0)
	s.must(err)
	_, err = f.WriteString("\n")
	s.must(errors.Join(err, f.Close()))
	if said := s.seal(2); !strings.Contains(said, "sealed was begun with another source") {
		t.Error(said)
	}
	for name, sum := range before {
		if s.files(name)[name] != sum {
			t.Errorf("%s was changed", name)
		}
	}
}

// TestSheetRefused: what does not fit is named before anything is written.
func TestSheetRefused(t *testing.T) {
	s := newTable(t, madeup.CertificateMap, madeup.Certificates(6))
	mapping, err := os.ReadFile(s.path("map.yaml"))
	s.must(err)
	for name, text := range map[string]string{
		"short.yaml":   "profile: usmca/1\ncolumns: {Folio: invoice, Signed: signature.date}\n",
		"folio.yaml":   string(bytes.ReplaceAll(mapping, []byte("Number"), []byte("Folio"))),
		"unknown.yaml": "profile: usmca/1\ncolums: {Number: invoice}\n",
		"bare.yaml":    "columns: {Number: invoice}\n",
		"latin.csv":    "Number;Direcci\xf3n\n",
		"full":         "",
	} {
		s.must(os.WriteFile(s.path(name), []byte(text), 0o600))
	}
	for _, c := range []struct {
		flags []string
		want  []string
	}{
		{[]string{"--map", s.path("short.yaml")}, []string{"short.yaml: the mapping cannot be used:\n", "\ncertifier.role is required: map a column",
			"\ngoods[].hs is required"}},
		{[]string{"--map", s.path("folio.yaml")}, []string{"rows.csv: the first row does not fit the mapping:",
			`column 1, "Number", is neither mapped nor ignored`, `column "Folio" is mapped and not there`, `column "Folio", which tells`}},
		{[]string{"--map", s.path("unknown.yaml")}, []string{`unknown.yaml: line 2: unknown key "colums"`}},
		{[]string{"--map", s.path("bare.yaml")}, []string{`profile "": want one of usmca/1`}},
		{[]string{"--map", ""}, []string{"--csv: want --map"}},
		{[]string{"--csv", s.path("latin.csv")}, []string{"latin.csv: row 1, line 1 is not UTF-8"}},
		{[]string{"--csv", s.path("none.csv")}, []string{"no such file"}},
		{[]string{"--profile", "import/1"}, []string{"--profile import/1: ", "is for usmca/1"}},
		{[]string{"--public", "goods[0].hs"}, []string{"--public: the profile does not allow goods[0].hs"}},
		{[]string{"--public", "colour"}, []string{`--public: "colour" is no field`}},
		{[]string{"--recipient", "AGE-SECRET-KEY-1XYZ"}, []string{"--recipient: want a recipient of age"}},
		{[]string{"-R", s.path("short.yaml")}, []string{"want recipients of age"}},
		{[]string{"--event", "withdraw"}, []string{"--event withdraw is about one entry"}},
		{[]string{"--event", "sneeze"}, []string{`event "sneeze": want one of`}},
		{[]string{"--refers", "x"}, []string{"--refers does not go with this"}},
		{[]string{"--batch-size", "-1"}, []string{"--batch-size -1: want from 1 to 1048576"}},
		{[]string{"--submitter", "a+b"}, []string{`submitter "a+b": want`}},
		{[]string{"--log", ""}, []string{"--log: empty name"}},
		{[]string{"--out", s.dir}, []string{"already: choose a folder that is empty or not there"}},
		{[]string{"x.json"}, []string{"x.json and --csv: want one of the two"}},
		{[]string{"--add", "statement=USMCA-5-A"}, []string{"--add does not go with this"}},
		{[]string{"--csv", "", "x.json"}, []string{"--map does not go with this"}},
	} {
		said := s.seal(2, c.flags...)
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("%q: said %q, want %q", c.flags, said, want)
			}
		}
		if strings.Contains(said, "AGE-SECRET") {
			t.Errorf("a secret is shown: %s", said)
		}
	}
	if files := s.files(""); len(files) > 0 {
		t.Errorf("%d files were written", len(files))
	}
}

// TestTake: what cannot be taken is not, and the reason is told.
func TestTake(t *testing.T) {
	s := newTable(t, madeup.CertificateMap, spoil(madeup.Certificates(30)), "--batch-size", "10")
	s.seal(1)
	take := func(status int, flags ...string) string {
		t.Helper()
		var out bytes.Buffer
		args := append([]string{"take", s.path("sealed"), "--out", s.path("taken")}, flags...)
		if got := run(args, &out, &out); got != status {
			t.Fatalf("%q: status %d, want %d\n%s", flags, got, status, out.String())
		}
		return out.String()
	}
	said := take(0, "--row", "13")
	leaf, _, _ := strings.Cut(strings.TrimPrefix(said, "leaf "), "\n")
	s.must(os.Remove(s.path("taken/row-12.opening.json"))) // rows 6 and 7, 12 and 13 … are of one
	if again := take(0, "--leaf", leaf); again != said {
		t.Errorf("said %q, and %q by its leaf hash", said, again)
	}
	for want, flags := range map[string][]string{
		"row-12.opening.json exists already": {"--row", "12"},
		"holds no opening of row 32":         {"--row", "32"},
		"row 8 was refused, so there is no":  {"--row", "8"},
		"--row -1: want the number of a row": {"--row", "-1"},
		"--leaf: want the leaf hash":         {"--leaf", "x"},
		"holds no opening of this leaf hash": {"--leaf", base64Hash([32]byte{1})},
		"want an identity of age":            {"--row", "12", "--identity", s.path("map.yaml")},
	} {
		if said := take(2, flags...); !strings.Contains(said, want) {
			t.Errorf("%q: said %q, want %q", flags, said, want)
		}
	}
	s.must(os.Remove(s.path("sealed/rows-02-13.index")))
	take(0, "--row", "25", "--force") // another batch has it
	if said := take(2, "--row", "12"); !strings.Contains(said, "give --leaf instead") {
		t.Error(said)
	}
	if said := take(0, "--leaf", leaf); !strings.Contains(said, "taken/line-") {
		t.Error(said)
	}
	s.must(os.Remove(s.path("sealed/rows-02-13.entries"))) // then the openings are read
	if said := take(0, "--leaf", leaf, "--force"); !strings.Contains(said, "leaf "+leaf) {
		t.Error(said)
	}
	if said := take(0, "--leaf", leaf, "--out", s.path("\x1b[31m.json")); strings.Contains(said, "\x1b") {
		t.Errorf("%q", said)
	}
}

// TestTakeAnother: whatever lies in the folder, nobody gets an opening but the one that is wanted.
func TestTakeAnother(t *testing.T) {
	seal := func() *table {
		s := newTable(t, madeup.ImportMap, madeup.Import(9), "--batch-size", "4")
		s.seal(0)
		return s
	}
	other := seal()
	leafOf := func(s *table, n int) (leaf string) {
		s.must(openings.Each(s.path("sealed/rows-02-05.entries"), nil, func(i int, entry []byte) error {
			if i == n {
				leaf = base64Hash(declaration.LeafHash(entry))
			}
			return nil
		}))
		return leaf
	}
	replace := func(suffixes ...string) func(s *table) {
		return func(s *table) {
			for _, suffix := range suffixes {
				b, err := os.ReadFile(other.path("sealed/rows-02-05" + suffix))
				s.must(err)
				s.must(os.WriteFile(s.path("sealed/rows-02-05"+suffix), b, 0o600))
			}
		}
	}
	swap := func(s *table) {
		path := s.path("sealed/rows-02-05.openings.jsonl")
		b, err := os.ReadFile(path)
		s.must(err)
		lines := bytes.SplitAfter(b, []byte("\n"))
		lines[0], lines[1] = lines[1], lines[0]
		s.must(os.WriteFile(path, bytes.Join(lines, nil), 0o600))
	}
	for name, spoil := range map[string]func(s *table){
		"entries": replace(".entries"), "index": replace(".index"), "openings": replace(".openings.jsonl"),
		"index and entries": replace(".index", ".entries"), "lines": swap,
	} {
		s := seal()
		spoil(s)
		for _, flags := range [][]string{{"--row", "2"}, {"--leaf", leafOf(s, 0)}, {"--leaf", leafOf(other, 0)}} {
			var out bytes.Buffer
			args := append([]string{"take", s.path("sealed"), "--out", s.path("taken.json")}, flags...)
			if got := run(args, &out, &out); got != 2 {
				t.Errorf("%s, %q: status %d\n%s", name, flags, got, &out)
			}
		}
	}
}

// TestTakeRefused: of a batch of which all was refused no row is taken for one that is not there.
func TestTakeRefused(t *testing.T) {
	s := newTable(t, madeup.CertificateMap, spoil(madeup.Certificates(400)), "--batch-size", "20")
	s.seal(1)
	for row, want := range map[string]string{
		"320": "row 320 was refused, so there is no opening", "999": "holds no opening of row 999",
	} {
		var out bytes.Buffer
		if got := run([]string{"take", s.path("sealed"), "--row", row, "--out", s.path("x.json")}, &out, &out); got != 2 ||
			!strings.Contains(out.String(), want) {
			t.Errorf("row %s: status %d, %s", row, got, &out)
		}
	}
}
