// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/declaration"
	"cocket.example/internal/browser"
	"cocket.example/receipt"
)

var update = flag.Bool("update", false, "write the golden files anew")

const certified = `{
  "certifier": {"role": "EXPORTER", "name": "Sample Exporter S.A. de C.V.", "title": "Export manager",
    "address": "1 Harbour Road, Veracruz", "country": "MX", "phone": "+52 229 000 0000", "email": "export@exporter.example"},
  "exporter": {"kind": "CERTIFIER"},
  "importer": {"kind": "PARTY", "name": "Sample Importer Inc.", "address": "200 Dock Street, Laredo", "country": "US",
    "phone": "+1 956 000 0000", "email": "trade@importer.example", "id": "EIN 12-345678900"},
  "blanket": {"from": "2027-01-01", "to": "2027-12-31"},
  "signature": {"date": "2027-01-10"},
  "statement": "USMCA-5-A",
  "goods": [
    {"description": "Brake pads for passenger cars", "hs": "870830", "criterion": "B", "origin": {"country": "MX"},
      "producer": {"kind": "ON-REQUEST"}},
    {"description": "Seamless tubes of stainless steel", "hs": "730441", "criterion": "B", "origin": {"country": "MX"},
      "producer": {"kind": "ON-REQUEST"}},
    {"description": "Insulated wiring sets", "hs": "854430", "criterion": "C", "origin": {"country": "MX"},
      "producer": {"kind": "ON-REQUEST"}}
  ]
}`

const claimed = `{
  "refers": "LEAF", "kind": "ENTRY", "basis": "CERTIFICATION", "entry": {"number": "ABC-1234567-6"}, "date": "2027-01-20",
  "importation": {"country": "US", "date": "2027-01-19"},
  "importer": {"name": "Sample Importer Inc.", "id": "EIN 12-345678900"},
  "goods": [
    {"hs": "8708305060", "spi": "S", "certificate": {"line": "0"}, "entry": {"line": "1"}, "origin": {"country": "MX"},
      "value": "12400.50", "duty": "310.01", "currency": "USD"},
    {"hs": "7304413045", "spi": "S", "certificate": {"line": "1"}, "entry": {"line": "2"}, "origin": {"country": "MX"},
      "value": "8200", "duty": "0", "currency": "USD"},
    {"hs": "8544300000", "spi": "S", "certificate": {"line": "2"}, "entry": {"line": "3"}, "origin": {"country": "MX"},
      "value": "3990", "duty": "199.5", "currency": "USD"}
  ]
}`

// claimedSite is a folder with a certification as its importer sees it, and his claim, in a log of two entries.
func claimedSite(t *testing.T, certification string) *site {
	s := newSite(t)
	s.write("declaration.json", []byte(certification))
	cert := s.seal("cert.opening.json", "--certifier-key", s.path("certifier.key"))
	leaf := declaration.LeafHash(cert)
	s.write("declaration.json", []byte(strings.Replace(claimed, "LEAF", base64Hash(leaf), 1)))
	claim := s.seal("claim.opening.json", "--event", "claim")
	other := declaration.LeafHash(claim)
	cp := receipt.Checkpoint{Origin: "customs.example/log", Size: 2}
	cp.Root = receipt.Hash(rfc6962.DefaultHasher.HashChildren(leaf[:], other[:]))
	signed := s.sign(cp)
	s.write("cert.tlog-proof", receipt.Receipt{Index: 0, Proof: []receipt.Hash{other}, Checkpoint: signed}.Bytes())
	s.write("claim.tlog-proof", receipt.Receipt{Index: 1, Proof: []receipt.Hash{leaf}, Checkpoint: signed}.Bytes())
	s.run(0, "disclose", s.path("cert.opening.json"), "--receipt", s.path("cert.tlog-proof"), "--certifier",
		"--for", "importer", "--out", s.path("cert.disclosure.json"))
	t.Chdir(s.dir)
	return s
}

var aboutArgs = []string{"verify", "--policy", "policy", "claim.opening.json", "--receipt", "claim.tlog-proof",
	"--about", "cert.disclosure.json", "--report", "proof.html"}

// TestReportPrints: a usual page is one sheet, fits every window, and asks for nothing. SAVE names a folder for
// those who want to look at it.
func TestReportPrints(t *testing.T) {
	s := claimedSite(t, certified)
	b := browser.Open(t)
	for name, args := range map[string][]string{
		"about": aboutArgs,
		"alone": {"verify", "--policy", "policy", "cert.opening.json", "--receipt", "cert.tlog-proof", "--report", "proof.html"},
	} {
		s.run(0, append(args, "--force")...)
		page := b.Visit("proof.html")
		for paper, size := range map[string]browser.Paper{"A4": browser.A4, "Letter": browser.Letter} {
			if n := page.PDF(name+paper+".pdf", size); n != 1 {
				t.Errorf("%s: %d pages on %s, want one", name, n, paper)
			}
		}
		if n := max(page.Overflow(1280), page.Overflow(400)); n > 0 || len(page.Errors())+len(page.Requests()) > 0 {
			t.Errorf("%s: %d px too wide, errors %q, requests %q", name, n, page.Errors(), page.Requests())
		}
		page.Screenshot(name+"1280.png", 1280, 900)
		page.Screenshot(name+"400.png", 400, 900)
		s.save(name+"A4.pdf", name+"Letter.pdf", name+"1280.png", name+"400.png")
	}
}

// save copies files to the folder SAVE, if there is one.
func (s *site) save(names ...string) {
	if dir := os.Getenv("SAVE"); dir != "" {
		for _, name := range names {
			s.must(os.WriteFile(filepath.Join(dir, name), s.read(name), 0o600))
		}
	}
}

// varying is what differs from one making to the next: hashes, keys, and the line with the date.
var varying = regexp.MustCompile(`[A-Za-z0-9+/]{42}[A-Za-z0-9+/=]=|[0-9a-f]{64}|\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}|` +
	`\+[0-9a-f]{8}\b|sha256-[^']*|(?s:<style>.*</style>)|Made .* by cocket .*<`)

// TestReportGolden: what stands on the pages of a claim, and of one that does not verify.
func TestReportGolden(t *testing.T) {
	for _, test := range []struct {
		golden string
		status int
		spoil  func(*site)
		args   []string
	}{
		{"about", 0, func(*site) {}, aboutArgs},
		{"refuted", 1, func(s *site) { flipHash(s, "claim.tlog-proof") }, aboutArgs},
		{"before", 0, func(*site) {}, []string{"verify", "--policy", "policy", "cert.disclosure.json",
			"--before", "2027-01-15T08:00:02Z", "--report", "proof.html"}},
		{"late", 1, func(*site) {}, []string{"verify", "--policy", "policy", "cert.disclosure.json",
			"--before", "2027-01-15T08:00:01Z", "--report", "proof.html"}},
	} {
		t.Run(test.golden, func(t *testing.T) {
			golden, err := filepath.Abs("testdata/" + test.golden + ".html")
			if err != nil {
				t.Fatal(err)
			}
			s := claimedSite(t, certified)
			test.spoil(s)
			s.run(test.status, test.args...)
			got := varying.ReplaceAllString(html.UnescapeString(string(s.read("proof.html"))), "…")
			if *update {
				s.must(os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			if err != nil || string(want) != got {
				t.Errorf("%v: it is\n%s", err, got)
			}
			if info, err := os.Stat("proof.html"); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
}

// flipHash changes a hash of the proof of a receipt.
func flipHash(s *site, name string) {
	head, proof, _ := strings.Cut(string(s.read(name)), "index 1\n")
	first := "A"
	if proof[0] == 'A' {
		first = "B"
	}
	s.write(name, []byte(head+"index 1\n"+first+proof[1:]))
}

// TestReportLong: many goods lines flow to further pages, and long words of a stranger stay on the page.
func TestReportLong(t *testing.T) {
	word := strings.Repeat("Überlänge", 60)
	line := `{"description": "<script>x</script> ` + word + `", "hs": "870830", "criterion": "B", "origin": {"country": "MX"},
		"producer": {"kind": "ON-REQUEST"}}`
	s := claimedSite(t, strings.Replace(certified, `"goods": [`, `"goods": [`+strings.Repeat(line+",", 40), 1))
	s.run(1, aboutArgs...) // other goods
	page := browser.Open(t).Visit("proof.html")
	if n := page.PDF("long.pdf", browser.Letter); n < 2 || n > 12 {
		t.Errorf("%d pages", n)
	}
	if n := max(page.Overflow(1280), page.Overflow(400)); n > 0 || len(page.Errors())+len(page.Requests()) > 0 {
		t.Errorf("%d px too wide, errors %q, requests %q", n, page.Errors(), page.Requests())
	}
	if text := page.Text(); !strings.Contains(text, word) || !strings.Contains(text, "<script>x</script>") {
		t.Error("a value is not there as it is")
	}
	s.save("long.pdf")
}

// TestAgain: the command on the page is one that a shell reads as it was given.
func TestAgain(t *testing.T) {
	for word, want := range map[string]string{
		"": "''", "cert.opening.json": "cert.opening.json", "a b": "'a b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'",
		"https://log.example/2027": "https://log.example/2027",
		"a'\u202egpj 1.json":       `$'a\047\342\200\256gpj\0401.json'`,
	} {
		if got := shellQuote(word); got != want {
			t.Errorf("%q is written %s, want %s", word, got, want)
		}
	}
}

// TestReportOverwritesNothing: the page never takes the place of a file that it is about, not even with force.
func TestReportOverwritesNothing(t *testing.T) {
	s := claimedSite(t, certified)
	s.must(os.Symlink("cert.disclosure.json", "link.html"))
	for _, name := range []string{"cert.disclosure.json", "./claim.opening.json", "claim.tlog-proof", "policy", "link.html"} {
		before := s.read(name)
		said := s.run(2, append(aboutArgs, "--report", name, "--force")...)
		if !strings.Contains(said, "choose another name") || string(s.read(name)) != string(before) {
			t.Errorf("%s: %s", name, said)
		}
	}
}
