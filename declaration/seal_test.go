// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"crypto/rand"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"testing"

	"cocket.example/declaration/rule"
)

func BenchmarkSeal(b *testing.B) {
	d := sample("import/1", importation())
	for b.Loop() {
		if _, err := d.Seal(rand.Reader); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWidth: the width is a power of two that holds the fields.
func TestWidth(t *testing.T) {
	d := sample("import/1", importation())
	for width, want := range map[int]int{0: 64, 32: -1, 64: 64, 128: 128, 65536: 65536, 16: -1, 48: -1, 1 << 17: -1, -32: -1} {
		d.Width = width
		o, err := d.Seal(rand.Reader)
		if got := o.open().entry.Width; (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("width %d gives %d, %v", width, got, err)
		}
	}
	fields := importation()
	fields["goods.count"] = "290"
	for i := range 290 {
		fields[fmt.Sprintf("goods[%d].hs", i)] = "080390"
	}
	if got := mustSeal(t, sample("import/1", fields)).open().entry.Width; got != 4096 {
		t.Errorf("290 lines in a tree of width %d", got)
	}
	fields["goods.count"] = "9999"
	if err := sample("import/1", fields).Validate(); !errors.Is(err, ErrInvalid) {
		t.Errorf("more lines than a tree can hold: %v", err)
	}
}

// TestPublicRefused: what the profile keeps private, or is absent, cannot be shown in clear.
func TestPublicRefused(t *testing.T) {
	for _, shown := range [][]string{{"goods[0].hs"}, {"goods[0].origin.country"}, {"colour"},
		{"departure.country", "departure.country"}} {
		d := sample("import/1", importation())
		d.Public = shown
		if _, err := d.Seal(rand.Reader); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", shown, err)
		}
	}
}

// TestShortRandom: no entry is sealed with half a secret.
func TestShortRandom(t *testing.T) {
	for n := range 64 {
		if _, err := sample("import/1", importation()).Seal(io.LimitReader(rand.Reader, int64(n))); err == nil {
			t.Fatalf("sealed with %d random bytes", n)
		}
	}
}

// importColumns are the fields that the columns of the real data hold, in order; what follows, the
// outcome of inspections, is no part of a declaration.
var importColumns = []string{
	"declaration.number", "declaration.date", "office", "process.type", "import.type", "import.use",
	"payment.type", "transport.mode", "declarant.id", "importer.id", "seller.id", "courier.id", "goods[0].hs",
	"departure.country", "goods[0].origin.country", "goods[0].tax.rate", "goods[0].tax.type",
	"goods[0].origin.indicator", "goods[0].net.mass", "goods[0].item.price",
}

// TestImportRows checks real data, and counts what it finds by field and code. All of it is good but the rows
// whose country is ZZ, which is none.
func TestImportRows(t *testing.T) {
	f, err := os.Open("../../shared/data/kr-import/df_syn_train_eng.csv")
	if err != nil {
		t.Skipf("no real data: %v", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	accepted, found := 0, make(map[string]int)
	for _, row := range rows[1:] {
		fields := map[string]string{"goods.count": "1"}
		for i, path := range importColumns {
			if row[i] != "" {
				fields[path] = row[i]
			}
		}
		findings, err := sample("import/1", fields).Check()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			found[string(f.Level)+" "+f.Code+" "+f.Field]++
		}
		unknown := row[13] == "ZZ" || row[14] == "ZZ"
		if (len(findings) > 0) != unknown {
			t.Errorf("row %q: %v", row, findings)
		}
		if len(findings.Of(rule.Error)) == 0 {
			accepted++
		}
	}
	t.Logf("%d rows, %d accepted", len(rows)-1, accepted)
	for _, code := range slices.Sorted(maps.Keys(found)) {
		t.Logf("%d %s", found[code], code)
	}
	if accepted == 0 || len(found) == 0 {
		t.Error("this test saw nothing")
	}
}
