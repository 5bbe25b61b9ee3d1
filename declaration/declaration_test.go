// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"cocket.example/internal/strict"
)

// testSigner is a certifier's key of fixed seed.
type testSigner struct {
	key  ed25519.PrivateKey
	vkey strict.Key
}

func (s testSigner) Name() string                     { return s.vkey.Name }
func (s testSigner) KeyHash() uint32                  { return s.vkey.ID }
func (s testSigner) Sign(text []byte) ([]byte, error) { return ed25519.Sign(s.key, text), nil }

func certifierKey(t *testing.T) (string, note.Signer) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	vkey, err := strict.NewKey("exporter.example", strict.Ed25519, key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return vkey.String(), testSigner{key, vkey}
}

func unhash(t *testing.T, s string) Hash {
	t.Helper()
	h, err := strict.Hash(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func sample(profile string, fields map[string]string) Declaration {
	return Declaration{Log: "customs.example/log", Event: "issue", Profile: profile,
		Submitter: "broker.example", Fields: fields}
}

func mustSeal(t *testing.T, d Declaration) Opening {
	t.Helper()
	return sealWith(t, d, rand.Reader)
}

func sealWith(t *testing.T, d Declaration, random io.Reader) Opening {
	t.Helper()
	o, err := d.Seal(random)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestRules(t *testing.T) {
	for _, test := range []struct{ path, value, want string }{
		{"goods[0].hs", "8708", "six digits"},
		{"goods[0].hs", "7701.00", "chapter 77"},
		{"goods[0].hs", "980100", "chapter 98"},
		{"goods[0].criterion", "E", "A, B, C or D"},
		{"goods[0].origin.country", "DE", "US, CA, MX"},
		{"certifier.country", "Mexico", "iso-3166"},
		{"certifier.email", "nobody", "e-mail"},
		{"signature.date", "04/05/2026", "2026-05-04"},
		{"certifier.name", "Sam\u202eple", "U+202E"},
		{"certifier.name", "Sam\u200bple", "U+200B"},
		{"certifier.name", "", "required"},
		{"certifier.name", "two\nlines", "line break"},
		{"exporter.kind", "UNKNOWN", "only a producer"},
		{"exporter.kind", "PARTY", "exporter.name"},
		{"exporter.name", "Other", "want it only where"},
		{"blanket.from", "2026-01-01", "both or none"},
		{"goods[1].hs", "870830", "1 lines"},
		{"goods[0].colour", "red", "no field"},
		{"goods.count", "2", "goods[1].description"},
	} {
		fields := certification()
		fields[test.path] = test.value
		err := sample("usmca/1", fields).Validate()
		if err == nil || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %q: %v, want an error with %q", test.path, test.value, err, test.want)
		}
	}
	if err := sample("usmca/1", certification()).Validate(); err != nil {
		t.Error(err)
	}
}

func TestBlanketPeriod(t *testing.T) {
	for _, test := range []struct {
		from, to string
		good     bool
	}{
		{"2026-01-01", "2026-12-31", true},
		{"2026-01-01", "2027-01-01", false},
		{"2024-02-29", "2025-02-28", true},
		{"2026-05-04", "2026-05-03", false},
		{"2026-05-04", "2026-05-04", false},
	} {
		fields := certification()
		fields["blanket.from"], fields["blanket.to"] = test.from, test.to
		if err := sample("usmca/1", fields).Validate(); (err == nil) != test.good {
			t.Errorf("%s to %s: %v", test.from, test.to, err)
		}
	}
}

func TestCriterionD(t *testing.T) {
	fields := certification()
	fields["goods[0].criterion"] = "D"
	for hs, good := range map[string]bool{"600500": true, "610910": false, "639090": false, "640110": true} {
		fields["goods[0].hs"] = hs
		if err := sample("usmca/1", fields).Validate(); (err == nil) != good {
			t.Errorf("%s: %v", hs, err)
		}
	}
}

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

// TestCopiedRoot: a root copied into another submitter's entry opens to nothing.
func TestCopiedRoot(t *testing.T) {
	o := mustSeal(t, sample("usmca/1", certification()))
	x, err := o.Disclose(nil, false, "goods[0].hs")
	if err != nil {
		t.Fatal(err)
	}
	for old, new := range map[string]string{
		"submitter broker.example": "submitter thief.example", "log customs.example/log": "log other.example/log",
	} {
		y := x
		y.Entry = bytes.Replace(x.Entry, []byte(old), []byte(new), 1)
		if _, err := y.Check(); err == nil {
			t.Errorf("%s: the copied root opens", new)
		}
		b, err := o.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseOpening(bytes.Replace(b, []byte(old), []byte(new), 1)); err == nil {
			t.Errorf("%s: the opening opens a copied root", new)
		}
	}
}

// TestCertifier: one certifier's signature makes one entry only.
func TestCertifier(t *testing.T) {
	vkey, signer := certifierKey(t)
	first, err := mustSeal(t, sample("usmca/1", certification())).Certify(vkey, signer)
	if err != nil {
		t.Fatal(err)
	}
	second := mustSeal(t, sample("usmca/1", certification()))
	stolen := second.open()
	stolen.certifier = first.open().certifier
	if _, err := stolen.commit(); err == nil {
		t.Error("a certifier's signature makes a second entry")
	}
	x, err := first.Disclose(nil, true, "certifier.name")
	if err != nil {
		t.Fatal(err)
	}
	if r := x.Examine(); r.Err() != nil || r.Certifier != vkey {
		t.Fatal(r.Err())
	}
	x.Certifier.Salt[0] ^= 1
	if r := x.Examine(); r.CertifierErr == nil {
		t.Error("another salt of the certifier's commitment holds")
	}
	other := bytes.Repeat([]byte{9}, 32)
	key := ed25519.NewKeyFromSeed(other)
	if _, err := second.Certify(vkey, testSigner{key: key}); err == nil {
		t.Error("a signature of another key was taken")
	}
}

func TestPublicLine(t *testing.T) {
	d := sample("usmca/1", certification())
	d.Public = []string{"goods[0].origin.country"}
	o := mustSeal(t, d)
	x, err := o.Disclose(nil, false, "goods[0].origin.country", "goods[0].hs")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Check(); err != nil {
		t.Fatal(err)
	}
	y := x
	y.Fields = append([]ShownField(nil), x.Fields...)
	for i := range y.Fields {
		if y.Fields[i].Path == "goods[0].origin.country" {
			y.Fields[i].Value = "US"
		}
	}
	if r := y.Examine(); r.PublicErr == nil {
		t.Error("a field that disagrees with the public line is accepted")
	}
	y = x
	y.Entry = bytes.Replace(x.Entry, []byte("country MX"), []byte("country US"), 1)
	if _, err := y.Check(); err == nil {
		t.Error("a changed public line is accepted")
	}
}

// TestTamper changes every byte of a disclosure, one after the other: it is refused or says the same.
func TestTamper(t *testing.T) {
	x, err := mustSeal(t, sample("usmca/1", certification())).Disclose([]byte("r\n"), false, "goods[0].hs", "goods[0].criterion")
	if err != nil {
		t.Fatal(err)
	}
	b, err := x.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	begin, end := bytes.Index(b, []byte(`"receipt"`)), bytes.Index(b, []byte(`"fields":[`))
	line, tag := bytes.Index(b, []byte(`ncertifier `)), bytes.Index(b, []byte(`ntag `))
	for at := range b {
		if at >= begin && at < end || at > line && at < tag {
			continue // for package receipt: the leaf hash covers the certifier line, no shown field does
		}
		bad := bytes.Clone(b)
		bad[at] ^= 1
		y, err := ParseDisclosure(bad)
		if err != nil {
			continue
		}
		if _, err := y.Check(); err == nil {
			t.Errorf("byte %d changed: %.60q is accepted", at, bad[max(0, at-30):])
		}
	}
}

func TestProofIsMinimal(t *testing.T) {
	x, err := mustSeal(t, sample("usmca/1", certification())).Disclose(nil, false, "goods.count", "certifier.role", "goods[0].hs")
	if err != nil {
		t.Fatal(err)
	}
	for name, proof := range map[string][]Hash{
		"one too few":  x.Proof[1:],
		"one too many": append(append([]Hash(nil), x.Proof...), Hash{}),
		"swapped":      append([]Hash{x.Proof[1], x.Proof[0]}, x.Proof[2:]...),
	} {
		y := x
		y.Proof = proof
		if r := y.Examine(); r.CoverErr == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestGuessing plays the game of a competitor who knows every field but one, and has the public entry:
// he seals each candidate himself and compares. With salts he does no better than chance; without, which
// shows that this test can see, he always wins.
func TestGuessing(t *testing.T) {
	const rounds = 10_000
	for path, candidates := range map[string][]string{
		"goods[0].hs":       {"080390", "090111"},
		"departure.country": {"CR", "GT"},
		"importer.id":       {"IMP0001", "IMP0002"},
	} {
		wins := func(random func() io.Reader) int {
			known := guesses(t, path, candidates)
			n := 0
			for range rounds / 3 {
				truth := mrand.IntN(len(candidates))
				o, err := withField(path, candidates[truth]).Seal(random())
				if err != nil {
					t.Fatal(err)
				}
				if guess(o.open().entry, known) == truth {
					n++
				}
			}
			return n
		}
		if n := wins(func() io.Reader { return &counting{} }); n != rounds/3 {
			t.Errorf("%s without salts: %d of %d found: this test cannot see", path, n, rounds/3)
		}
		mean, deviation := rounds/6, 29 // √(3333/4)
		if n := wins(func() io.Reader { return rand.Reader }); n < mean-5*deviation || n > mean+5*deviation {
			t.Errorf("%s: %d of %d found, chance gives %d", path, n, rounds/3, mean)
		}
	}
}

func withField(path, value string) Declaration {
	fields := importation()
	fields[path] = value
	return sample("import/1", fields)
}

// guesses are the entries that the competitor seals himself, with the randomness that he supposes.
func guesses(t *testing.T, path string, candidates []string) []Entry {
	var known []Entry
	for _, c := range candidates {
		o, err := withField(path, c).Seal(&counting{})
		if err != nil {
			t.Fatal(err)
		}
		known = append(known, o.open().entry)
	}
	return known
}

// guess picks the candidate whose entry shares a commitment with the public one, else any.
func guess(e Entry, known []Entry) int {
	for i, k := range known {
		if k.Root == e.Root || k.Certifier == e.Certifier || len(k.Bytes()) != len(e.Bytes()) {
			return i
		}
	}
	return mrand.IntN(len(known))
}

func TestEqualLength(t *testing.T) {
	a, b := importation(), importation()
	b["importer.id"], b["goods[0].hs"], b["courier.id"] = "A-VERY-LONG-IMPORTER-NUMBER-12345", "870899", "X"
	delete(b, "goods[1].item.price")
	if x, y := len(mustSeal(t, sample("import/1", a)).Entry()), len(mustSeal(t, sample("import/1", b)).Entry()); x != y {
		t.Errorf("entries of %d and %d bytes", x, y)
	}
}

// TestSecretTwice: the same secret for two versions of a declaration gives no equal salt or leaf.
func TestSecretTwice(t *testing.T) {
	a, err := withField("goods[0].hs", "080390").Seal(&counting{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := withField("goods[0].hs", "090111").Seal(&counting{})
	if err != nil {
		t.Fatal(err)
	}
	if a.open().secret != b.open().secret {
		t.Fatal("the secrets differ: this test cannot see")
	}
	for i := range a.open().tree[0] {
		x, _ := a.open().salts.field(i)
		y, _ := b.open().salts.field(i)
		if x == y || a.open().tree[0][i] == b.open().tree[0][i] {
			t.Fatalf("field %d has the same salt or leaf in both versions", i)
		}
	}
}

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

func TestParseFields(t *testing.T) {
	got, err := ParseFields([]byte(`{"a": {"b": "x"}, "goods": [{"hs": 870830}, {"hs": "1"}]}`))
	if err != nil || got["a.b"] != "x" || got["goods[0].hs"] != "870830" || got["goods.count"] != "2" {
		t.Fatalf("%v %v", got, err)
	}
	for _, bad := range []string{
		``, `[]`, `{"a": "x", "a": "y"}`, `{"a.b": "x", "a": {"b": "y"}}`, `{"a": true}`, `{"a": null}`, `{"a": "x"} 1`,
		`{"goods": {"count": "1"}}`, strings.Repeat(`{"a":`, 20) + `"x"` + strings.Repeat(`}`, 20), `{"a": "x"`,
		strings.Repeat(`[`, 100),
	} {
		if _, err := ParseFields([]byte(bad)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%.40q: %v", bad, err)
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

// TestImportRows seals the rows of real data and says what was refused.
func TestImportRows(t *testing.T) {
	f, err := os.Open("../../shared/data/kr-import/df_syn_train_eng.csv")
	if err != nil {
		t.Skipf("no test data: %v", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	accepted, refused := 0, make(map[string]int)
	for _, row := range rows[1:] {
		fields := map[string]string{"goods.count": "1"}
		for path, i := range map[string]int{"declaration.number": 0, "declaration.date": 1, "goods[0].hs": 12,
			"departure.country": 13, "goods[0].origin.country": 14, "goods[0].net.mass": 18, "goods[0].item.price": 19} {
			fields[path] = row[i]
		}
		if err := sample("import/1", fields).Validate(); err != nil {
			refused[err.Error()]++
		} else {
			accepted++
		}
	}
	t.Logf("%d accepted, refused: %v", accepted, refused)
	if accepted < 37_000 || accepted == len(rows)-1 {
		t.Errorf("%d of %d accepted", accepted, len(rows)-1)
	}
}

func BenchmarkSeal(b *testing.B) {
	d := sample("import/1", importation())
	for b.Loop() {
		if _, err := d.Seal(rand.Reader); err != nil {
			b.Fatal(err)
		}
	}
}
