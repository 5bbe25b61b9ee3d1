// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"cocket.example/declaration"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// many makes a site with a file of two openings, one of their entries, and their batch receipt.
func many(t *testing.T) *site {
	s := newSite(t)
	var openings, entries []byte
	var leaves []receipt.Hash
	for _, name := range []string{"a", "b"} {
		entry := s.seal(name + ".json")
		o, err := declaration.ParseOpening(s.read(name + ".json"))
		s.must(err)
		line, err := o.MarshalJSON()
		s.must(err)
		openings = append(append(openings, line...), '\n')
		entries, err = tile.AppendEntry(entries, entry)
		s.must(err)
		leaves = append(leaves, declaration.LeafHash(entry))
	}
	s.must(os.Mkdir(s.path("openings"), 0o755))
	s.write("openings/x.openings.jsonl", openings)
	s.write("openings/x.entries", entries)
	s.write("token", []byte("example-token\n"))
	s.run(0, s.submission(leaves, s.path("filed"))...)
	return s
}

// encrypt puts an encrypted file in place of the openings, and writes the identity that it is for.
func (s *site) encrypt() {
	identity, err := age.GenerateX25519Identity()
	s.must(err)
	var b bytes.Buffer
	w, err := age.Encrypt(&b, identity.Recipient())
	s.must(err)
	_, err = w.Write(s.read("openings/x.openings.jsonl"))
	s.must(err)
	s.must(w.Close())
	s.write("openings/x.openings.jsonl.age", b.Bytes())
	s.write("identity", []byte("# for tests\n"+identity.String()+"\n"))
	s.remove("openings/x.openings.jsonl")
}

func (s *site) remove(name string) { s.must(os.Remove(s.path(name))) }

// change changes a byte of a file, counted from its end.
func (s *site) change(name string, fromEnd int) {
	b := s.read(name)
	b[len(b)-fromEnd] ^= 1
	s.write(name, b)
}

// TestVerifyMany: what holds is said, and every way in which it does not hold has its place and its reason.
func TestVerifyMany(t *testing.T) {
	identity := []string{"--identity", "identity"}
	for name, c := range map[string]struct {
		spoil  func(s *site)
		flags  []string
		status int
		want   []string
	}{
		"whole": {func(s *site) {}, nil, 0, []string{"2, with their openings 2", "2027-01-15T08:00:01Z", "Verified."}},
		"entries alone": {func(s *site) { s.remove("openings/x.openings.jsonl") }, nil, 0,
			[]string{"2, with their openings 0", "Verified."}},
		"encrypted": {(*site).encrypt, identity, 0, []string{"with their openings 2", "Verified."}},
		"encrypted, no identity": {(*site).encrypt, nil, 0,
			[]string{"with their openings 0", "not opened", "give --identity FILE"}},
		"encrypted, no entries": {func(s *site) { s.encrypt(); s.remove("openings/x.entries") }, nil, 2,
			[]string{"give --identity FILE"}},
		"encrypted to another": {func(s *site) {
			s.encrypt()
			other, err := age.GenerateX25519Identity()
			s.must(err)
			s.write("identity", []byte(other.String()+"\n"))
		}, identity, 2, []string{"x.openings.jsonl.age: is encrypted to others: want --identity"}},
		"no identity in it": {func(s *site) { s.encrypt(); s.write("identity", []byte("AGE-SECRET-KEY-1QQQ\n")) },
			identity, 2, []string{"identity: want an identity of age"}},
		"encrypted and changed": {func(s *site) { s.encrypt(); s.change("openings/x.openings.jsonl.age", 40) }, identity, 1,
			[]string{"x.openings.jsonl.age line 1: ", "Does not verify."}},
		"openings of a sheet gone": {func(s *site) { s.remove("openings/x.openings.jsonl"); s.write("openings/x.index", nil) }, nil, 0,
			[]string{"with their openings 0", "not opened", "x.openings.jsonl: is gone, bring it back", "Verified."}},
		"unfinished": {func(s *site) { s.remove("openings/x.entries"); s.write("openings/x.index", nil) }, nil, 2,
			[]string{"x.entries is not there, so this batch is unfinished: run the same cocket seal again"}},
		"encrypted, of another name": {func(s *site) {
			s.encrypt()
			s.write("openings/x.openings.jsonl", s.read("openings/x.openings.jsonl.age"))
			s.remove("openings/x.openings.jsonl.age")
		}, identity, 0, []string{"with their openings 2", "Verified."}},
		"another opening": {func(s *site) { s.change("openings/x.openings.jsonl", 60) }, nil, 1,
			[]string{"x.openings.jsonl line 2: "}},
		"openings cut short": {func(s *site) {
			b := s.read("openings/x.openings.jsonl")
			s.write("openings/x.openings.jsonl", b[:len(b)-1])
		}, nil, 1, []string{"x.openings.jsonl line 2: the line is not ended by LF"}},
		"entries cut short": {func(s *site) {
			s.remove("openings/x.openings.jsonl")
			b := s.read("openings/x.entries")
			s.write("openings/x.entries", b[:len(b)-1])
		}, nil, 1, []string{"x.entries entry 2: ", "cut short"}},
		"another entry": {func(s *site) {
			s.remove("openings/x.openings.jsonl")
			s.change("openings/x.entries", 10)
		}, nil, 1, []string{"x.entries entry 2: "}},
		"not filed": {func(s *site) { s.seal("openings/c.opening.json") }, nil, 1,
			[]string{"c.opening.json: it is in none of the batch receipts", "entries that do not verify: 1 of 3; batch receipts: 0 of 1"}},
		"no opening at all": {func(s *site) { s.write("openings/c.opening.json", []byte("{}")) }, nil, 1,
			[]string{"c.opening.json: nothing that cocket knows"}},
		"leaves in another order": {func(s *site) {
			b := s.read("filed/0-2.leaves")
			s.write("filed/0-2.leaves", slices.Concat(b[leafLine:], b[:leafLine]))
		}, nil, 1,
			[]string{"0-2.cocket-batch: ", "in this order", "entries that do not verify: 2 of 2; batch receipts: 1 of 1"}},
		"leaves missing":  {func(s *site) { s.remove("filed/0-2.leaves") }, nil, 1, []string{"no such file"}},
		"receipt changed": {func(s *site) { s.change("filed/0-2.cocket-batch", 20) }, nil, 1, []string{"0-2.cocket-batch: "}},
		"no receipt":      {func(s *site) { s.remove("filed/0-2.cocket-batch") }, nil, 2, []string{"holds no file"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := many(t)
			c.spoil(s)
			args := []string{"verify", "--policy", s.path("policy"), "--batch", s.path("filed"), s.path("openings")}
			for i, flag := range c.flags {
				if i%2 == 1 {
					flag = s.path(flag)
				}
				args = append(args, flag)
			}
			said := s.run(c.status, args...)
			for _, want := range c.want {
				if !strings.Contains(strings.Join(strings.Fields(said), " "), want) {
					t.Errorf("said %q, want %q", said, want)
				}
			}
			for line := range strings.Lines(said) {
				if !strings.Contains(line, s.dir) && len([]rune(line)) > 81 {
					t.Errorf("%d columns: %q", len([]rune(line))-1, line)
				}
			}
		})
	}
}

// TestVerifyManyJSON: the same for programs, which are told no time that is not proven.
func TestVerifyManyJSON(t *testing.T) {
	s := many(t)
	verify := func(status int) (r batchReport) {
		said := s.run(status, "verify", "--json", "--policy", s.path("policy"), "--batch", s.path("filed"), s.path("openings"))
		_, said, _ = strings.Cut(said, "\n{")
		s.must(json.NewDecoder(strings.NewReader("{" + said)).Decode(&r))
		return r
	}
	if r := verify(0); !r.Verified || r.Entries != 2 || r.Openings != 2 || r.Latest != "2027-01-15T08:00:01Z" ||
		r.Earliest != r.Latest || r.Batches != 1 || r.Failures == nil {
		t.Errorf("%+v", r)
	}
	s.change("openings/x.openings.jsonl", 60)
	if r := verify(1); r.Verified || r.Failed != 1 || r.Latest != "" || len(r.Failures) != 1 {
		t.Errorf("%+v", r)
	}
}

// TestSources: of files that belong together one is read, and what cannot be read is not left out silently.
func TestSources(t *testing.T) {
	s := many(t)
	names := func(forms ...string) (list []string) {
		sources, err := findSources([]string{s.path("openings")}, forms)
		s.must(err)
		for _, each := range sources {
			list = append(list, strings.TrimPrefix(each.path, s.path("openings")+"/"))
		}
		return list
	}
	s.seal("openings/a.opening.json")
	for _, c := range []struct {
		forms []string
		want  string
	}{{toSubmit, "a.opening.json x.entries"}, {toVerify, "a.opening.json x.openings.jsonl"}} {
		if got := strings.Join(names(c.forms...), " "); got != c.want {
			t.Errorf("%v: %s, want %s", c.forms, got, c.want)
		}
	}
	s.remove("openings/x.entries")
	if got := names(toSubmit...); got[1] != "x.openings.jsonl" {
		t.Errorf("%v, want the openings where no entries are", got)
	}
	s.encrypt()
	for _, arg := range []string{"openings", "openings/x.openings.jsonl.age"} {
		_, err := findSources([]string{s.path(arg)}, toSubmit)
		if err == nil || !strings.Contains(err.Error(), "is encrypted, and filing needs no opening") {
			t.Errorf("%s: %v", arg, err)
		}
	}
}

// TestSubmitOpenings: entries come from openings where nothing else is there, and are sent in their order.
func TestSubmitOpenings(t *testing.T) {
	s := many(t)
	s.remove("openings/x.entries")
	s.run(0, "submit", "--batch", s.path("openings"), "--url", "http://127.0.0.1:1", "--token-file", s.path("token"),
		"--policy", s.path("policy"), "--out", s.path("filed")) // all have receipts: nothing is sent
	s.change("openings/x.openings.jsonl", 60)
	said := s.run(1, "submit", "--batch", s.path("openings"), "--url", "http://127.0.0.1:1",
		"--token-file", s.path("token"), "--policy", s.path("policy"), "--out", s.path("filed"))
	if !strings.Contains(said, "x.openings.jsonl line 2: ") {
		t.Errorf("said %q", said)
	}
}

// TestSubmitUnfinished: what "cocket seal" is still writing is not filed, neither by its folder nor by name.
func TestSubmitUnfinished(t *testing.T) {
	for name, spoil := range map[string]func(s *site){"clear": func(*site) {}, "encrypted": (*site).encrypt} {
		t.Run(name, func(t *testing.T) {
			s := many(t)
			spoil(s)
			s.remove("openings/x.entries")
			s.write("openings/x.index", nil)
			paths, err := filepath.Glob(s.path("openings/x.openings.*"))
			s.must(err)
			for _, path := range append(paths, s.path("openings")) {
				said := s.run(2, "submit", "--batch", path, "--url", "http://127.0.0.1:1", "--token-file", s.path("token"),
					"--policy", s.path("policy"), "--out", s.path("filed"))
				if !strings.Contains(said, "is unfinished: run the same cocket seal again") {
					t.Errorf("%s: said %q", path, said)
				}
			}
		})
	}
}

// TestCutBare: a batch receipt without leaf hashes is in nobody's way while another holds the entry.
func TestCutBare(t *testing.T) {
	s := many(t)
	s.write("filed/0-1.cocket-batch", s.read("filed/0-2.cocket-batch"))
	s.run(0, "cut", "--batch", s.path("filed"), "--out", s.path("cut"), s.path("b.json"))
	o, err := declaration.ParseOpening(s.read("b.json"))
	s.must(err)
	s.run(0, "take", s.path("openings/x.openings.jsonl"), "--leaf", base64Hash(declaration.LeafHash(o.Entry())),
		"--batch", s.path("filed"), "--out", s.path("b.opening.json"))
	s.run(0, "verify", "--policy", s.path("policy"), "--receipt", s.path("b.tlog-proof"), s.path("b.opening.json"))
	s.seal("c.json")
	said := s.run(2, "cut", "--batch", s.path("filed/0-2.cocket-batch"), s.path("c.json"), s.path("a.json"))
	if !strings.Contains(said, "c.json there is no batch receipt") || !strings.Contains(said, "cocket submit --batch") {
		t.Errorf("said %q", said)
	}
}

// TestCutLeaf cuts one receipt of many, which verifies as any other.
func TestCutLeaf(t *testing.T) {
	s := many(t)
	o, err := declaration.ParseOpening(s.read("b.json"))
	s.must(err)
	leaf := base64Hash(declaration.LeafHash(o.Entry()))
	cut := []string{"cut", "--batch", s.path("filed"), "--leaf", leaf, "--out", s.path("b.tlog-proof")}
	if said := s.run(0, cut...); said != "index 1\n" {
		t.Errorf("said %q", said)
	}
	s.run(0, "verify", "--policy", s.path("policy"), "--receipt", s.path("b.tlog-proof"), s.path("b.json"))
	s.run(2, cut...) // nothing is overwritten
	for _, c := range []struct{ leaf, want string }{
		{base64Hash(receipt.Hash{1}), "none of the batch receipts"}, {"abc", "want the leaf hash in base64"},
	} {
		said := s.run(2, "cut", "--batch", s.path("filed"), "--leaf", c.leaf, "--out", s.path("c.tlog-proof"))
		if !strings.Contains(said, c.want) {
			t.Errorf("said %q, want %q", said, c.want)
		}
	}
	if said := s.run(2, "cut", "--batch", s.path("filed"), s.path("openings/x.entries")); !strings.Contains(said, "--leaf HASH") {
		t.Errorf("said %q", said)
	}
	if _, err := receiptOf(s.path("filed"), declaration.LeafHash(o.Entry()), "other.example/log"); err == nil {
		t.Error("a receipt of another log")
	}
}

// TestBatchAlone: with --batch no flag is left out silently that is for one declaration.
func TestBatchAlone(t *testing.T) {
	s := many(t)
	for _, flag := range []string{"--before=2026-05-04T10:00:00Z", "--report=proof.html", "--about=b.json", "--about-receipt=x",
		"--about-policy=policy", "--url=http://127.0.0.1:1", "--scan", "--state=x", "--mirror=x", "--force"} {
		said := s.run(2, "verify", "--policy", s.path("policy"), "--batch", s.path("filed"), s.path("openings"), flag)
		name, _, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		if !strings.Contains(said, "batch") || !strings.Contains(said, name) {
			t.Errorf("%s: said %q", flag, said)
		}
	}
}
