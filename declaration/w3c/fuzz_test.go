// SPDX-License-Identifier: Apache-2.0

package w3c

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cocket.example/declaration"
	"cocket.example/declaration/form"
	"cocket.example/declaration/ident"
)

// FuzzRead: what is read is refused, or makes a declaration that our own JSON says again; and of the file no text
// and no number is lost: it is in a field, it is one that decided a field, or it is noted.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{steelMill, wine, claims(`"role": "Producteur", "producerConfidential": true, "importerUnknown": true`),
		claims(`"producerDetails": "Various", "importerDetails": [{"name": "a"}, {"name": "b"}], "blanketPeriodTo": "2026-01-01"`),
		strings.Replace(steelMill, "USMCACertificationOfOrigin", "CertificationOfOrigin", 1),
		strings.Replace(wine, "CBPEntrySummary", "CBPEntry", 1), strings.Replace(wine, "CBPEntrySummary", "CBPEntryType86", 1),
		`{"type": "CBPEntryLineItem", "commodity": {"commodityCode": "9403 7000 00"}, "productDescription": "x\ud800", "itemCount": 4e2}`,
		`{"type": "DeMinimisShipment", "enhancedProductDescription": "bike", "htsusNumber": "8711600090", "a[0].b\"": null}`,
		`{"type": "CBPEntryEntity", "importerOfRecord": {"identifierType": "irs", "number": "123456789"}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		draft, err := Read(b)
		if err != nil {
			if !errors.Is(err, declaration.ErrInvalid) || draft.Fields != nil {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		nothingLost(t, b, draft)
		if draft.Profile == "" {
			draft.Profile = usmca
		}
		sealedAgain(t, draft)
	})
}

// nothingLost looks for every text and number of the file.
func nothingLost(t *testing.T, b []byte, draft Draft) {
	t.Helper()
	file, err := parse(b)
	if err != nil {
		t.Fatal(err)
	}
	noted := make(map[string]bool)
	for _, n := range draft.Notes {
		noted[n.Field] = true
		if n.Code == "UNMAPPED-MORE" {
			return // is not listed
		}
	}
	values := strings.Join(slices.Collect(maps.Values(draft.Fields)), "\n")
	file.walk(func(n *node) {
		for at := n; at != nil; at = at.parent {
			if noted[at.path()] {
				return
			}
		}
		text, ok := n.text()
		if !ok || strings.Contains(values, strings.TrimSpace(text)) || decided(n, text) ||
			timeForm.MatchString(text) && strings.Contains(values, text[:10]) ||
			noted[fieldFrom(draft, n.path())] { // W3C-HS6
			return
		}
		t.Fatalf("%s %q is lost", n.path(), text)
	})
}

// decided reports whether a text may be one that is kept as a code.
func decided(n *node, text string) bool {
	switch n.name {
	case "type", "@context":
		return slices.Contains(known, text)
	case "identifierType":
		scheme := strings.ToUpper(strings.TrimSpace(text))
		return scheme == "IRS" || ident.IsScheme(scheme)
	case "unitCode":
		return strings.EqualFold(text, "kg") || text == "KGM"
	case "commodityCodeType":
		return text == "HS" || text == "HTS"
	case "entryType":
		return slices.Contains(entryTypes, text)
	case "transportMode", "modeOfTransportation":
		return text == "Hand Carry"
	}
	return form.Phrase(text) != ""
}

// fieldFrom is the field that was read from a place of the file.
func fieldFrom(draft Draft, path string) string {
	for field, from := range draft.From {
		if from == path {
			return field
		}
	}
	return ""
}

// sealedAgain seals the draft, and again what our own JSON says of it.
func sealedAgain(t *testing.T, draft Draft) {
	t.Helper()
	d := declaration.Declaration{Log: "customs.example/log", Submitter: "broker.example", Profile: draft.Profile,
		Event: draft.Event, Fields: draft.Fields}
	opening, err := d.Seal(bytes.NewReader(make([]byte, 64)))
	if err != nil {
		if !errors.Is(err, declaration.ErrInvalid) {
			t.Fatal(err)
		}
		return
	}
	normal := make(map[string]string)
	for _, field := range opening.Fields() {
		normal[field.Path] = field.Value
	}
	if d.Fields, err = declaration.ParseFields(nested(t, normal)); err != nil || !maps.Equal(d.Fields, normal) {
		t.Fatalf("our own JSON says something else: %v", err)
	}
	again, err := d.Seal(bytes.NewReader(make([]byte, 64)))
	if err != nil || !bytes.Equal(again.Entry(), opening.Entry()) {
		t.Fatalf("normalising twice gives something else: %v", err)
	}
}

// nested prints fields as our own JSON.
func nested(t *testing.T, fields map[string]string) []byte {
	t.Helper()
	count, err := strconv.Atoi(fields["goods.count"])
	if err != nil {
		t.Fatal(err)
	}
	root, goods := make(map[string]any), make([]any, count)
	for i := range goods {
		goods[i] = make(map[string]any)
	}
	for path, value := range fields {
		object := root
		if line, rest, ok := strings.Cut(strings.TrimPrefix(path, "goods["), "]."); ok {
			i, _ := strconv.Atoi(line)
			object, path = goods[i].(map[string]any), rest
		}
		steps := strings.Split(path, ".")
		for _, step := range steps[:len(steps)-1] {
			if object[step] == nil {
				object[step] = make(map[string]any)
			}
			object = object[step].(map[string]any)
		}
		object[steps[len(steps)-1]] = value
	}
	root["goods"] = goods
	b, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// members are the names that the reader knows, and some that it does not.
var members = strings.Fields(`@context type id credentialSubject issuer proof created validFrom validUntil issuanceDate
	certifier certifierDetails role exporterDetails producerDetails producerConfidential importerDetails importerUnknown
	variousImporters invoiceNumber statement blanketPeriodFrom blanketPeriodTo goods items product commodity commodityCode
	commodityCodeType description originCriterion countryOfOrigin manufacturingCountry name employee firstName lastName
	jobTitle email phoneNumber taxId location address streetAddress postOfficeBoxNumber addressLocality addressRegion
	postalCode addressCountry entryNumber entryDate summaryDate importDate arrivalDate portOfEntry portCode usPortCode
	unLocode entryType transportMode modeOfTransportation billOfLadingNumber bolNumber immediateTransportationNumber
	inBondNumber originatorCode importerOfRecord importerNumber identifierType number marketplaceSellerAccountNumber
	exportingCountry lineItems descriptionOfMerchandise htsusNumber productDescription manufacturerId netQuantity value
	unitCode quantity itemCount enteredValue price priceCurrency fairRetailValue currency scac bondType a.b`)

// grower grows credentials of known and unknown members, in which hardly two texts are the same.
type grower struct {
	*rand.Rand
	texts int
}

func (g *grower) object(depth int) map[string]any {
	object := map[string]any{"type": g.pick(append(Types(), "Organization", "Unheard"))}
	for range 1 + g.IntN(12) {
		object[g.pick(members)] = g.value(depth + 1)
	}
	return object
}

func (g *grower) pick(list []string) string { return list[g.IntN(len(list))] }

func (g *grower) value(depth int) any {
	switch n := g.IntN(12); {
	case n < 4 && depth < 3:
		return g.object(depth)
	case n < 5 && depth < 3:
		return []any{g.object(depth), g.value(depth), g.value(depth)}[:g.IntN(4)]
	case n < 6:
		return g.IntN(2) == 0
	case n < 7:
		return g.pick([]string{"Various", "Exporter", "Producteur", "Importer", "HTS", "HS", "KGM", "IRS", "SSN", "MULTI", "Hand Carry",
			"Quota/Visa 02", "US", "Mexico", "2026-05-04T00:00:00Z", "7213.20.0010", "available upon request by the importing authorities"})
	}
	g.texts++
	if g.IntN(3) == 0 {
		return 1_000_000 + g.texts
	}
	return fmt.Sprintf("text %d", 1_000_000+g.texts)
}

// FuzzTree is FuzzRead with credentials that are grown, of every type.
func FuzzTree(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := grower{Rand: rand.New(rand.NewPCG(seed, 1))}
		file := g.object(0)
		file["type"] = g.pick(Types())
		if g.IntN(2) == 0 {
			file["credentialSubject"] = g.object(1)
		}
		b, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		draft, err := Read(b)
		if err != nil {
			if !strings.Contains(err.Error(), "want one") {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		nothingLost(t, b, draft)
	})
}

// TestFuzzSeeds: two of the seeds are sealed, so that the fuzzer begins with good declarations.
func TestFuzzSeeds(t *testing.T) {
	for _, file := range []string{steelMill, wine} {
		draft := mustRead(t, file)
		if err := (declaration.Declaration{Profile: draft.Profile, Event: draft.Event, Fields: draft.Fields}).Validate(); err != nil {
			t.Error(err)
		}
	}
}
