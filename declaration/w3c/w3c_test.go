// SPDX-License-Identifier: Apache-2.0

package w3c

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"cocket.example/declaration"
	"cocket.example/declaration/rule"
)

// steelMill is a certification by an exporter who names his producer and his importer.
const steelMill = `{
	"@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/traceability/v1"],
	"type": ["VerifiableCredential", "USMCACertificationOfOrigin"],
	"validFrom": "2026-01-01T00:00:00Z", "validUntil": "2026-12-31T23:59:59Z",
	"issuer": {"type": ["Organization"], "name": "Sample Exporter",
		"employee": {"firstName": "Ana", "lastName": "Ruiz", "jobTitle": "Export manager"},
		"email": "export@exporter.example", "phoneNumber": "+52 229 000 0000", "taxId": "MAB930714-8T4",
		"location": {"address": {"streetAddress": "1 Harbour Road", "addressLocality": "Veracruz", "addressRegion": "VER",
			"postalCode": "91700", "addressCountry": "MX"}}},
	"credentialSubject": {"type": ["USMCAClaims"], "statement": "USMCA-5-A",
		"exporterDetails": {"name": "Sample Exporter", "email": "export@exporter.example"},
		"producerDetails": {"name": "Sample Mill", "email": "m@mill.example", "phoneNumber": "+52 81 0000 0000",
			"location": {"address": {"streetAddress": "2 Mill Lane", "addressLocality": "Monterrey", "addressCountry": "MX"}}},
		"importerDetails": [{"name": "Sample Importer",
			"location": {"address": {"streetAddress": "3 Quay", "addressLocality": "Houston", "addressCountry": "US"}}}],
		"goods": [{"description": "Steel tubes", "commodityCode": "7306.30", "commodityCodeType": "HS", "originCriterion": "B",
			"countryOfOrigin": "MX"}]},
	"proof": {"type": "DataIntegrityProof", "created": "2025-12-20T10:00:00Z", "proofValue": "z3u2"}}`

// wine is an entry summary of one line.
const wine = `{"type": "CBPEntrySummary", "entryNumber": "734-6188261-2", "entryDate": "2026-03-01T12:54Z", "entryType": "01",
	"transportMode": "Hand Carry", "portCode": {"usPortCode": "2709"}, "exportingCountry": "SG", "countryOfOrigin": "SG",
	"importerNumber": {"number": "061234-12345", "identifierType": "CBP"}, "manufacturerId": "SGSINWIN12SIN",
	"descriptionOfMerchandise": [{"commodity": {"commodityCode": "2204.21.60 00", "commodityCodeType": "HS"},
		"netQuantity": {"value": "6620", "unitCode": "kg"}, "enteredValue": {"price": 12000.50, "priceCurrency": "USD"}}]}`

// TestRead reads every member that has a field.
func TestRead(t *testing.T) {
	for _, test := range []struct{ file, notes, want string }{
		{steelMill, "W3C-INFERRED certifier.role, W3C-PROOF proof", `
			blanket.from 2026-01-01; blanket.to 2026-12-31; certifier.address 1 Harbour Road, Veracruz, VER 91700; certifier.country MX;
			certifier.email export@exporter.example; certifier.id RFC MAB930714-8T4; certifier.name Sample Exporter, Ana Ruiz;
			certifier.phone +52 229 000 0000; certifier.role EXPORTER; certifier.title Export manager; exporter.kind CERTIFIER;
			goods.count 1; goods[0].criterion B; goods[0].description Steel tubes; goods[0].hs 7306.30; goods[0].origin.country MX;
			goods[0].producer.address 2 Mill Lane, Monterrey; goods[0].producer.country MX; goods[0].producer.email m@mill.example;
			goods[0].producer.kind PARTY; goods[0].producer.name Sample Mill; goods[0].producer.phone +52 81 0000 0000;
			importer.address 3 Quay, Houston; importer.country US; importer.kind PARTY; importer.name Sample Importer;
			signature.date 2025-12-20; statement USMCA-5-A`},
		{wine, "", `
			declaration.date 2026-03-01; declaration.number 734-6188261-2; departure.country SG; goods.count 1;
			goods[0].hs 2204.21.60 00; goods[0].item.currency USD; goods[0].item.price 12000.50; goods[0].net.mass 6620;
			goods[0].origin.country SG; goods[0].producer.id MID SGSINWIN12SIN; import.type 01; importation.country US;
			importer.id CBP 061234-12345; office 2709; transport.mode HAND-CARRY`},
	} {
		d := mustRead(t, test.file)
		var got []string
		for _, path := range slices.Sorted(maps.Keys(d.Fields)) {
			got = append(got, path+" "+d.Fields[path])
		}
		want := strings.Split(strings.TrimSpace(test.want), ";")
		for i := range want {
			want[i] = strings.TrimSpace(want[i])
		}
		if !slices.Equal(got, want) {
			t.Errorf("read\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
		if notes := strings.Join(names(d.Notes), ", "); notes != test.notes {
			t.Errorf("noted %s", notes)
		}
		found, err := declaration.Declaration{Profile: d.Profile, Event: d.Event, Fields: d.Fields}.Check()
		if err != nil || len(found) > 0 {
			t.Errorf("it is not good: %v, %v", found, err)
		}
	}
}

func mustRead(t *testing.T, file string) Draft {
	t.Helper()
	d, err := Read([]byte(file))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return d
}

// claims is a part with some members.
func claims(members string) string { return `{"type": "USMCAClaims", "goods": [{}], ` + members + `}` }

// TestMeaning: what members mean, alone and together. An empty value is a field that is missing.
func TestMeaning(t *testing.T) {
	const mine, other = `"issuer": {"name": "Acme, S.A."}`, `{"name": "Other"}`
	for _, test := range []struct{ file, want string }{
		{claims(mine + `, "exporterDetails": {"name": "ACME SA"}`), "certifier.role EXPORTER, exporter.kind CERTIFIER"},
		{claims(mine + `, "producerDetails": [{"name": "Acme SA"}]`),
			"certifier.role PRODUCER, exporter.kind UNKNOWN, goods[0].producer.kind CERTIFIER"},
		{claims(mine + `, "importerDetails": [{"name": "Acme SA"}], "exporterDetails": ` + other),
			"certifier.role IMPORTER, importer.kind CERTIFIER, exporter.kind PARTY, exporter.name Other"},
		{claims(mine + `, "exporterDetails": ` + other), "certifier.role , exporter.kind PARTY"},
		{claims(`"issuer": {"name": "Acme", "taxId": "1"}, "exporterDetails": {"name": "Acme", "taxId": "2"}`), "certifier.role "},
		{claims(`"issuer": {"name": "Acme", "id": "did:x"}, "exporterDetails": {"name": "Acme de México", "id": "did:x"}`),
			"certifier.role EXPORTER, certifier.name Acme"},
		{claims(`"role": "Producteur"`), "certifier.role Producteur, exporter.kind UNKNOWN, goods[0].producer.kind CERTIFIER"},
		{claims(`"role": "Exporter"`), "exporter.kind CERTIFIER, goods[0].producer.kind , importer.kind "},
		{claims(`"role": "Importer"`), "exporter.kind , importer.kind CERTIFIER"},
		{claims(`"role": "Importer", ` + mine + `, "exporterDetails": {"name": "Acme SA"}`), "exporter.kind PARTY"},
		{claims(`"role": "Exporter", ` + mine + `, "importerDetails": {"name": "Acme SA"}`), "importer.kind PARTY, importer.name Acme SA"},

		{claims(`"producerConfidential": true, "producerDetails": ` + other), "goods[0].producer.kind ON-REQUEST, goods[0].producer.name "},
		{claims(`"producerConfidential": false, "producerDetails": ` + other), "goods[0].producer.kind PARTY, goods[0].producer.name Other"},
		{claims(`"producerDetails": "Various"`), "goods[0].producer.kind VARIOUS"},
		{claims(`"producerDetails": {"name": "Disponible a solicitud de las autoridades importadoras"}`), "goods[0].producer.kind ON-REQUEST"},
		{claims(`"producerDetails": [` + other + `, {"name": "Third"}]`), "goods[0].producer.kind VARIOUS"},
		{claims(`"exporterDetails": ` + other + `, "producerDetails": ` + other), "exporter.kind PARTY, goods[0].producer.kind EXPORTER"},

		{claims(`"importerUnknown": true`), "importer.kind UNKNOWN"}, {claims(`"variousImporters": true`), "importer.kind VARIOUS"},
		{claims(`"importerDetails": [` + other + `]`), "importer.kind PARTY, importer.name Other"},
		{claims(`"importerDetails": [` + other + `, {"name": "Third"}]`), "importer.kind VARIOUS, importer.name "},
		{claims(`"importerDetails": "Desconocido"`), "importer.kind UNKNOWN"},

		{claims(`"validFrom": "2026-05-04T01:00:00+02:00"`), "signature.date 2026-05-04, blanket.from "},
		{claims(`"validFrom": "2026-05-04T00:00:00Z", "validUntil": "2027-05-03"`),
			"signature.date , blanket.from 2026-05-04, blanket.to 2027-05-03"},
		{claims(`"validFrom": "2026-05-04T00:00:00Z", "blanketPeriodFrom": "2026-06-01", "blanketPeriodTo": "2026-07-01"`),
			"signature.date 2026-05-04, blanket.from 2026-06-01, blanket.to 2026-07-01"},
		{claims(`"issuanceDate": "2026-05-04T00:00:00Z", "validFrom": "2026-06-01T00:00:00Z"`), "signature.date 2026-05-04"},
		{claims(`"validFrom": "4 May 2026"`), "signature.date 4 May 2026"},

		{`{"type": "USMCAProduct", "commodityCode": "7213.20.0010", "commodityCodeType": "HTS"}`, "goods[0].hs 721320"},
		{`{"type": "USMCAProduct", "commodityCode": "721320001", "commodityCodeType": "HTS"}`, "goods[0].hs 721320001"},
		{`{"type": "USMCAProduct", "commodityCode": "7213200010", "commodityCodeType": "HS"}`, "goods[0].hs 7213200010"},

		{`{"type": "CBPImporterOfRecord", "number": "12-3456789", "identifierType": "IRS"}`, "importer.id EIN 12-3456789"},
		{`{"type": "CBPImporterOfRecord", "number": "123-45-6789", "identifierType": "SSN"}`, "importer.id SSN 123-45-6789"},
		{`{"type": "CBPImporterOfRecord", "number": "123-45-6789", "identifierType": "IRS"}`, "importer.id EIN 123-45-6789"},
		{`{"type": "CBPImporterOfRecord", "number": "10025672"}`, "importer.id 10025672, importation.country US"},
		{`{"type": "CBPImporterOfRecord", "number": "7", "identifierType": "Guild"}`, "importer.id 7"},
		{`{"type": "CBPEntrySummary", "countryOfOrigin": "MULTI", "manufacturerId": "MULTI",
			"descriptionOfMerchandise": [{"countryOfOrigin": "FR"}, {"netQuantity": {"value": "5", "unitCode": "lbs"}}]}`,
			"goods.count 2, goods[0].origin.country FR, goods[1].origin.country , goods[0].producer.id , goods[1].net.mass "},
		{`{"type": "CBPEntry", "entryType": "Quota/Visa 02", "importerOfRecord": {"name": "Other"}}`, "import.type 02, importer.id "},
		{`{"type": "CBPEntry", "entryType": "Quota 02"}`, "import.type Quota 02"},
		{`{"type": ["VerifiableCredential", "Unheard"], "credentialSubject": [{"type": "EntryNumber", "entryNumber": 5}]}`,
			"declaration.number 5"},
	} {
		d := mustRead(t, test.file)
		for _, f := range strings.Split(test.want, ", ") {
			field, want, _ := strings.Cut(f, " ")
			if got := d.Fields[field]; got != want {
				t.Errorf("%s\n%s is %q, want %q", test.file, field, got, want)
			}
		}
	}
}

// TestTaxID: a tax number is of its country's scheme if it has the form; a social security number is never an EIN.
func TestTaxID(t *testing.T) {
	for number, want := range map[string]string{
		"US 12-3456789": "EIN 12-3456789", "USA 12-3456789": "EIN 12-3456789", "US 123-45-6789": "123-45-6789",
		"MX MAB930714-8T4": "RFC MAB930714-8T4", "Mexico 12-3456789": "12-3456789", "CA 123026635": "BN 123026635",
		"DE 123456789": "123456789",
	} {
		country, id, _ := strings.Cut(number, " ")
		d := mustRead(t, fmt.Sprintf(`{"type": "USMCACertifier", "certifierDetails": {"taxId": %q, "address": {"addressCountry": %q}}}`,
			id, country))
		if got := d.Fields["certifier.id"]; got != want {
			t.Errorf("%s: %q, want %q", number, got, want)
		}
	}
}

// TestNotes breaks every rule of readers alone, and passes it at its edge.
func TestNotes(t *testing.T) {
	const one = `{"type": "USMCAProduct", "commodityCode": "7213.20.0010", "commodityCodeType": "HTS"`
	cases := map[string]struct{ breaks, at, edge string }{
		"UNMAPPED":     {`{"type": "EntryNumber", "entryNumber": "1", "id": ""}`, "id", `{"type": "EntryNumber", "entryNumber": "1"}`},
		"W3C-PROOF":    {`{"type": "EntryNumber", "proof": [{"jws": "x"}, {}]}`, "proof", `{"type": "EntryNumber"}`},
		"W3C-INFERRED": {`{"type": "EntryNumber", "validFrom": "2026-01-01"}`, "declaration.date", `{"type": "EntryNumber", "entryDate": "2026-01-01"}`},
		"W3C-HS6":      {one + `}`, "goods[0].hs", strings.Replace(one, ".0010", "", 1) + `}`},
	}
	for _, r := range rule.Readers() {
		c, ok := cases[r.Code]
		if !ok {
			t.Errorf("%s has no case that breaks it alone and none at its edge", r.Code)
			continue
		}
		notes := mustRead(t, c.breaks).Notes
		if got := names(notes); len(got) != 1 || got[0] != r.Code+" "+c.at || len(notes[0].Args) != len(r.Args) {
			t.Errorf("%s: noted %q", r.Code, got)
		}
		if got := mustRead(t, c.edge).Notes; len(got) > 0 {
			t.Errorf("%s: at its edge there is %q", r.Code, got)
		}
	}
}

// TestUnmapped: of an object of which nothing was used there is one note, of another one for each value left.
func TestUnmapped(t *testing.T) {
	d := mustRead(t, `{"@context": ["https://w3id.org/traceability/v1", "https://other.example"], "type": ["EntryNumber", "Ticket"],
		"a": {"type": "Place", "b": 1, "c": [true]}, "d.e": [], "f": {}, "g": null, "importerOfRecord": {"number": "1", "x": {"y": 2}},
		"exporterDetails": {"type": "Organization"}, "proof": {"x": 1}, "i.j": {"\u001b": 1, "type": ["Place", "k"]}}`)
	want := []string{"W3C-PROOF proof", "UNMAPPED @context[1]", "UNMAPPED type[1]", "UNMAPPED a", `UNMAPPED ["d.e"]`, "UNMAPPED f",
		"UNMAPPED g", "UNMAPPED importerOfRecord.x", `UNMAPPED ["i.j"]`}
	if got := names(d.Notes); !slices.Equal(got, want) {
		t.Errorf("noted %q, want %q", got, want)
	}
}

// TestPath: a path is one that prints, and no other value has it.
func TestPath(t *testing.T) {
	n, err := parse([]byte(`{"a": [{"b.c": {"\u001b\"": [[1]], "": {"\u202e": 1, "é": 2}}}], "` + strings.Repeat("x", maxShown+1) + `": 3}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	n.walk(func(n *node) { got = append(got, n.path()) })
	want := []string{`a[0]["b.c"]["\x1b\""][0][0]`, `a[0]["b.c"][""]["\u202e"]`, `a[0]["b.c"][""].é`, strings.Repeat("x", maxShown) + "…"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestManyLines: of more lines than a declaration can have none is read, and their number is refused.
func TestManyLines(t *testing.T) {
	file := `{"type": "USMCAClaims", "goods": [` + strings.Repeat(`{"description": "x"},`, maxLines) + `{}]}`
	d := mustRead(t, file)
	if d.Fields["goods.count"] != "10000" || d.Fields["goods[0].description"] != "" || len(d.Notes) != 1 || d.Notes[0].Field != "goods" {
		t.Errorf("%d fields, %v", len(d.Fields), d.Notes)
	}
	found, err := declaration.Declaration{Profile: d.Profile, Event: d.Event, Fields: d.Fields}.Check()
	if err != nil || found[0].Code != "COUNT" {
		t.Errorf("%v, %v", found, err)
	}
}

// TestFrom: findings can be told with the place in the file, also of what is not there.
func TestFrom(t *testing.T) {
	d := mustRead(t, `{"type": "USMCACertificationOfOrigin", "credentialSubject": {"goods": [{"commodityCode": "1"}]}}`)
	for field, want := range map[string]string{
		"certifier.title": "issuer.employee.jobTitle", "certifier.email": "issuer.employee.email", "signature.date": "proof.created",
		"statement": "credentialSubject.statement", "goods[0].hs": "credentialSubject.goods[0].commodityCode",
		"goods[0].producer.kind": "credentialSubject.producerDetails", "goods.count": "credentialSubject.goods",
	} {
		if d.From[field] != want {
			t.Errorf("%s: from %q, want %q", field, d.From[field], want)
		}
	}
}

// TestRefused: what is not read says why, and is invalid.
func TestRefused(t *testing.T) {
	deep := strings.Repeat(`{"a":`, limits.Depth+2) + "1" + strings.Repeat("}", limits.Depth+2)
	for file, want := range map[string]string{
		``: "line 1: unexpected EOF", `[]`: "want an object", `{"type": "EntryNumber"} 1`: "behind", `{"type": "EntryNumber"`: "unexpected EOF",
		"{\n\"a\": {\"b\": 1, \"b\": 2}}": "line 2: a.b stands there twice", "{\"a\": \"\xff\"}": "UTF-8", deep: "deeper than 16",
		`{"` + strings.Repeat("x", limits.Name+1) + `": 1}`: "257 bytes", strings.Repeat(" ", limits.Bytes+1): "want at most",
		`{}`: "want one of CBP3461", `{"type": "VerifiablePresentation"}`: `type "VerifiablePresentation"`,
		`{"credentialSubject": [{"type": "EntryNumber"}, {}]}`: "2 of them, want one",
	} {
		if _, err := Read([]byte(file)); !errors.Is(err, declaration.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", file, err, want)
		}
	}
}

func TestRecognise(t *testing.T) {
	for file, want := range map[string]bool{
		steelMill: true, wine: true, `{"id": {"x": [1]}, "type": "x"`: true, `{"@context": 1`: true, `{"goods": [{"type": "x"}]}`: false,
		`[{"type": "x"}]`: false, `{"a": `: false, ``: false, `{"certifier": {"role": "PRODUCER"}}`: false, `{1`: false,
	} {
		if Recognise([]byte(file)) != want {
			t.Errorf("%.40s: %v", file, !want)
		}
	}
}

// TestSecret: no log shows what a draft holds.
func TestSecret(t *testing.T) {
	d := mustRead(t, steelMill)
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "draft", d)
	fmt.Fprintf(&b, "%v %+v %#v %s", d, d, &d, d)
	if strings.Contains(b.String(), "Sample") || !strings.Contains(b.String(), "draft of USMCACertificationOfOrigin") {
		t.Error(b.String())
	}
}
