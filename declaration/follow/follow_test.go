// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"cocket.example/declaration"
	"cocket.example/declaration/profile"
)

const certificate = `{
  "certifier": {"role": "EXPORTER", "name": "Sample Exporter", "title": "Export manager",
                "address": "1 Harbour Road, Veracruz", "country": "MX",
                "phone": "+52 229 000 0000", "email": "export@exporter.example"},
  "exporter": {"kind": "CERTIFIER"}, "importer": {"kind": "UNKNOWN"},
  "blanket": {"from": "2026-05-01", "to": "2027-04-30"}, "invoice": "17",
  "signature": {"date": "2026-05-04"}, "statement": "USMCA-5-A",
  "goods": [
    {"description": "Brake pads", "hs": "870830", "edition": "2022", "chapter": "87", "criterion": "B",
     "origin": {"country": "MX"}, "producer": {"kind": "ON-REQUEST"}},
    {"description": "Gear boxes", "hs": "870840", "criterion": "B", "producer": {"kind": "ON-REQUEST"}}]}`

type fields = map[string]string

func parse(t testing.TB, text string) fields {
	t.Helper()
	f, err := declaration.ParseFields([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func seal(t testing.TB, d declaration.Declaration) declaration.Opening {
	t.Helper()
	o, err := d.Seal(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func certification(t testing.TB) declaration.Opening {
	t.Helper()
	return seal(t, declaration.Declaration{
		Log: "customs.example/log", Event: "issue", Profile: "usmca/1", Submitter: "exporter.example",
		Fields: parse(t, certificate), Public: []string{"goods[0].chapter", "goods[0].origin.country"}, Width: 128,
	})
}

// claimSet is what an importer gives for a claim on the first line.
func claimSet() fields {
	return fields{"entry.number": "SP700000014", "date": "2026-06-10", "importation.country": "US",
		"importation.date": "2026-06-08", "goods[0].hs": "8708305060", "goods[0].spi": "S"}
}

// sealNext drafts a step, which must be without fault, and seals it.
func sealNext(t testing.TB, s Step) (declaration.Opening, Draft) {
	t.Helper()
	s.Today = "2026-07-01"
	d, err := s.Draft()
	if err != nil {
		t.Fatal(err)
	}
	o := seal(t, d.Declaration)
	if f := o.Findings(); len(f) > 0 {
		t.Errorf("%s: %s", s.Event, f)
	}
	return o, d
}

func valuesOf(o declaration.Opening) profile.Values { return o.Target().Values }

// TestLife goes through a whole life: what every step takes over, and from where.
func TestLife(t *testing.T) {
	cert := certification(t)
	claim, d := sealNext(t, Step{Event: "claim", About: cert.Target(), Submitter: "importer.example", Set: claimSet(), Lines: []int{0}})
	wantFilled(t, d, "goods[0].certificate.line=0", "goods[0].edition=2022", "goods[0].origin.country=MX",
		"kind=ENTRY!", "basis=CERTIFICATION!")
	wantAbout(t, claim, cert)

	correction, d := sealNext(t, Step{Event: "correct", About: claim.Target(), Set: fields{"explanation": "x"}, Lines: []int{0}})
	wantFilled(t, d, "entry.number=SP700000014", "goods[0].claim.line=0", "date=2026-07-01!")
	wantAbout(t, correction, claim)

	query, d := sealNext(t, Step{Event: "query", About: claim.Target(), Submitter: "customs.example", Lines: []int{0},
		Set: fields{"kind": "LETTER", "number": "7", "reply.by": "2026-08-01", "addressee.role": "EXPORTER", "question": "Who?"}})
	wantFilled(t, d, "entry.number=SP700000014", "goods[0].target.line=0", "date=2026-07-01!")
	wantAbout(t, query, claim)

	answer, d := sealNext(t, Step{Event: "response", About: query.Target(), Submitter: "exporter.example", Set: fields{"answer": "We."}})
	wantFilled(t, d, "number=7", "respondent.role=EXPORTER", "goods[0].target.line=0", "date=2026-07-01!")
	wantAbout(t, answer, query)

	decision, d := sealNext(t, Step{Event: "determine", About: query.Target(), Submitter: "customs.example", Set: fields{"result": "positive"}})
	wantFilled(t, d, "number=7", "goods[0].target.line=0", "goods[0].result=positive!", "date=2026-07-01!")
	wantAbout(t, decision, query)

	direct, d := sealNext(t, Step{Event: "determine", About: claim.Target(), Submitter: "customs.example",
		Set: fields{"result": "POSITIVE", "date": "2026-09-01"}})
	wantFilled(t, d, "goods[0].target.line=0", "goods[0].result=POSITIVE!")
	wantAbout(t, direct, claim)

	withdrawal, d := sealNext(t, Step{Event: "withdraw", About: cert.Target()})
	wantFilled(t, d, "date=2026-07-01!")
	if d.Refers == nil || *d.Refers != cert.Target().Leaf || valuesOf(withdrawal)["refers"] != "" {
		t.Error("a withdrawal refers in clear to its target alone")
	}
}

func wantFilled(t *testing.T, d Draft, want ...string) {
	t.Helper()
	var got []string
	for _, x := range d.Filled {
		got = append(got, x.Path+"="+x.Value+map[bool]string{true: "!"}[x.Assumed])
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: filled in %q, want %q", d.Event, got, want)
	}
}

func wantAbout(t *testing.T, o, target declaration.Opening) {
	t.Helper()
	leaf := target.Target().Leaf
	if got := valuesOf(o)["refers"]; got != encode(leaf) {
		t.Errorf("refers to %q, not to its target", got)
	}
}

// TestAmend: a new version takes over everything, in clear what was in clear, and changes something.
func TestAmend(t *testing.T) {
	cert := certification(t)
	amended, d := sealNext(t, Step{Event: "amend", About: cert.Target(), Set: fields{"goods[1].criterion": "C"},
		Unset: []string{"invoice", "goods[0].origin.country"}})
	want := maps.Clone(valuesOf(cert))
	want["goods[1].criterion"] = "C"
	delete(want, "invoice")
	delete(want, "goods[0].origin.country")
	if got := valuesOf(amended); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if want := []string{"invoice", "goods[0].origin.country", "goods[1].criterion"}; !slices.Equal(d.Changed, want) {
		t.Errorf("changed %q, want %q", d.Changed, want)
	}
	e := amended.Target().Entry
	if len(e.Public) != 1 || e.Public[0].Path != "goods[0].chapter" || e.Width != 128 {
		t.Errorf("in clear is %v, in a tree of width %d", e.Public, e.Width)
	}
	_, d = sealNext(t, Step{Event: "amend", About: amended.Target(), Lines: []int{1}})
	if d.Fields["goods.count"] != "1" || d.Fields["goods[0].hs"] != "870840" || d.Public != nil {
		t.Errorf("line 1 alone: %v", d.Fields)
	}

	// Who has lost the opening gives the whole declaration, of which a disclosure tells a part.
	shown, err := cert.Disclose([]byte("r"), false, "invoice", "goods[0].hs")
	if err != nil {
		t.Fatal(err)
	}
	about, err := shown.Target()
	if err != nil {
		t.Fatal(err)
	}
	_, d = sealNext(t, Step{Event: "amend", About: about, Fields: parse(t, certificate),
		Unset: []string{"invoice"}})
	if !slices.Equal(d.Changed, []string{"invoice"}) || *d.Refers != cert.Target().Leaf {
		t.Errorf("changed %q of %x", d.Changed, *d.Refers)
	}
}

// TestInClear: what is in clear follows its goods line, and the values of others stay out of it.
func TestInClear(t *testing.T) {
	about := certification(t).Target() // in clear are goods[0].chapter and goods[0].origin.country
	whole := parse(t, certificate)
	other := parse(t, certificate)
	other["goods[0].origin.country"], other["goods[0].chapter"] = "CA", ""
	for name, test := range map[string]struct {
		step Step
		want string
	}{
		"all lines":           {Step{Set: fields{"invoice": "1"}}, "goods[0].chapter goods[0].origin.country"},
		"another line":        {Step{Lines: []int{1}, Set: fields{"goods[0].origin.country": "US"}}, ""},
		"the other way round": {Step{Lines: []int{1, 0}, Set: fields{"goods[0].origin.country": "US"}}, "goods[1].chapter goods[1].origin.country"},
		"one more":            {Step{Lines: []int{0}, Set: fields{"goods[1].origin.country": "US"}}, "goods[0].chapter goods[0].origin.country"},
		"changed":             {Step{Set: fields{"goods[0].origin.country": "CA"}}, "goods[0].chapter goods[0].origin.country"},
		"gone":                {Step{Unset: []string{"goods[0].chapter"}}, "goods[0].origin.country"},
		"whole":               {Step{Fields: whole, Set: fields{"invoice": "1"}}, "goods[0].chapter goods[0].origin.country"},
		"whole, other goods":  {Step{Fields: other}, ""},
	} {
		test.step.Event, test.step.About = "amend", about
		d, err := test.step.Draft()
		if got := strings.Join(d.Public, " "); err != nil || got != test.want {
			t.Errorf("%s: in clear is %q, want %q; %v", name, got, test.want, err)
		}
	}
}

// TestLines: which goods a claim is on, and what the lines of a whole declaration are filled in with.
func TestLines(t *testing.T) {
	about := certification(t).Target()
	for name, test := range map[string]struct {
		step  Step
		count string
		hs    string // of the last line
		named string // certificate.line of the last line
	}{
		"all that are known":   {Step{}, "2", "870840", "1"},
		"chosen":               {Step{Lines: []int{1, 0}}, "2", "870830", "0"},
		"twice, by two codes":  {Step{Lines: []int{0, 0}, Set: fields{"goods[1].hs": "8708301"}}, "2", "8708301", "0"},
		"none":                 {Step{Lines: []int{}}, "0", "", ""},
		"one more":             {Step{Lines: []int{0}, Set: fields{"goods[1].hs": "1"}}, "2", "1", ""},
		"a line that is named": {Step{Fields: parse(t, `{"goods":[{"certificate":{"line":1}}]}`)}, "1", "870840", "1"},
		"one that is not":      {Step{Fields: parse(t, `{"goods":[{"spi":"S"}]}`)}, "1", "", ""},
		"chosen for it":        {Step{Fields: parse(t, `{"goods":[{"spi":"S"}]}`), Lines: []int{1}}, "1", "870840", "1"},
		"set goes first":       {Step{Lines: []int{0}, Set: fields{"goods[0].certificate.line": "1"}}, "1", "870840", "1"},
		"no code":              {Step{Lines: []int{0}, Unset: []string{"goods[0].hs"}}, "1", "", "0"},
	} {
		test.step.Event, test.step.About = "claim", about
		d, err := test.step.Draft()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		last := goods(profile.Values(d.Fields).Lines() - 1)
		if f := d.Fields; f["goods.count"] != test.count || f[last+"hs"] != test.hs || f[last+"certificate.line"] != test.named {
			t.Errorf("%s: %v", name, f)
		}
	}
}

// TestRefused: what cannot be meant is refused, with what would be right.
func TestRefused(t *testing.T) {
	cert := certification(t)
	shown, err := cert.Disclose([]byte("r"), false, "goods[1].hs")
	if err != nil {
		t.Fatal(err)
	}
	some, err := shown.Target()
	if err != nil {
		t.Fatal(err)
	}
	about := cert.Target()
	for want, s := range map[string]Step{
		"event issue, want claim":              {Event: "correct", About: about},
		"of another submitter":                 {Event: "withdraw", About: about, Submitter: "x"},
		"of another log":                       {Event: "amend", About: about, Log: "x"},
		"of profile usmca/1, want cafta-dr/1":  {Event: "claim", About: about, Profile: "cafta-dr/1"},
		"an amendment changes something":       {Event: "amend", About: about, Set: fields{"goods[0].hs": "8708.30"}},
		"want its target's opening":            {Event: "amend", About: some, Set: fields{"invoice": "1"}},
		"goods lines of its own":               {Event: "amend", About: about, Fields: fields{}, Lines: []int{0}},
		"line 2: there are 2 goods lines":      {Event: "amend", About: about, Lines: []int{2}},
		"goods[4].hs: there are 2 goods lines": {Event: "claim", About: about, Set: fields{"goods[4].hs": "1"}},
		"goods[2].hs: there are 2 goods lines": {Event: "claim", About: about, Unset: []string{"goods[2].hs"}},
		`"goods[01].hs": want a goods line`:    {Event: "claim", About: about, Set: fields{"goods[01].hs": "1"}},
		`"colour" is no field`:                 {Event: "claim", About: about, Set: fields{"colour": "1"}},
		"agreement: is that of the certification": {Event: "claim", About: about, Profile: "import/1",
			Set: fields{"agreement": "CAFTA-DR"}},
		"kind: want a value":                      {Event: "claim", About: about, Set: fields{"kind": ""}},
		"kind: is to be set and unset":            {Event: "claim", About: about, Set: fields{"kind": "x"}, Unset: []string{"kind"}},
		"goods.count: is found out":               {Event: "claim", About: about, Set: fields{"goods.count": "1"}},
		"refers: is found out":                    {Event: "claim", About: about, Unset: []string{"refers"}},
		"refers: is the leaf hash of what":        {Event: "claim", About: about, Fields: fields{"refers": "x"}},
		`"goods[0].x" is no field of this profil`: {Event: "withdraw", About: about, Set: fields{"goods[0].x": "1"}},
	} {
		if _, err := s.Draft(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if s := (Step{Event: "claim", About: about, Set: claimSet()}); strings.Contains(fmt.Sprintf("%v %+v", s, s.About), "SP7") ||
		strings.Contains(fmt.Sprintf("%v", s.About), "Veracruz") {
		t.Error("a value is printed")
	}
}

// TestHidden: a claim on what is not shown can be made, and says what nobody compared.
func TestHidden(t *testing.T) {
	shown, err := certification(t).Disclose([]byte("r"), false, "goods[1].hs", "blanket.from")
	if err != nil {
		t.Fatal(err)
	}
	about, err := shown.Target()
	if err != nil {
		t.Fatal(err)
	}
	set := claimSet()
	set["goods[0].hs"] = "8708401110"
	d, err := Step{Event: "claim", About: about, Set: set}.Draft()
	if err != nil {
		t.Fatal(err)
	}
	if d.Fields["goods.count"] != "2" { // of line 0 the origin is in clear
		t.Fatalf("%v", d.Fields)
	}
	d, err = Step{Event: "claim", About: about, Set: set, Lines: []int{1}}.Draft()
	if err != nil {
		t.Fatal(err)
	}
	findings, err := d.Check()
	if err != nil {
		t.Fatal(err)
	}
	want := "date: could not be compared with what is not shown of the certification: signature.date (CLAIM-HIDDEN)\n" +
		"importation.date: could not be compared with what is not shown of the certification: blanket.to (CLAIM-HIDDEN)"
	if findings.String() != want {
		t.Errorf("%s", findings)
	}
}
