// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"cocket.example/declaration/profile"
)

var update = flag.Bool("update", false, "write testdata anew and print what the documentation quotes")

// vector is one sealed declaration with everything on the way, for programs in other languages.
// Hashes, keys and secrets are in base64; tags that have no key here were drawn at random.
type vector struct {
	Name      string               `json:"name"`
	Log       string               `json:"log"`
	Event     string               `json:"event"`
	Profile   string               `json:"profile"`
	Submitter string               `json:"submitter"`
	Refers    string               `json:"refers,omitempty"`
	Given     map[string]string    `json:"given"` // as a person writes them
	Public    []string             `json:"public,omitempty"`
	Tags      map[string]vectorTag `json:"tags,omitempty"`
	Secret    string               `json:"secret"`

	Fields     []vectorField   `json:"fields"` // normalised
	Context    string          `json:"context"`
	Digest     string          `json:"digest"`
	Salts      []string        `json:"salts"`
	Leaves     []string        `json:"leaves"`
	Root       string          `json:"root"`
	Certifier  string          `json:"certifier"`
	Entry      string          `json:"entry"`
	LeafHash   string          `json:"leaf_hash"`
	Opening    json.RawMessage `json:"opening"`
	Disclosure json.RawMessage `json:"disclosure"`

	shown     []string
	certified bool
	signed    bool
}

type vectorTag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type vectorField struct {
	Number int    `json:"number"`
	Path   string `json:"path"`
	Value  string `json:"value"`
}

// counting is 00 01 02 … as random bytes.
type counting struct{ next byte }

func (c *counting) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = c.next
		c.next++
	}
	return len(b), nil
}

func certification() map[string]string {
	return map[string]string{
		"goods.count": "1", "certifier.role": "exporter", "certifier.name": "Sample Exporter",
		"certifier.title": "Export manager", "certifier.address": "1 Harbour Road, Veracruz",
		"certifier.country": "MX", "certifier.phone": "+52 229 000 0000", "certifier.email": "export@exporter.example",
		"exporter.kind": "CERTIFIER", "importer.kind": "UNKNOWN", "signature.date": "2026-05-04",
		"statement": "USMCA-5-A", "goods[0].description": "Brake pads", "goods[0].hs": "8708.30",
		"goods[0].criterion": "4.2(b)", "goods[0].origin.country": "mx", "goods[0].producer.kind": "ON-REQUEST",
	}
}

func importation() map[string]string {
	return map[string]string{
		"goods.count": "2", "declaration.number": "97061800", "declaration.date": "2026-01-02", "importer.id": "IMP0001",
		"departure.country": "CR", "goods[0].hs": "080390", "goods[0].net.mass": "108.50", "goods[1].hs": "090111",
		"goods[1].origin.country": "CR", "goods[1].item.price": "372254.40",
	}
}

func withdrawn() map[string]string {
	return map[string]string{"goods.count": "0", "date": "2026-06-01", "reason": "issued in error"}
}

func centralAmerican() map[string]string {
	return map[string]string{
		"goods.count": "1", "certifier.role": "Exportador", "certifier.title": "Gerente", "certifier.name": "Muestra, S.A.",
		"certifier.address": "2 Calle\nSan Salvador", "certifier.country": "El Salvador", "certifier.phone": "+503 2200 0000",
		"certifier.id": "DUNS 15-048-3782", "exporter.kind": "certifier", "importer.kind": "party",
		"importer.name": "Sample Importer", "importer.address": "3 Quay, Miami", "importer.country": "USA",
		"importer.phone": "+1 305 000 0000", "importer.id": "EIN 12-3456789", "signature.date": "2026-05-04",
		"statement": "CAFTA-DR-10.584", "goods[0].description": "Shirts", "goods[0].hs": "6109.10.00", "goods[0].chapter": "61",
		"goods[0].rule": "GN 29(n)  61.5", "goods[0].producer.kind": "PARTY", "goods[0].producer.name": "Amalgamated Plastics Corp.",
		"goods[0].producer.address": "4 Avenida, Guatemala", "goods[0].producer.country": "GT",
		"goods[0].producer.phone": "+502 2300 0000", "goods[0].producer.id": "mid GTAMAPLA4GUA",
	}
}

func claim(certification string) map[string]string {
	return map[string]string{
		"goods.count": "1", "refers": certification, "kind": "ENTRY", "basis": "CERTIFICATION", "entry.number": "SP7-0000001-4",
		"date": "2026-06-01", "importation.country": "US", "goods[0].hs": "8708.30.50 60", "goods[0].spi": "s+",
		"goods[0].value": "1200.50", "goods[0].currency": "usd",
	}
}

// quoted is the vector that the documentation shows.
const quoted = 2

func vectorInputs() []vector {
	target := sha256.Sum256([]byte("target"))
	key := sha256.Sum256([]byte("key of a tag"))
	amended := certification()
	amended["certifier.name"] = "Sämple\u00a0\"Exporter\" <&> Co."
	amended["certifier.address"] = "1 Harbour Road\nVeracruz\u3000東京"
	amended["blanket.from"], amended["blanket.to"] = "2026-05-04", "2027-05-03"
	return []vector{
		{Name: "certification", Event: "issue", Profile: "usmca/1", Given: certification(),
			shown: []string{"goods[0].hs", "goods[0].criterion"}},
		{Name: "certification with a public line and a certifier", Event: "issue", Profile: "usmca/1",
			Given: certification(), Public: []string{"goods[0].origin.country"},
			shown: []string{"goods.count", "goods[0].origin.country", "invoice"}, certified: true},
		{Name: "import of two lines", Event: "issue", Profile: "import/1", Given: importation(),
			Public: []string{"departure.country", "declaration.date"}, shown: []string{"goods[1].item.price"}},
		{Name: "amendment with a tag, certified and signed", Event: "amend", Profile: "usmca/1", Given: amended,
			Refers: encode(target[:]), Tags: map[string]vectorTag{"certificate": {encode(key[:]), "MX-0001"}},
			shown: []string{"certifier.name", "certifier.address"}, certified: true, signed: true},
		{Name: "withdrawal", Event: "withdraw", Profile: "usmca/1", Given: withdrawn(),
			Refers: encode(target[:]), shown: []string{"date"}},
		{Name: "import amended, with a tag and a certifier", Event: "amend", Profile: "import/1", Given: importation(),
			Refers: encode(target[:]), Tags: map[string]vectorTag{"declaration": {encode(key[:]), "97061800"}},
			shown: []string{"goods.count", "goods[1].hs", "goods[1].tax.rate"}, certified: true},
		{Name: "certification of CAFTA-DR", Event: "issue", Profile: "cafta-dr/1", Given: centralAmerican(),
			Public: []string{"goods[0].chapter"}, shown: []string{"goods[0].rule", "goods[0].producer.id"}},
		{Name: "claim", Event: "claim", Profile: "usmca/1", Given: claim(encode(target[:])),
			Tags: map[string]vectorTag{"entry": {encode(key[:]), "SP700000014"}}, shown: []string{"refers", "entry.number"}},
	}
}

// declaration reads the vector's input.
func (v vector) declaration(t testing.TB) Declaration {
	d := Declaration{Log: "customs.example/log", Event: v.Event, Profile: v.Profile,
		Submitter: "broker.example", Fields: v.Given, Public: v.Public}
	if v.Refers != "" {
		h := unhash(t, v.Refers)
		d.Refers = &h
	}
	for name, tag := range v.Tags {
		d.Tags = map[string]Tag{name: {unhash(t, tag.Key), tag.Value}}
	}
	return d
}

// seal seals the vector's input.
func (v vector) seal(t testing.TB) Opening {
	t.Helper()
	o := sealWith(t, v.declaration(t), &counting{})
	vkey, signer := certifierKey(t)
	var err error
	if v.certified {
		if o, err = o.Certify(vkey, signer); err != nil {
			t.Fatal(err)
		}
	}
	if v.signed {
		if o, err = o.Sign(signer); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// compute fills in what follows from the input.
func compute(t *testing.T, v vector) vector {
	t.Helper()
	o := v.seal(t)
	c := o.open()
	x, err := o.Disclose([]byte("receipt\n"), v.certified, v.shown...)
	if err != nil {
		t.Fatal(err)
	}
	leaf, context, digest := LeafHash(o.Entry()), c.entry.contextHash(), naiveDigest(c.leaves())
	v.Log, v.Submitter, v.Secret = c.entry.Log, c.entry.Submitter, encode(c.secret[:])
	for _, f := range o.Fields() {
		v.Fields = append(v.Fields, vectorField{f.Number, f.Path, f.Value})
	}
	v.Context, v.Digest = encode(context[:]), encode(digest[:])
	v.Root, v.Certifier = encode(c.entry.Root[:]), encode(c.entry.Certifier[:])
	v.Entry, v.LeafHash = string(o.Entry()), encode(leaf[:])
	for i, hash := range c.tree[0] {
		salt, err := c.salts.field(i)
		if err != nil {
			t.Fatal(err)
		}
		v.Salts, v.Leaves = append(v.Salts, encode(salt[:])), append(v.Leaves, encode(hash[:]))
	}
	if v.Opening, err = o.MarshalJSON(); err != nil {
		t.Fatal(err)
	}
	if v.Disclosure, err = x.MarshalJSON(); err != nil {
		t.Fatal(err)
	}
	return v
}

// golden compares a file of testdata with what this program computes.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what this program computes: entries in public logs would not open any more", name)
	}
}

// TestVectors recomputes testdata/vectors.json.
func TestVectors(t *testing.T) {
	var vectors []vector
	for _, in := range vectorInputs() {
		vectors = append(vectors, compute(t, in))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(vectors); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/vectors.json", b.Bytes())
	for _, v := range vectors {
		o, err := ParseOpening(v.Opening)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		if again, err := o.MarshalJSON(); err != nil || !bytes.Equal(again, v.Opening) || string(o.Entry()) != v.Entry {
			t.Errorf("%s: the opening prints back as another: %v", v.Name, err)
		}
		x, err := ParseDisclosure(v.Disclosure)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := x.MarshalJSON(); err != nil || !bytes.Equal(again, v.Disclosure) {
			t.Errorf("%s: the disclosure prints back as another: %v", v.Name, err)
		}
		if _, err := x.Check(); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}

// TestProfiles: the tables of a profile never change.
func TestProfiles(t *testing.T) {
	for _, p := range profile.All {
		golden(t, "testdata/"+strings.Replace(p.Name, "/", "-", 1)+".profile", []byte(p.Text()))
		for event, table := range p.Events {
			for _, s := range append(table.Header, table.Line...) {
				if s.Public && !s.Form.Closed {
					t.Errorf("%s %s: %s is public without a closed vocabulary", p.Name, event, s.Path)
				}
			}
			if table.Header[0].Path != "goods.count" {
				t.Errorf("%s %s: field 0 is %s", p.Name, event, table.Header[0].Path)
			}
			for i := range table.Size(3) {
				path, want := table.At(i)
				if number, got, err := table.Find(path); err != nil || number != i || got != want {
					t.Errorf("%s %s: field %d is %s, found at %d, %v", p.Name, event, i, path, number, err)
				}
			}
		}
	}
}

// naiveDigest follows the words of the format: for every number kind, length, path, length, value.
func naiveDigest(leaves []leaf) Hash {
	var b bytes.Buffer
	for _, l := range leaves {
		b.WriteByte(byte(l.kind))
		binary.Write(&b, binary.BigEndian, uint16(len(l.path)))
		b.WriteString(l.path)
		binary.Write(&b, binary.BigEndian, uint32(len(l.value)))
		b.WriteString(l.value)
	}
	return sha256.Sum256(b.Bytes())
}

// naiveRoot is the recursion of RFC 6962 section 2.1.
func naiveRoot(leaves []Hash) Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := len(leaves) / 2
	left, right := naiveRoot(leaves[:k]), naiveRoot(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// TestNaiveTwin commits to every vector once more, in the words of the format.
func TestNaiveTwin(t *testing.T) {
	for _, in := range vectorInputs() {
		c := in.seal(t).open()
		text := string(c.entry.Bytes())
		var kept string
		for line := range strings.Lines(text) {
			word, _, _ := strings.Cut(line, " ")
			if word != "fields" && word != "certifier" && word != "signed" {
				kept += line
			}
		}
		context := sha256.Sum256([]byte("cocket-entry/v1 context\n" + kept))
		digest := naiveDigest(c.leaves())
		hashes := make([]Hash, c.entry.Width)
		for i, l := range c.leaves() {
			salt, err := hkdf.Key(sha256.New, c.secret[:], digest[:], fmt.Sprintf("cocket-entry/v1 field %d", i), 32)
			if err != nil {
				t.Fatal(err)
			}
			head := []byte{byte(l.kind), byte(len(l.path) >> 8), byte(len(l.path))}
			hashes[i] = sha256.Sum256(bytes.Join([][]byte{{0}, context[:], salt, head, []byte(l.path), []byte(l.value)}, nil))
		}
		if naiveRoot(hashes) != c.entry.Root {
			t.Errorf("%s: another root", in.Name)
		}
		if c.certifier != nil {
			continue
		}
		salt, err := hkdf.Key(sha256.New, c.secret[:], digest[:], "cocket-entry/v1 certifier", 32)
		if err != nil {
			t.Fatal(err)
		}
		if none := sha256.Sum256(append(append([]byte{2}, salt...), 0)); none != c.entry.Certifier {
			t.Errorf("%s: another commitment to having no certifier", in.Name)
		}
	}
}

// TestDocument: the documentation quotes a vector and the hashes of the tables.
func TestDocument(t *testing.T) {
	doc, err := os.ReadFile("../docs/entry-format.md")
	if err != nil {
		t.Fatal(err)
	}
	v := compute(t, vectorInputs()[quoted])
	quotes := []string{v.Entry, v.LeafHash, v.Context, v.Digest, v.Secret, v.Salts[0], v.Leaves[0], v.Root, v.Certifier}
	for _, p := range profile.All {
		quotes = append(quotes, fmt.Sprintf("`%s` | `%x`", p.Name, p.Hash()))
	}
	for _, q := range quotes {
		if !strings.Contains(string(doc), q) {
			t.Errorf("docs/entry-format.md does not hold\n%s", q)
		}
	}
}
