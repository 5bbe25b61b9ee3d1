// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
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

func TestReportPrints(t *testing.T) {
	s := claimedSite(t, certified)
	s.run(0, aboutArgs...)
	b := browser.Open(t)
	page := b.Visit("proof.html")
	for paper, size := range map[string]browser.Paper{"A4": browser.A4, "Letter": browser.Letter} {
		if n := page.PDF(paper+".pdf", size); n != 1 {
			t.Errorf("%d pages on %s, want one", n, paper)
		}
	}
	for _, width := range []int{1280, 400} {
		if n := page.Overflow(width); n > 0 {
			t.Errorf("%d px wider than a window of %d", n, width)
		}
	}
	if len(page.Errors())+len(page.Requests()) > 0 {
		t.Errorf("errors %q, requests %q", page.Errors(), page.Requests())
	}
	if dir := os.Getenv("SAVE"); dir != "" {
		page.Screenshot(dir+"/wide.png", 1280, 900)
		page.Screenshot(dir+"/narrow.png", 400, 900)
		for _, f := range []string{"A4.pdf", "Letter.pdf", "proof.html"} {
			s.must(os.WriteFile(dir+"/"+f, s.read(f), 0o600))
		}
	}
}

var _ = regexp.MustCompile
