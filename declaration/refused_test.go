// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"cocket.example/declaration/rule"
	"cocket.example/internal/strict"
)

// wantInvalid wants a refusal that names what is wrong.
func wantInvalid(t *testing.T, name string, err error, words string) {
	t.Helper()
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: got %v, want a refusal with %q", name, err, words)
	}
}

// put changes a field of an opening in JSON, or adds it at the end.
func (f *openingFile) put(path, value string) {
	for i := range f.Fields {
		if f.Fields[i].Path == path {
			f.Fields[i].Value = value
			return
		}
	}
	f.Fields = append(f.Fields, openField{path, value})
}

func (f *openingFile) drop(path string) {
	f.Fields = slices.DeleteFunc(f.Fields, func(o openField) bool { return o.Path == path })
}

// openingRefusals changes an opening in one thing, and says what the refusal must name.
var openingRefusals = map[string]struct {
	vector int
	change func(f *openingFile)
	want   string
}{
	"format":            {0, func(f *openingFile) { f.Format = "cocket-opening/v2" }, "format"},
	"entry":             {0, func(f *openingFile) { f.Entry = "x" }, "first line of an entry"},
	"short secret":      {0, func(f *openingFile) { f.Secret = "AAAA" }, "secret"},
	"another secret":    {0, func(f *openingFile) { f.Secret = encode(make([]byte, 32)) }, "fields line"},
	"no certifier":      {1, func(f *openingFile) { f.Certifier = nil }, "certifier line"},
	"certifier's key":   {1, func(f *openingFile) { f.Certifier.VKey = "k" }, "certifier: not a verifier key"},
	"signature":         {1, func(f *openingFile) { f.Certifier.Signature = "A" }, "certifier signature: not canonical"},
	"other signature":   {1, func(f *openingFile) { f.Certifier.Signature = encode(make([]byte, 64)) }, "does not hold"},
	"tag's name":        {3, func(f *openingFile) { f.Tags[0].Name = "colour" }, `tag "colour"`},
	"tag's key":         {3, func(f *openingFile) { f.Tags[0].Key = "AAAA" }, `tag "certificate"`},
	"a tag twice":       {3, func(f *openingFile) { f.Tags = append(f.Tags, f.Tags[0]) }, `tag "certificate"`},
	"unknown field":     {0, func(f *openingFile) { f.put("colour", "red") }, `"colour" is no field`},
	"no line":           {0, func(f *openingFile) { f.put("goods[01].hs", "870830") }, "want a goods line as goods[0]"},
	"line too many":     {0, func(f *openingFile) { f.put("goods[1].hs", "870830") }, "goods[1].hs: is behind the last line"},
	"order":             {0, func(f *openingFile) { slices.Reverse(f.Fields) }, "not in the order"},
	"not normalised":    {0, func(f *openingFile) { f.put("goods[0].hs", "8708.30") }, "goods[0].hs is not a normalised hs6"},
	"missing":           {0, func(f *openingFile) { f.drop("goods[0].hs") }, "goods[0].hs: required"},
	"no count":          {0, func(f *openingFile) { f.drop("goods.count") }, "goods.count: required"},
	"public line":       {1, func(f *openingFile) { f.put("goods[0].origin.country", "US") }, "goods[0].origin.country disagrees"},
	"width of the tree": {2, fourLines, "74 fields in a tree of width 64"},
}

func fourLines(f *openingFile) {
	f.put("goods.count", "4")
	f.put("goods[2].hs", "090111")
	f.put("goods[3].hs", "090111")
}

func TestOpeningRefused(t *testing.T) {
	for name, c := range openingRefusals {
		good, err := vectorInputs()[c.vector].seal(t).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var f openingFile
		if err := json.Unmarshal(good, &f); err != nil {
			t.Fatal(err)
		}
		c.change(&f)
		bad, err := marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseOpening(bad)
		wantInvalid(t, name, err, c.want)
	}
	var into struct{}
	if err := unmarshal([]byte("{         }"), 10, &into); err == nil || !strings.Contains(err.Error(), "11 bytes") {
		t.Errorf("JSON longer than its limit: %v", err)
	}
	if err := unmarshal([]byte("{} x"), 10, &into); err == nil {
		t.Error("something that is no JSON may stand behind it")
	}
}

// disclosureRefusals changes the text of a disclosure.
func TestDisclosureTextRefused(t *testing.T) {
	x, err := vectorInputs()[1].seal(t).Disclose([]byte("r\n"), true, "goods.count", "invoice")
	if err != nil {
		t.Fatal(err)
	}
	good, err := x.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(f *disclosureFile)
		want   string
	}{
		"format":         {func(f *disclosureFile) { f.Format = "" }, "format"},
		"no field":       {func(f *disclosureFile) { f.Fields = []shownField{} }, "fields"},
		"salt":           {func(f *disclosureFile) { f.Fields[1].Salt = "A" }, `field "invoice": salt`},
		"no value":       {func(f *disclosureFile) { f.Fields[0].Value = "" }, `field "goods.count": want a value or absent`},
		"value, absent":  {func(f *disclosureFile) { f.Fields[1].Value = "1" }, `field "invoice": want a value or absent`},
		"not ascending":  {func(f *disclosureFile) { f.Fields[1].Number = 0 }, "numbers ascending"},
		"hash":           {func(f *disclosureFile) { f.Proof[1] = "A" }, "proof hash 1"},
		"many hashes":    {func(f *disclosureFile) { f.Proof = make([]string, maxWidth+1) }, "no more hashes"},
		"signature":      {func(f *disclosureFile) { f.Certifier.Signature = "A" }, "certifier: not canonical"},
		"certifier salt": {func(f *disclosureFile) { f.Certifier.Salt = "AAAA" }, "certifier: 3 bytes"},
	} {
		var f disclosureFile
		if err := json.Unmarshal(good, &f); err != nil {
			t.Fatal(err)
		}
		c.change(&f)
		bad, err := marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseDisclosure(bad)
		wantInvalid(t, name, err, c.want)
	}
	_, err = ParseDisclosure([]byte("[]"))
	wantInvalid(t, "no object", err, "disclosure")
}

// What a disclosure says is judged against its entry and the profile, field by field.
func TestDisclosureRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(x *Disclosure)
		want   string
	}{
		"entry":            {func(x *Disclosure) { x.Entry = nil }, "first line of an entry"},
		"behind the last":  {func(x *Disclosure) { x.Fields[1].Number = 63 }, `field "certifier.name": number 63`},
		"below the first":  {func(x *Disclosure) { x.Fields[1].Number = -1 }, `field "certifier.name": number -1`},
		"another path":     {func(x *Disclosure) { x.Fields[1].Path = "certifier.title" }, `field "certifier.title": number 3`},
		"required":         {func(x *Disclosure) { x.Fields[1].Present = false }, "field certifier.name: absent"},
		"not normalised":   {func(x *Disclosure) { x.Fields[0].Value = "01" }, "field goods.count: the value is not a normalised"},
		"another value":    {func(x *Disclosure) { x.Fields[1].Value = "Thief" }, "do not lead to the root"},
		"the same twice":   {func(x *Disclosure) { x.Fields[1] = x.Fields[0] }, "numbers must ascend"},
		"nothing":          {func(x *Disclosure) { x.Fields = nil }, "none is shown"},
		"no hash":          {func(x *Disclosure) { x.Proof = nil }, "too few hashes"},
		"certifier's key":  {func(x *Disclosure) { x.Certifier.VKey = "" }, "not what the entry commits to"},
		"certifier's salt": {func(x *Disclosure) { x.Certifier.Salt[0] ^= 1 }, "not what the entry commits to"},
	} {
		x, err := vectorInputs()[3].seal(t).Disclose(nil, true, "goods.count", "certifier.name")
		if err != nil {
			t.Fatal(err)
		}
		c.change(&x)
		_, err = x.Check()
		wantInvalid(t, name, err, c.want)
	}
	x, err := vectorInputs()[4].seal(t).Disclose(nil, false, "date")
	if err != nil {
		t.Fatal(err)
	}
	x.Fields[0].Number = 20
	_, err = x.Check()
	wantInvalid(t, "field of no table", err, `number 20 is ""`)
}

func TestDiscloseRefused(t *testing.T) {
	o := vectorInputs()[0].seal(t)
	for want, show := range map[string]func() (Disclosure, error){
		`"colour" is no field`: func() (Disclosure, error) { return o.Disclose(nil, false, "colour") },
		"goods[1].hs: there":   func() (Disclosure, error) { return o.Disclose(nil, false, "goods[1].hs") },
		"no field to show":     func() (Disclosure, error) { return o.Disclose(nil, false) },
		"certifier":            func() (Disclosure, error) { return o.Disclose(nil, true, "goods.count") },
	} {
		_, err := show()
		wantInvalid(t, "Disclose", err, want)
	}
}

// brokenSigner fails, or signs something too short.
type brokenSigner struct{ err error }

func (brokenSigner) Name() string { return "broken.example" }

func (brokenSigner) KeyHash() uint32 { return 1 }

func (s brokenSigner) Sign([]byte) ([]byte, error) { return []byte("short"), s.err }

func TestSignaturesRefused(t *testing.T) {
	vkey, signer := certifierKey(t)
	o := vectorInputs()[0].seal(t)
	failed := errors.New("no token in the reader")
	_, err := o.Sign(brokenSigner{failed})
	if !errors.Is(err, failed) || !strings.Contains(err.Error(), "submitter's signature") {
		t.Errorf("Sign: %v", err)
	}
	_, err = o.Certify(vkey, brokenSigner{failed})
	if !errors.Is(err, failed) || !strings.Contains(err.Error(), "certifier's signature") {
		t.Errorf("Certify: %v", err)
	}
	_, err = o.Sign(brokenSigner{})
	wantInvalid(t, "Sign", err, "5 bytes, want Ed25519")
	key, err := strict.ParseKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	witness, err := strict.NewKey(key.Name, strict.Cosignature, []byte(key.Public))
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := strict.NewKey("stranger.example", strict.Ed25519, []byte(key.Public))
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.Certify(witness.String(), signer)
	wantInvalid(t, "a witness certifies", err, "key of type 0x04, want 0x01")
	signed, err := o.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	e := signed.open().entry
	for want, vkey := range map[string]string{
		"submitter's key: not a verifier key": "k", "of type 0x04": witness.String(), "another key": stranger.String(),
	} {
		wantInvalid(t, vkey, e.VerifySubmitter(vkey), want)
	}
}

func TestRefersRefused(t *testing.T) {
	target := vectorInputs()[0].seal(t).open().entry
	d := vectorInputs()[4].declaration(t)
	w := mustSeal(t, d).open().entry
	otherLog, otherProfile := target, target
	otherLog.Log, otherProfile.Profile = "other.example/log", "import/1"
	wantInvalid(t, "log", w.CheckRefers(otherLog), "another log")
	wantInvalid(t, "profile", w.CheckRefers(otherProfile), "profile import/1")
}

func TestDeclarationRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(d *Declaration)
		want   string
	}{
		"event":         {func(d *Declaration) { d.Event = "issues" }, `event "issues"`},
		"profile":       {func(d *Declaration) { d.Profile = "USMCA" }, `profile "USMCA"`},
		"count":         {func(d *Declaration) { d.Fields["goods.count"] = "one" }, "goods.count: want a number"},
		"lines":         {func(d *Declaration) { d.Fields["goods.count"] = "9999" }, "goods.count: 9999 lines are too many"},
		"unknown field": {func(d *Declaration) { d.Fields["colour"] = "red" }, "colour: is no field"},
		"value":         {func(d *Declaration) { d.Fields["statement"] = "" }, "statement: empty"},
	} {
		d := sample("usmca/1", certification())
		c.change(&d)
		wantInvalid(t, name, d.Validate(), c.want)
		_, err := d.Seal(&counting{})
		wantInvalid(t, name+", sealed", err, c.want)
	}
	d := vectorInputs()[4].declaration(t)
	d.Fields["goods.count"] = "1"
	wantInvalid(t, "lines of a withdrawal", d.Validate(), "goods.count: 1 lines are too many")
	d.Profile = "usmca/9"
	if err := d.Validate(); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "usmca/9") {
		t.Errorf("a profile that nobody knows: %v", err)
	}
	if got := Profiles(); !slices.Equal(got, []string{"usmca/1", "cafta-dr/1", "import/1"}) {
		t.Errorf("profiles %q", got)
	}
}

func TestFieldsRefused(t *testing.T) {
	deep := `{"a":` + strings.Repeat(`[`, 9) + `"x"` + strings.Repeat(`]`, 9) + `}`
	for text, want := range map[string]string{
		strings.Repeat(" ", maxFields+1): "bytes, want at most",
		"{\"a\":\n\"\xff\"}":             "not UTF-8",
		"{\"a\": \"x\",\n}":              "line 2",
		"{\n\"a\": }":                    "line 2",
		deep:                             "nested deeper than 8",
		`{"a": false}`:                   `"a": want text or a number`,
		`{"a": ["x", {"b": null}]}`:      `"a[1].b": want text or a number`,
	} {
		_, err := ParseFields([]byte(text))
		wantInvalid(t, text[:min(len(text), 40)], err, want)
	}
}

// What is logged of a declaration, an opening or a disclosure is its name, and no value of it.
func TestLogValues(t *testing.T) {
	v := vectorInputs()[0]
	o := v.seal(t)
	x, err := o.Disclose(nil, false, "certifier.name")
	if err != nil {
		t.Fatal(err)
	}
	leaf := LeafHash(o.Entry())
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("sealed", "declaration", v.declaration(t), "opening", o, "disclosure", x)
	for _, want := range []string{"declaration of usmca/1", "opening of " + encode(leaf[:]), "disclosure of " + encode(leaf[:])} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: does not name %q", out.String(), want)
		}
	}
	if strings.Contains(out.String(), "Sample Exporter") {
		t.Errorf("a value is logged: %s", out.String())
	}
}

// TestStricterRules: an opening that was sealed when a rule was not there can still be shown, and says what
// is wrong with it.
func TestStricterRules(t *testing.T) {
	c := vectorInputs()[0].seal(t).open()
	c.values = maps.Clone(c.values)
	c.values["exporter.kind"] = "UNKNOWN"
	old, err := c.commit()
	if err != nil {
		t.Fatal(err)
	}
	b, err := old.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	o, err := ParseOpening(b)
	if err != nil {
		t.Fatal(err)
	}
	if f := o.Findings(); len(f) != 1 || f[0].Code != "USMCA-3-EXPORTER-UNKNOWN" || f[0].Field != "exporter.kind" {
		t.Errorf("findings %v", f)
	}
}

// TestRefusedError says what is wrong, whatever was reason enough.
func TestRefusedError(t *testing.T) {
	warned := rule.Findings{rule.Of("PHONE").At("certifier.phone")}
	both := append(rule.Findings{rule.Of("DATE").At("date")}, warned...)
	for want, findings := range map[string]rule.Findings{
		"certifier.phone: want a telephone number": warned, "date: want a date": both,
	} {
		err := error(RefusedError{findings})
		if !errors.Is(err, ErrInvalid) || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v", err)
		}
	}
}

// TestStrangePath: what somebody calls a field cannot draw on the screen, or fill it.
func TestStrangePath(t *testing.T) {
	fields := certification()
	fields["a\n\x1b[2J"], fields[strings.Repeat("x", 5000)] = "1", "1"
	err := sample("usmca/1", fields).Validate()
	if err == nil || len(err.Error()) > 300 || strings.ContainsRune(err.Error(), '\x1b') || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("%q", err)
	}
}
