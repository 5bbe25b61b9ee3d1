// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the vectors and print what the documentation quotes")

// vector is one sealed declaration with everything on the way, for programs in other languages.
// Hashes are in base64.
type vector struct {
	Name       string            `json:"name"`
	Log        string            `json:"log"`
	Event      string            `json:"event"`
	Profile    string            `json:"profile"`
	Submitter  string            `json:"submitter"`
	Fields     map[string]string `json:"fields"`
	Public     []string          `json:"public"`
	Random     string            `json:"random"` // drawn in this order: tags that are not given, secret
	Context    string            `json:"context"`
	Salts      []string          `json:"salts"`
	Leaves     []string          `json:"leaves"`
	Root       string            `json:"root"`
	Certifier  string            `json:"certifier"`
	Entry      string            `json:"entry"`
	LeafHash   string            `json:"leaf_hash"`
	Opening    json.RawMessage   `json:"opening"`
	Shown      []string          `json:"shown"`
	Disclosure json.RawMessage   `json:"disclosure"`
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

func vectorInputs() []vector {
	return []vector{
		{Name: "certification", Event: "issue", Profile: "usmca/1", Fields: certification(),
			Shown: []string{"goods[0].hs", "goods[0].criterion"}},
		{Name: "certification with a public line and a certifier", Event: "issue", Profile: "usmca/1",
			Fields: certification(), Public: []string{"goods[0].origin.country"},
			Shown: []string{"goods.count", "goods[0].origin.country", "invoice"}},
		{Name: "import of two lines", Event: "issue", Profile: "import/1", Fields: importation(),
			Public: []string{"departure.country", "declaration.date"}, Shown: []string{"goods[1].item.price"}},
		{Name: "withdrawal", Event: "withdraw", Profile: "usmca/1", Fields: withdrawn(), Shown: []string{"date"}},
	}
}

// compute seals a vector's input.
func compute(t *testing.T, v vector) (vector, Opening) {
	t.Helper()
	d := Declaration{Log: "customs.example/log", Event: v.Event, Profile: v.Profile,
		Submitter: "broker.example", Fields: v.Fields, Public: v.Public}
	if v.Event == "withdraw" {
		target := sha256.Sum256([]byte("target"))
		d.Refers = &target
	}
	o, err := d.Seal(&counting{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(v.Name, "certifier") {
		vkey, signer := certifierKey(t)
		if o, err = o.Certify(vkey, signer); err != nil {
			t.Fatal(err)
		}
	}
	x, err := o.Disclose([]byte("receipt\n"), o.certifier != nil, v.Shown...)
	if err != nil {
		t.Fatal(err)
	}
	leaf, context := LeafHash(o.Entry()), o.entry.contextHash()
	v.Log, v.Submitter, v.Random = d.Log, d.Submitter, "00 01 02 … ff 00 …"
	v.Context, v.Root, v.Certifier = encode(context[:]), encode(o.entry.Root[:]), encode(o.entry.Certifier[:])
	v.Entry, v.LeafHash = string(o.Entry()), encode(leaf[:])
	v.Salts, v.Leaves = nil, nil
	for i := range o.entry.Width {
		salt, err := o.salts.field(i)
		if err != nil {
			t.Fatal(err)
		}
		v.Salts, v.Leaves = append(v.Salts, encode(salt[:])), append(v.Leaves, encode(o.tree[0][i][:]))
	}
	if v.Opening, err = o.MarshalJSON(); err != nil {
		t.Fatal(err)
	}
	if v.Disclosure, err = x.MarshalJSON(); err != nil {
		t.Fatal(err)
	}
	return v, o
}

// TestVectors recomputes testdata/vectors.json.
func TestVectors(t *testing.T) {
	var vectors []vector
	for _, in := range vectorInputs() {
		v, _ := compute(t, in)
		vectors = append(vectors, v)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(vectors); err != nil {
		t.Fatal(err)
	}
	const name = "testdata/vectors.json"
	if *update {
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, p := range profiles {
			t.Logf("%s %x", p.Name, p.Hash())
		}
		t.Logf("\n%s%s", vectors[2].Entry, vectors[2].LeafHash)
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Fatalf("%s differs from what this program computes: entries in public logs would not open any more", name)
	}
	for _, v := range vectors {
		o, err := ParseOpening(v.Opening)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		if string(o.Entry()) != v.Entry {
			t.Errorf("%s: the opening is of another entry", v.Name)
		}
		x, err := ParseDisclosure(v.Disclosure)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.Check(); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}

// TestNaiveRoot computes the root of every vector with a recursion straight from RFC 6962 section 2.1.
func TestNaiveRoot(t *testing.T) {
	var naive func(leaves []Hash) Hash
	naive = func(leaves []Hash) Hash {
		if len(leaves) == 1 {
			return leaves[0]
		}
		k := len(leaves) / 2
		left, right := naive(leaves[:k]), naive(leaves[k:])
		return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
	}
	for _, in := range vectorInputs() {
		_, o := compute(t, in)
		if naive(o.tree[0]) != o.entry.Root {
			t.Errorf("%s: another root", in.Name)
		}
	}
}

// TestDocument: the documentation quotes a vector and the hashes of the tables.
func TestDocument(t *testing.T) {
	doc, err := os.ReadFile("../docs/entry-format.md")
	if err != nil {
		t.Fatal(err)
	}
	v, o := compute(t, vectorInputs()[2])
	quoted := []string{v.Entry, v.LeafHash, v.Context, hex.EncodeToString(o.secret[:]), v.Salts[0], v.Leaves[0], v.Root}
	for _, p := range profiles {
		quoted = append(quoted, fmt.Sprintf("`%s` | `%x`", p.Name, p.Hash()))
	}
	for _, q := range quoted {
		if !strings.Contains(string(doc), q) {
			t.Errorf("docs/entry-format.md does not hold\n%s", q)
		}
	}
}
