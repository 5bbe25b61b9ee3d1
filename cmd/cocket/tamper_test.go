// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/declaration"
	"cocket.example/receipt"
)

// sample is a declaration as people write it.
const sample = `{
  "certifier": {"role": "PRODUCER", "title": "Export manager", "name": "Maxi Acero",
    "address": "Avenida Carlos 100, Monterrey", "country": "MX", "phone": "+52 81 0000 0000",
    "email": "origin@acero.example"},
  "exporter": {"kind": "CERTIFIER"},
  "importer": {"kind": "UNKNOWN"},
  "signature": {"date": "2026-11-02"},
  "statement": "USMCA-5-A",
  "goods": [
    {"description": "Steel tubes", "hs": "730630", "criterion": "B", "producer": {"kind": "CERTIFIER"}},
    {"description": "Steel plates", "hs": "720851", "criterion": "A", "origin": {"country": "MX"},
      "producer": {"kind": "ON-REQUEST"}}
  ]
}`

// site is a log of two entries with two witnesses, in one folder.
type site struct {
	t         *testing.T
	dir       string
	log       *receipt.Signer
	witnesses []*receipt.Cosigner
}

func newSite(t *testing.T) *site {
	s := &site{t: t, dir: t.TempDir()}
	key := func(typ, name string) (skey string) {
		pair, err := keySpec{typ, name, "ed25519", ""}.generate()
		s.must(err)
		return pair.skey
	}
	var err error
	s.log, err = receipt.NewSigner(key("log", "customs.example/log"))
	s.must(err)
	args := []string{"policy", "new", "--log", s.log.VerifierKey(), "--quorum", "2"}
	for _, name := range []string{"w1", "w2"} {
		w, err := receipt.NewCosigner(key("cosignature", "witness.example/"+name))
		s.must(err)
		s.witnesses = append(s.witnesses, w)
		args = append(args, "--witness", name+"="+w.VerifierKey())
	}
	s.write("policy", []byte(s.run(0, args...)))
	s.write("declaration.json", []byte(sample))
	s.run(0, "keygen", "--type", "certifier", "--name", "acero.example", "--out", s.path("certifier.key"))
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(name string, b []byte) { s.must(os.WriteFile(s.path(name), b, 0o600)) }

func (s *site) read(name string) []byte {
	b, err := os.ReadFile(s.path(name))
	s.must(err)
	return b
}

// run runs a command, wants its exit status, and returns what it wrote.
func (s *site) run(status int, args ...string) string {
	s.t.Helper()
	var out bytes.Buffer
	if got := run(args, &out, &out); got != status {
		s.t.Fatalf("cocket %s: status %d, want %d\n%s", strings.Join(args, " "), got, status, out.String())
	}
	return out.String()
}

// seal seals and returns the entry.
func (s *site) seal(opening string, flags ...string) []byte {
	s.run(0, append([]string{"seal", s.path("declaration.json"), "--profile", "usmca/1",
		"--log", "customs.example/log", "--submitter", "broker.example", "--out", s.path(opening)}, flags...)...)
	o, err := declaration.ParseOpening(s.read(opening))
	s.must(err)
	return o.Entry()
}

// prove makes a receipt for the entry at index 1 of a tree of two.
func (s *site) prove(entry []byte) []byte {
	first := declaration.LeafHash([]byte("another entry"))
	leaf := declaration.LeafHash(entry)
	cp := receipt.Checkpoint{Origin: "customs.example/log", Size: 2}
	cp.Root = [32]byte(rfc6962.DefaultHasher.HashChildren(first[:], leaf[:]))
	return receipt.Receipt{Index: 1, Proof: []receipt.Hash{first}, Checkpoint: s.sign(cp)}.Bytes()
}

// sign signs a checkpoint by the log and all witnesses.
func (s *site) sign(cp receipt.Checkpoint) []byte {
	signed, err := cp.Sign(s.log)
	s.must(err)
	for i, w := range s.witnesses {
		line, err := w.Cosign(cp, time.Unix(1_800_000_000+int64(i), 0))
		s.must(err)
		signed = append(signed, line.String()...)
	}
	return signed
}

// disclosed makes policy, opening, receipt and a disclosure of two fields with the certifier.
func disclosed(t *testing.T) *site {
	s := newSite(t)
	entry := s.seal("cert.opening.json", "--certifier-key", s.path("certifier.key"),
		"--public", "goods[1].origin.country")
	s.write("cert.tlog-proof", s.prove(entry))
	s.run(0, "disclose", s.path("cert.opening.json"), "--receipt", s.path("cert.tlog-proof"), "--certifier",
		"--fields", "goods[0].hs,invoice,goods[1].origin.country", "--out", s.path("cert.disclosure.json"))
	return s
}

// change is one value of a disclosure that is changed, and the facts of which one must fail first.
type change struct {
	name, old, new string
	facts          []string
}

func TestTamperedDisclosure(t *testing.T) {
	s := disclosed(t)
	good := string(s.read("cert.disclosure.json"))
	report := s.run(0, "verify", "--policy", s.path("policy"), s.path("cert.disclosure.json"))
	if !strings.Contains(report, "Verified.") || !strings.Contains(report, "2027-01-15 08:00:01 UTC") {
		t.Fatalf("report\n%s", report)
	}
	all := changes(t, good)
	if len(all) < 35 {
		t.Fatalf("only %d values were found to change", len(all))
	}
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			bad := strings.Replace(good, c.old, c.new, 1)
			if bad == good {
				t.Fatalf("nothing changed: %s", c.old)
			}
			s.write("bad.disclosure.json", []byte(bad))
			out := s.run(statusRefuted, "verify", "--policy", s.path("policy"), s.path("bad.disclosure.json"))
			for _, fact := range c.facts {
				if strings.Contains(out, "does not verify: "+fact) {
					return
				}
			}
			t.Errorf("want one of the facts %q to fail:\n%s", c.facts, out)
		})
	}
}

// changes lists every value of a disclosure, with one bit or character of it changed.
func changes(t *testing.T, good string) (all []change) {
	var file struct {
		Format, Entry, Receipt string
		Fields                 []struct {
			Number            int
			Path, Value, Salt string
			Absent            bool
		}
		Proof     []string
		Certifier struct{ VKey, Signature, Salt string }
	}
	if err := json.Unmarshal([]byte(good), &file); err != nil {
		t.Fatal(err)
	}
	add := func(name, old, new string, facts ...string) {
		all = append(all, change{name, old, new, facts})
	}
	value := func(name, old string, facts ...string) { add(name, quote(old), quote(alter(old)), facts...) }
	lines := func(name, text string, facts ...string) {
		for i, line := range strings.Split(text, "\n") {
			if line != "" {
				words := strings.Split(line, " ")
				last := len(words) - 1
				words[last] = alter(words[last])
				// A line is followed by an LF, which JSON writes as \n.
				add(fmt.Sprintf("%s line %d %s", name, i, words[0]), unquoted(line)+`\n`,
					unquoted(strings.Join(words, " "))+`\n`, facts...)
			}
		}
	}
	value("format", file.Format, "disclosure: ")
	lines("entry", file.Entry, "entry: ", "same log: ", "inclusion: ")
	lines("receipt", file.Receipt, "receipt: ", "same log: ", "checkpoint: ", "log: ", "witness w", "inclusion: ")
	for _, f := range file.Fields {
		number := fmt.Sprintf(`"number": %d,`, f.Number)
		add(f.Path+" number", number, fmt.Sprintf(`"number": %d,`, f.Number+1), f.Path+": ")
		value(f.Path+" path", f.Path, alter(f.Path)+": ")
		value(f.Path+" salt", f.Salt, "commitments: ")
		if f.Absent {
			add(f.Path+" absent", `"absent": true`, `"value": "INV-1"`, "commitments: ")
		} else {
			other := map[string]string{"730630": "730640", "MX": "US"}[f.Value]
			add(f.Path+" value", `"value": `+quote(f.Value), `"value": `+quote(other), "commitments: ", "public lines: ")
		}
	}
	for i, h := range file.Proof {
		value(fmt.Sprintf("proof %d", i), h, "commitments: ")
	}
	value("certifier key", file.Certifier.VKey, "certifier: ")
	value("certifier signature", file.Certifier.Signature, "certifier: ")
	value("certifier salt", file.Certifier.Salt, "certifier: ")
	return all
}

// alter changes one bit of base64, the value of a number, or the end of a word.
func alter(s string) string {
	if b, err := base64.StdEncoding.DecodeString(s); err == nil && len(b) >= 32 {
		b[len(b)-1] ^= 1
		return base64.StdEncoding.EncodeToString(b)
	}
	if n, err := strconv.Atoi(s); err == nil {
		return strconv.Itoa(n + 1)
	}
	return s + "x"
}

func quote(s string) string { return `"` + unquoted(s) + `"` }

// unquoted is the inside of a JSON string, without escapes for HTML.
func unquoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return strings.Trim(b.String(), "\"\n")
}

// A root copied into another submitter's entry opens to nothing.
func TestCopiedRoot(t *testing.T) {
	s := disclosed(t)
	x, err := declaration.ParseDisclosure(s.read("cert.disclosure.json"))
	s.must(err)
	x.Entry = bytes.Replace(x.Entry, []byte("submitter broker.example"), []byte("submitter thief.example"), 1)
	x.Receipt = s.prove(x.Entry) // the thief had it filed
	b, err := json.Marshal(x)
	s.must(err)
	s.write("copied.disclosure.json", b)
	out := s.run(statusRefuted, "verify", "--policy", s.path("policy"), s.path("copied.disclosure.json"))
	if !strings.Contains(out, "does not verify: commitments: ") {
		t.Error(out)
	}
}

// Verifying needs no network: it runs where there is no interface at all.
func TestVerifyWithoutNetwork(t *testing.T) {
	if err := exec.Command("unshare", "-rn", "true").Run(); err != nil {
		t.Skipf("unshare -rn does not work here: %v", err)
	}
	s := disclosed(t)
	program, err := os.Executable()
	s.must(err)
	cmd := exec.Command("unshare", "-rn", program, "verify", "--policy", s.path("policy"), s.path("cert.disclosure.json"))
	cmd.Env = append(os.Environ(), "COCKET_TEST_MAIN=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Verified.") {
		t.Errorf("%v\n%s", err, out)
	}
}

// The secret of an opening is in no output of any command.
func TestSecretIsNeverPrinted(t *testing.T) {
	s := disclosed(t)
	var file struct{ Secret string }
	s.must(json.Unmarshal(s.read("cert.opening.json"), &file))
	if len(file.Secret) < 32 {
		t.Fatal("no secret in the opening")
	}
	opening := s.path("cert.opening.json")
	for _, args := range [][]string{
		{"inspect", opening},
		{"inspect", "--json", opening},
		{"verify", "--policy", s.path("policy"), "--receipt", s.path("cert.tlog-proof"), opening},
		{"verify", "--json", "--policy", s.path("policy"), "--receipt", s.path("cert.tlog-proof"), opening},
	} {
		if out := s.run(0, args...); strings.Contains(out, file.Secret) {
			t.Errorf("cocket %s prints the secret", args[0])
		}
	}
	if strings.Contains(string(s.read("cert.disclosure.json")), file.Secret) {
		t.Error("the disclosure holds the secret")
	}
	info, err := os.Stat(opening)
	s.must(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("opening has mode %04o", info.Mode().Perm())
	}
}
