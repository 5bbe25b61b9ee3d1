// SPDX-License-Identifier: Apache-2.0

package form

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"cocket.example/declaration/rule"
)

var (
	party  = Party("usmca-party", "US", "CA", "MX")
	kind   = Kind("producer-kind", "PARTY", "VARIOUS", "ON-REQUEST", "UNKNOWN")
	named  = NoPhrase("named-kind", "PARTY", "CERTIFIER")
	role   = Kind("role", "IMPORTER", "EXPORTER", "PRODUCER")
	chosen = OneOf("hs-edition", "2017", "2022")
)

// forms are all of them.
var forms = []*Form{Count, Line, Text, Code, Currency, Date, Decimal, Email, Phone, Leaf, Criterion,
	OriginRule, HS6, Chapter, Tariff, Country, EntryNumber, InBond, PartyID, party, kind, named, role, chosen}

// spellings are what traders write, and the one that is kept; "" is refused.
var spellings = []struct {
	form        *Form
	value, want string
}{
	{HS6, "2204.21", "220421"}, {HS6, "8516 71", "851671"}, {HS6, "0101-29", "010129"},
	{HS6, "8516.71", "851671"}, {HS6, "970110", "970110"}, {HS6, "000000", ""}, {HS6, "77.01.00", ""},
	{HS6, "2204.21.60 00", ""}, {HS6, "980100", ""},
	{Chapter, "01", "01"}, {Chapter, "1", ""}, {Chapter, "77", ""}, {Chapter, "00", ""},
	{Chapter, strings.Repeat("9", 20), ""},
	{Tariff, "2204.21.60 00", "2204216000"}, {Tariff, "9403 7000 00", "9403700000"},
	{Tariff, "9403.7000.00", "9403700000"}, {Tariff, "199301.20", "19930120"},
	{Tariff, "8516.71", "851671"}, {Tariff, "9902.01.01", "99020101"}, {Tariff, "7701.00", ""},
	{Tariff, "870", ""}, {Tariff, "8708305", ""}, {Tariff, "87083050601", ""},
	{Tariff, "870830506012", ""},
	{Criterion, "b", "B"}, {Criterion, "4.2(a)", "A"}, {Criterion, "(c)", "C"},
	{Criterion, "4.2 (D)", "D"}, {Criterion, "4.3(a)", ""},
	{Country, " mx ", "MX"}, {Country, "USA", "US"}, {Country, "ZZ", ""}, {Country, "ſe", ""},
	{Country, "Mexico", "MX"}, {Country, "México", "MX"}, {Country, "MEXIQUE", "MX"},
	{Country, "United States", "US"}, {Country, "Estados Unidos", "US"}, {Country, "États-Unis", "US"},
	{Country, "Iran", "IR"}, {Country, "Irlande", "IE"}, {Country, "Korea", ""}, {Country, "QQQ", ""},
	{Country, "Atlantis", ""}, {Country, "Trinidad and Tobago", "TT"},
	{Country, "Trinidad & Tobago", "TT"}, {Country, "484", ""}, {Country, "---", ""}, {Country, "EU", ""},
	{Country, "U.S.A.", "US"},
	{party, "ca", "CA"}, {party, "GB", ""}, {party, "Canada", "CA"}, {party, "United Kingdom", ""},
	{party, "can", "CA"},
	{Date, "2024-02-29", "2024-02-29"}, {Date, "2026-02-29", ""}, {Date, "2026-1-2", ""},
	{Date, "1899-12-31", ""}, {Date, "04/05/2026", ""},
	{Decimal, "0.0", "0"}, {Decimal, "108.50", "108.5"}, {Decimal, "007", ""}, {Decimal, "-1", ""},
	{Decimal, "1e3", ""}, {Decimal, "1,000", ""}, {Decimal, ".5", ""},
	{Count, "12", "12"}, {Count, "01", ""}, {Count, "10000", ""},
	{chosen, "2022", "2022"}, {chosen, "2023", ""},
	{Line, "Cafe\u0301", "Caf\u00e9"}, {Line, "a\u00adb", ""}, {Line, "a\u3164b", ""},
	{Line, "a\ufe0fb", ""}, {Line, "a\ufffdb", ""}, {Line, "a\ue000b", ""}, {Line, "a\x00b", ""},
	{Line, "a\xffb", ""}, {Line, "a\r\nb", ""}, {Line, "one\ntwo", ""}, {Line, "Sam\u202eple", ""},
	{Text, "one\ntwo", "one\ntwo"},
	{Line, strings.Repeat("x", MaxValue+1), ""}, {Line, strings.Repeat("\u0958", MaxValue/3), ""},
	{kind, "Various", "VARIOUS"}, {kind, "varios.", "VARIOUS"},
	{kind, "Available upon request by the importing  authorities.", "ON-REQUEST"},
	{kind, "Disponible a solicitud de las autoridades importadoras", "ON-REQUEST"},
	{kind, "on-request", "ON-REQUEST"},
	{kind, "Disponible sur demande par les autorités importatrices", "ON-REQUEST"},
	{kind, "Disponible à la demande des autorités importatrices.", "ON-REQUEST"},
	{kind, "DISPONIBLE SUR DEMANDE DES AUTORITÉS IMPORTATRICES", "ON-REQUEST"},
	{kind, "Inconnu", "UNKNOWN"}, {kind, "available", ""},
	{named, "party", "PARTY"}, {named, "ON-REQUEST", ""}, {named, "Various", ""},
	{role, "Exportador", "EXPORTER"}, {role, "Producteur", "PRODUCER"},
	{Leaf, "mP2iKq0v3n5Ww1cJ6F1c2Yq0b8mH6vQ7dY3k2sL4hZE=", "mP2iKq0v3n5Ww1cJ6F1c2Yq0b8mH6vQ7dY3k2sL4hZE="},
	{Leaf, "mP2iKq0v3n5Ww1cJ6F1c2Yq0b8mH6vQ7dY3k2sL4hZF=", ""}, {Leaf, "AAAA", ""},
	{OriginRule, "GN 29(n)  61.5", "GN 29(n) 61.5"}, {OriginRule, "()", ""}, {OriginRule, "é", ""},
	{EntryNumber, "sp7-0000001-4", "SP700000014"}, {EntryNumber, "SP7-00000014", "SP700000014"},
	{EntryNumber, "97061800", "97061800"}, {EntryNumber, "26-1234-5", "26-1234-5"},
	{EntryNumber, "SP7 0000001 4", ""},
	{InBond, "257700030", "257700030"}, {InBond, "v 1", ""},
	{PartyID, "qlrubn9", "QLRUBN9"}, {PartyID, "ein 12-3456789", "EIN 12-345678900"},
	{PartyID, "EIN  123456789ab", "EIN 12-3456789AB"}, {PartyID, "SSN 123-45-6789", "SSN 123-45-6789"},
	{PartyID, "RFC ñab-930714-8T3", "RFC ÑAB9307148T3"}, {PartyID, "XYZ 123", ""}, {PartyID, "EIN", "EIN"},
	{PartyID, "GLN 1", ""}, {PartyID, "EIN 12\n3456789", ""},
	{PartyID, "LEI 2138 00KU D8LA JWSQ 9D15", "LEI 213800KUD8LAJWSQ9D15"},
	{Email, "a@b.example", "a@b.example"}, {Email, "a b@c.example", ""}, {Email, "a@b", ""},
	{Currency, "mxn", "MXN"},
}

func TestNormalise(t *testing.T) {
	for _, test := range spellings {
		got, finding := test.form.Normalise(test.value)
		refused := finding != nil && finding.Level == rule.Error
		if got != test.want || refused != (test.want == "") {
			t.Errorf("%s %.40q: %q, %v, want %q", test.form.Name, test.value, got, finding, test.want)
		}
		if test.want != "" && !test.form.Normal(test.want) {
			t.Errorf("%s: %q is not normal", test.form.Name, test.want)
		}
	}
}

// TestInput: the regular expression of a schema takes what the form takes, but for what warnings say; and what the
// form refuses by its spelling it refuses.
func TestInput(t *testing.T) {
	refused := 0
	for _, test := range spellings {
		ok := regexp.MustCompile(`^\s*(?:` + test.form.Accepts() + `)\s*$`).MatchString(test.value)
		if test.want != "" && !ok {
			t.Errorf("%s takes %q, its expression does not", test.form.Name, test.value)
		}
		if test.want == "" && !ok {
			refused++
		}
	}
	if refused < 30 {
		t.Errorf("the expressions refuse %d spellings, want more", refused)
	}
}

// TestWarnings: a name is understood and said, and so is a telephone number that cannot be one.
func TestWarnings(t *testing.T) {
	for value, want := range map[string]string{"mx": "", "Mexico": "COUNTRY-NAME", "USA": "COUNTRY-NAME"} {
		_, finding := Country.Normalise(value)
		if (finding != nil) != (want != "") || finding != nil && (finding.Code != want || finding.Level != rule.Warning || len(finding.Args) != 1) {
			t.Errorf("%s: %v", value, finding)
		}
	}
	for value, good := range map[string]bool{"+52 229 000 0000": true, "555-867-5309": true, "(305) 000.0000 x12": true,
		"305 000 0000 ext. 4": true, "12345": false, "1234567890123456": false, "call me": false, "Tel: 305 000 0000": false} {
		if list := Phone.Judge(value); (len(list) == 0) != good {
			t.Errorf("%q: %v", value, list)
		}
	}
}

// TestCountries: every country is known by its names in the CLDR, and no name is that of two, or as short as
// two letters.
func TestCountries(t *testing.T) {
	var codes []string
	head, lines, _ := strings.Cut(names, "\n")
	if !strings.HasPrefix(head, "# From the Unicode CLDR") {
		t.Errorf("the names begin with %q, want their origin, as their licence does", head)
	}
	for line := range strings.Lines(lines) {
		region, err := language.ParseRegion(line[:2])
		if err != nil {
			t.Fatal(err)
		}
		want := region.String() + " " + region.ISO3() + " "
		for i, l := range []language.Tag{language.English, language.Spanish, language.French} {
			want += []string{"", "|", "|"}[i] + display.Regions(l).Name(region)
		}
		if line != want+"\n" {
			t.Errorf("%q: the CLDR has %q", line, want)
		}
		codes = append(codes, line[:2])
	}
	if !slices.Equal(codes, strings.Fields(countries)) || len(codes) != 249 {
		t.Errorf("%d countries have names, other than those pinned", len(codes))
	}
	for name, code := range byName() {
		if len(name) < 3 && name != "us" || code == "" && name != "" {
			t.Errorf("%q is the name of %q", name, code)
		}
	}
}

// FuzzNormalise: a value that is kept stays as it is, is read as it is by the expression for schemas, and can
// be judged.
func FuzzNormalise(f *testing.F) {
	for i, form := range forms {
		for _, s := range spellings {
			if s.form == form {
				f.Add(i, s.value)
			}
		}
	}
	f.Fuzz(func(t *testing.T, i int, value string) {
		form := forms[uint(i)%uint(len(forms))]
		normal, finding := form.Normalise(value)
		if finding != nil && finding.Level == rule.Error {
			if normal != "" {
				t.Fatalf("%s keeps %q of what it refuses", form.Name, normal)
			}
			return
		}
		again, second := form.Normalise(normal)
		if again != normal || second != nil || !form.Normal(normal) || normal == "" {
			t.Fatalf("%s: %q becomes %q, then %q, %v", form.Name, value, normal, again, second)
		}
		form.Judge(normal)
	})
}
