// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
)

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

// TestTamperedValue changes one value of a disclosure at a time and wants the fact to be named.
func TestTamperedValue(t *testing.T) {
	opening := vectorInputs()[1].seal(t)
	field := func(r Report) error {
		for _, f := range r.Fields {
			if f.Err != nil {
				return f.Err
			}
		}
		return nil
	}
	entry := func(r Report) error { return r.EntryErr }
	cover := func(r Report) error { return r.CoverErr }
	inClear := func(r Report) error { return r.PublicErr }
	certifier := func(r Report) error { return r.CertifierErr }
	for name, test := range map[string]struct {
		change func(x *Disclosure)
		fact   func(Report) error
	}{
		"number":             {func(x *Disclosure) { x.Fields[2].Number++ }, field},
		"number far away":    {func(x *Disclosure) { x.Fields[3].Number = 1 << 40 }, field},
		"negative number":    {func(x *Disclosure) { x.Fields[0].Number = -1 }, field},
		"path":               {func(x *Disclosure) { x.Fields[2].Path = "goods[0].criterion" }, field},
		"not normalised":     {func(x *Disclosure) { x.Fields[2].Value = "8708.30" }, field},
		"required, absent":   {func(x *Disclosure) { x.Fields[2].Value, x.Fields[2].Present = "", false }, field},
		"fewer lines":        {func(x *Disclosure) { x.Fields[0].Value = "0" }, field},
		"value":              {func(x *Disclosure) { x.Fields[2].Value = "870840" }, cover},
		"more lines":         {func(x *Disclosure) { x.Fields[0].Value = "2" }, cover},
		"absent, now there":  {func(x *Disclosure) { x.Fields[1].Value, x.Fields[1].Present = "A1", true }, cover},
		"salt":               {func(x *Disclosure) { x.Fields[1].Salt[31] ^= 1 }, cover},
		"proof":              {func(x *Disclosure) { x.Proof[0][0] ^= 1 }, cover},
		"a field left out":   {func(x *Disclosure) { x.Fields = x.Fields[1:] }, cover},
		"no field":           {func(x *Disclosure) { x.Fields = nil }, cover},
		"out of order":       {func(x *Disclosure) { x.Fields[0], x.Fields[1] = x.Fields[1], x.Fields[0] }, cover},
		"public value":       {func(x *Disclosure) { x.Fields[3].Value = "CA" }, inClear},
		"public, now absent": {func(x *Disclosure) { x.Fields[3].Value, x.Fields[3].Present = "", false }, inClear},
		"entry":              {func(x *Disclosure) { x.Entry = x.Entry[1:] }, entry},
		"certifier's key":    {func(x *Disclosure) { x.Certifier.VKey = "" }, certifier},
		"its signature":      {func(x *Disclosure) { x.Certifier.Signature[0] ^= 1 }, certifier},
		"its salt":           {func(x *Disclosure) { x.Certifier.Salt[0] ^= 1 }, certifier},
	} {
		x, err := opening.Disclose(nil, true, "goods.count", "invoice", "goods[0].hs", "goods[0].origin.country")
		if err != nil {
			t.Fatal(err)
		}
		if r := x.Examine(); r.Err() != nil {
			t.Fatal(r.Err())
		}
		test.change(&x)
		if r := x.Examine(); test.fact(r) == nil || r.Err() == nil {
			t.Errorf("%s: the fact holds, all: %v", name, r.Err())
		}
	}
}

// TestHiddenLine: a holder who commits to a line behind goods.count cannot show it together with
// goods.count.
func TestHiddenLine(t *testing.T) {
	c := mustSeal(t, sample("import/1", importation())).open()
	hidden := c.table.Size(1)
	path, _ := c.table.At(hidden)
	value := c.values[path]
	c.values["goods.count"] = "1"
	leaves := c.leaves()
	leaves[hidden] = leaf{kind: present, path: path, value: value}
	c = commitTo(t, c, leaves)
	for number, good := range map[int]bool{c.table.Size(0): true, hidden: false} {
		numbers := []int{0, number}
		x := Disclosure{Entry: c.entry.Bytes(), Proof: c.tree.cover(numbers)}
		for _, n := range numbers {
			salt, err := c.salts.field(n)
			if err != nil {
				t.Fatal(err)
			}
			x.Fields = append(x.Fields, ShownField{Field{n, leaves[n].path, leaves[n].value, true}, salt})
		}
		if r := x.Examine(); r.CoverErr != nil || (r.Err() == nil) != good {
			t.Errorf("field %d with goods.count 1: cover %v, all %v", number, r.CoverErr, r.Err())
		}
	}
}

// commitTo commits to leaves that no honest holder makes.
func commitTo(t *testing.T, c content, leaves []leaf) content {
	t.Helper()
	var err error
	if c.salts, err = newSalts(c.secret, leaves); err != nil {
		t.Fatal(err)
	}
	hashes := make([]Hash, len(leaves))
	for i, l := range leaves {
		salt, err := c.salts.field(i)
		if err != nil {
			t.Fatal(err)
		}
		hashes[i] = l.hash(c.entry.contextHash(), salt)
	}
	c.tree = newTree(hashes)
	c.entry.Root = c.tree.root()
	return c
}

// TestCover compares covers with their definition: a hash is needed if nothing below it is shown,
// and something below its sibling is.
func TestCover(t *testing.T) {
	for width := 2; width <= 128; width *= 2 {
		leaves := make([]Hash, width)
		for i := range leaves {
			leaves[i] = sha256.Sum256(binary.BigEndian.AppendUint32(nil, uint32(i)))
		}
		tree := newTree(leaves)
		for round := range 100 {
			numbers := rand.Perm(width)[:1+round%width]
			slices.Sort(numbers)
			known := func(level, i int) bool {
				return slices.ContainsFunc(numbers, func(n int) bool { return n>>level == i })
			}
			var want []Hash
			for level := range len(tree) - 1 {
				for i, h := range tree[level] {
					if !known(level, i) && known(level, i^1) {
						want = append(want, h)
					}
				}
			}
			got := tree.cover(numbers)
			if !slices.Equal(got, want) {
				t.Fatalf("width %d, %v: a cover of %d hashes, want %d", width, numbers, len(got), len(want))
			}
			shown := make([]Hash, len(numbers))
			for i, n := range numbers {
				shown[i] = leaves[n]
			}
			if root, err := climb(width, numbers, shown, got); err != nil || root != naiveRoot(leaves) {
				t.Fatalf("width %d, %v: another root, %v", width, numbers, err)
			}
		}
	}
}
