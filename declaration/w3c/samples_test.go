// SPDX-License-Identifier: Apache-2.0

package w3c

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cocket.example/declaration"
	"cocket.example/declaration/rule"
	"cocket.example/internal/strict"
)

const samples = "../../../shared/data/w3c-traceability"

// mend sets a member of a sample, as path=JSON, which ends these findings and no others.
type mend struct{ set, ends string }

// sample is one of the vocabulary's, how many of its values have no field, and how it is mended. What the mends
// end is everything that is wrong with it.
type sample struct {
	file     string
	profile  string // where the credential does not tell it
	unmapped int
	inferred string // fields that were concluded
	mends    []mend
}

const (
	signatory = `{"firstName":"John","lastName":"Doe","jobTitle":"Clerk","email":"j@steel.example","phoneNumber":"555-867-5309"}`
	place     = `{"address":{"streetAddress":"1 Harbour Road","addressLocality":"Veracruz","addressCountry":"MX"}}`
	steel     = `{"name":"American Prime Steel Inc.","employee":` + signatory + `,"location":{"address":{"streetAddress":` +
		`"1551 Keebler Knoll","addressLocality":"Vivianeburgh","addressCountry":"US"}}}`
	signed    = `proof={"type":"DataIntegrityProof","created":"2023-01-01T20:29:37Z"}`
	certifier = "REQUIRED certifier.title, REQUIRED certifier.name, REQUIRED certifier.address, REQUIRED certifier.country, " +
		"REQUIRED certifier.phone, REQUIRED certifier.email"
	oneLine = `[{"commodity":{"commodityCode":"9403.70.00.00","commodityCodeType":"HTS"}}]`
)

var (
	entryDay   = mend{`entryDate="2022-02-25"`, "REQUIRED declaration.date"}
	entryCheck = mend{`entryNumber="123-4512345-4"`, "ENTRY-CHECK declaration.number"}
	inBond     = mend{`inBondNumber="257700030"`, "INBOND-FORM inbond.number"}
	importer   = mend{`importerOfRecord.number="061234-12345"`, "ID-FORM importer.id"}
)

// in moves mends into a credential's subject.
func in(mends ...mend) []mend {
	mends = slices.Clone(mends)
	for i := range mends {
		mends[i].set = "credentialSubject." + mends[i].set
	}
	return mends
}

var sampled = []sample{
	{file: "credentials__USMCACertificationOfOrigin", unmapped: 4, inferred: "certifier.role", mends: append(in(
		mend{`statement="USMCA-5-A"`, "REQUIRED statement"},
		mend{`goods[0].originCriterion="B"`, "USMCA-7-A-MADE goods[0].criterion"},
		mend{`goods[0].countryOfOrigin="US"`, "USMCA-ORIGIN-PRODUCER goods[0].origin.country"},
		mend{`producerDetails.email="melt@steel.example"`, "REQUIRED-WHERE goods[0].producer.email"},
		mend{`producerDetails.taxId="12-345678000"`, "ID-EIN-SUFFIX goods[0].producer.id"},
		mend{`producerDetails.location.address.addressCountry="US"`, "COUNTRY-NAME goods[0].producer.country"},
		mend{`importerDetails[0].location.address.addressCountry="MX"`, "COUNTRY-NAME importer.country"},
		mend{`exporterDetails.taxId="12-345678000"`, "ID-EIN-SUFFIX certifier.id"},
		mend{`invoiceNumber=null`, "USMCA-6-INVOICE-PERIOD invoice"}), mend{signed, "REQUIRED signature.date"})},
	{file: "credentials__CertificationOfOrigin", profile: "usmca/1", unmapped: 4, inferred: "signature.date", mends: append(in(
		mend{`role="Exporter"`, "REQUIRED certifier.role, REQUIRED exporter.kind"},
		mend{`manufacturingCountry="MX"`, "COUNTRY-PARTY goods[0].origin.country"},
		mend{`producerConfidential=true`, "REQUIRED goods[0].producer.kind"},
		mend{`variousImporters=true`, "REQUIRED importer.kind"},
		mend{`items[0].originCriterion="B"`, "REQUIRED goods[0].criterion"},
		mend{`statement="USMCA-5-A"`, "REQUIRED statement"}),
		mend{"issuer.employee=" + signatory, "REQUIRED certifier.title, REQUIRED certifier.phone, REQUIRED certifier.email"},
		mend{"issuer.location=" + place, "REQUIRED certifier.address, REQUIRED certifier.country"})},
	{file: "common__USMCAClaims", unmapped: 2, mends: []mend{
		{"issuer=" + steel, "REQUIRED certifier.role, " + certifier},
		{signed, "REQUIRED signature.date"}, {`statement="USMCA-5-A"`, "REQUIRED statement"},
		{`importerDetails[0].location.address.addressCountry="MX"`, "COUNTRY-NAME importer.country"},
		{`goods[0].originCriterion="B"`, "USMCA-7-A-MADE goods[0].criterion"},
		{`goods[0].countryOfOrigin="US"`, "USMCA-ORIGIN-PRODUCER goods[0].origin.country"},
		{`producerDetails.location.address.addressCountry="US"`, "COUNTRY-NAME goods[0].producer.country"},
		{`producerDetails.email="melt@steel.example"`, "REQUIRED-WHERE goods[0].producer.email"}}},
	{file: "common__USMCACertifier", unmapped: 2, mends: []mend{
		{"certifierDetails.employee=" + signatory, "REQUIRED certifier.title"},
		{`certifierDetails.location.address.addressCountry="MX"`, "COUNTRY-NAME certifier.country"},
		{signed, "REQUIRED signature.date"}, {`statement="USMCA-5-A"`, "REQUIRED statement"},
		{`importerUnknown=true`, "REQUIRED importer.kind"},
		{`goods=[{"description":"Steel tubes","commodityCode":"7306.30","originCriterion":"B"}]`,
			"LINES-FEW goods.count, +REQUIRED goods[0].producer.kind"},
		{`producerDetails="Available upon request by the importing authorities."`, "REQUIRED goods[0].producer.kind"}}},
	{file: "common__USMCAProduct", mends: []mend{
		{`originCriterion="B"`, "USMCA-7-A-MADE goods[0].criterion"},
		{"issuer=" + steel, certifier}, {`role="Producer"`, "REQUIRED certifier.role, REQUIRED exporter.kind, " +
			"REQUIRED goods[0].producer.kind, +USMCA-ORIGIN-PRODUCER goods[0].origin.country"},
		{`countryOfOrigin="US"`, "USMCA-ORIGIN-PRODUCER goods[0].origin.country"},
		{`importerUnknown=true`, "REQUIRED importer.kind"},
		{signed, "REQUIRED signature.date"}, {`statement="USMCA-5-A"`, "REQUIRED statement"}}},

	{file: "credentials__CBP3461EntryCredential", unmapped: 25, inferred: "declaration.date",
		mends: in(mend{`entryNumber="123-4512345-4"`, "ENTRY-FORM declaration.number"}, inBond, importer)},
	{file: "common__CBPEntry", unmapped: 23, mends: []mend{entryDay, entryCheck, inBond, importer}},
	{file: "credentials__CBP7501EntrySummaryCredential", unmapped: 31, mends: in(summaryMends...)},
	{file: "common__CBPEntrySummary", unmapped: 28, mends: summaryMends},
	{file: "credentials__CBPEntryType86Credential", unmapped: 4, inferred: "declaration.date", mends: in(entryCheck, importer)},
	{file: "common__CBPEntryType86", unmapped: 2, mends: []mend{entryDay, entryCheck, importer}},
	{file: "credentials__CBPSection321DeMinimisCredential", unmapped: 13, inferred: "declaration.date",
		mends: in(mend{`entryNumber="SP7-0000001-4"`, "REQUIRED declaration.number"},
			mend{`htsusNumber="8711.60.00.90"`, "REQUIRED goods[0].hs"})},
	{file: "credentials__EntryNumberCredential", unmapped: 2, inferred: "declaration.date",
		mends: in(entryCheck, mend{"lineItems=" + oneLine, "LINES-FEW goods.count"})},
	{file: "common__EntryNumber", mends: []mend{entryDay, entryCheck, {"lineItems=" + oneLine, "LINES-FEW goods.count"}}},
	{file: "common__CBPImporterOfRecord", mends: []mend{entryDay, {`number="061234-12345"`, "ID-FORM importer.id"},
		{`entryNumber="SP7-0000001-4"`, "REQUIRED declaration.number"}, {"lineItems=" + oneLine, "LINES-FEW goods.count"}}},
	{file: "common__CBPEntryEntity", unmapped: 2, mends: []mend{entryDay, importer,
		{`entryNumber="SP7-0000001-4"`, "REQUIRED declaration.number"}, {"lineItems=" + oneLine, "LINES-FEW goods.count"}}},
	{file: "common__CBPEntryLineItem", unmapped: 3,
		mends: []mend{entryDay, {`entryNumber="SP7-0000001-4"`, "REQUIRED declaration.number"}}},
	{file: "common__CBPEntrySummaryLineItem", unmapped: 9,
		mends: []mend{entryDay, {`entryNumber="SP7-0000001-4"`, "REQUIRED declaration.number"}}},
}

var summaryMends = []mend{
	{`entryNumber="734-6188261-2"`, "ENTRY-CHECK declaration.number"},
	{`immediateTransportationNumber="257700030"`, "INBOND-FORM inbond.number"},
	{`importerNumber.number="061234-12345"`, "ID-FORM importer.id"},
	{`manufacturerId="SGSINWIN12SIN"`, "ID-FORM goods[0].producer.id"},
}

// refusedSamples are of types that make no declaration.
var refusedSamples = []string{"common__Commodity", "common__TradeLineItem", "credentials__CommercialInvoiceCredential",
	"credentials__MillTestReportCredential"}

// TestSamples: every fault of the samples of certifications, entries and importers is named by field and code, and
// each is gone when it is mended, one after the other, until nothing is left.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob(samples + "/*.json")
	if err != nil || len(files) == 0 {
		t.Skip("no samples of the W3C traceability vocabulary")
	}
	if len(files) != len(sampled)+len(refusedSamples) {
		t.Errorf("%d samples, want %d", len(files), len(sampled)+len(refusedSamples))
	}
	counts := make(map[string]int)
	for _, s := range sampled {
		t.Run(s.file, func(t *testing.T) { s.test(t, counts) })
	}
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%3d %s", counts[code], code)
	}
}

func (s sample) test(t *testing.T, counts map[string]int) {
	var want []string
	for _, m := range s.mends {
		for _, f := range strings.Split(m.ends, ", ") {
			if !strings.HasPrefix(f, "+") && !slices.Contains(added(s.mends), f) {
				want = append(want, f)
			}
		}
	}
	file := readSample(t, s.file)
	findings, notes := s.faults(t, file)
	for _, f := range append(slices.Clone(findings), notes...) {
		code, _, _ := strings.Cut(f, " ")
		counts[code]++
	}
	compare(t, "as it is", findings, want)
	var inferred []string
	unmapped := 0
	for _, n := range notes {
		if field, ok := strings.CutPrefix(n, "W3C-INFERRED "); ok {
			inferred = append(inferred, field)
		}
		if strings.HasPrefix(n, "UNMAPPED ") {
			unmapped++
		}
	}
	if unmapped != s.unmapped || strings.Join(inferred, " ") != s.inferred {
		t.Errorf("%d unmapped, concluded %q, want %d and %q\n%s", unmapped, inferred, s.unmapped, s.inferred, strings.Join(notes, "\n"))
	}
	for _, m := range s.mends {
		path, value, _ := strings.Cut(m.set, "=")
		file = set(t, file, path, value)
		for _, f := range strings.Split(m.ends, ", ") {
			if more, ok := strings.CutPrefix(f, "+"); ok {
				want = append(want, more)
				continue
			}
			want = slices.DeleteFunc(want, func(w string) bool { return w == f })
		}
		findings, _ := s.faults(t, file)
		compare(t, m.set, findings, want)
	}
	if len(want) > 0 {
		t.Errorf("mended, it still has %q", want)
	}
}

// added are the findings that a mend brings to light: "+…".
func added(mends []mend) (list []string) {
	for _, m := range mends {
		for _, f := range strings.Split(m.ends, ", ") {
			if more, ok := strings.CutPrefix(f, "+"); ok {
				list = append(list, more)
			}
		}
	}
	return list
}

func compare(t *testing.T, when string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Fatalf("%.60s: found\n  %s\nwant\n  %s", when, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// faults returns what is wrong with the declaration of a file, and what its reader noted.
func (s sample) faults(t *testing.T, file any) (faults, notes []string) {
	t.Helper()
	b, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	if !Recognise(b) {
		t.Error("not recognised")
	}
	draft, err := Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if (draft.Profile == "") != (s.profile != "") {
		t.Errorf("profile %q", draft.Profile)
	}
	found, err := declaration.Declaration{Profile: s.profile + draft.Profile, Event: draft.Event, Fields: draft.Fields}.Check()
	if err != nil {
		t.Fatal(err)
	}
	return names(found), names(draft.Notes)
}

func names(list rule.Findings) (codes []string) {
	for _, f := range list {
		codes = append(codes, f.Code+" "+f.Field)
	}
	return codes
}

func readSample(t *testing.T, name string) (file any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(samples, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// set puts a value into a tree of JSON; null takes one out.
func set(t *testing.T, tree any, path, value string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(value), &v); err != nil {
		t.Fatal(err)
	}
	step, rest, deeper := strings.Cut(path, ".")
	name, index, isList := strings.Cut(strings.TrimSuffix(step, "]"), "[")
	object, ok := tree.(map[string]any)
	if !ok {
		t.Fatalf("%s: no object", path)
	}
	switch {
	case !deeper && v == nil:
		delete(object, name)
	case !deeper:
		object[name] = v
	case isList:
		i, err := strict.Decimal(index)
		if err != nil {
			t.Fatal(err)
		}
		set(t, object[name].([]any)[i], rest, value)
	default:
		set(t, object[name], rest, value)
	}
	return tree
}

// TestOtherTypes: what is no declaration is refused with its type, and with those that are read.
func TestOtherTypes(t *testing.T) {
	for _, name := range refusedSamples {
		b, err := os.ReadFile(filepath.Join(samples, name+".json"))
		if err != nil {
			t.Skip("no samples of the W3C traceability vocabulary")
		}
		_, kind, _ := strings.Cut(name, "__")
		_, err = Read(b)
		if !Recognise(b) || !errors.Is(err, declaration.ErrInvalid) || !strings.Contains(err.Error(), "USMCACertificationOfOrigin") ||
			!strings.Contains(err.Error(), "type \""+kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
