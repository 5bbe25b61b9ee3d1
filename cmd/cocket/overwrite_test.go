// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"cocket.example/declaration"
	"cocket.example/receipt"
)

// batched makes a site with two openings and their batch receipt, in the folders openings and filed.
func batched(t *testing.T) (s *site, leaves []receipt.Hash) {
	s = newSite(t)
	s.must(os.Mkdir(s.path("openings"), 0o755))
	for _, name := range []string{"a", "b"} {
		leaves = append(leaves, declaration.LeafHash(s.seal("openings/"+name+".opening.json")))
	}
	s.write("token", []byte("example-token\n"))
	s.run(0, s.submission(leaves, s.path("filed"))...)
	return s, leaves
}

// submission is the command line that files the openings, with a log that gives them the indexes 0 and 1.
func (s *site) submission(leaves []receipt.Hash, out string) []string {
	return []string{"submit", "--batch", s.path("openings"), "--url", liar{"0 2\n", leaves, 0}.serve(s).URL,
		"--token-file", s.path("token"), "--policy", s.path("policy"), "--out", out}
}

// TestOtherBatchReceipt: no force overwrites the batch receipt of another log, which may be the only one.
func TestOtherBatchReceipt(t *testing.T) {
	other, _ := batched(t)
	out := other.path("filed")
	read := func() string {
		return string(other.read("filed/0-2.cocket-batch")) + string(other.read("filed/0-2.leaves"))
	}
	before := read()
	s, leaves := batched(t)
	for _, more := range []string{"--wait=1s", "--force"} {
		if said := s.run(2, append(s.submission(leaves, out), more)...); !strings.Contains(said, "choose another folder") {
			t.Errorf("%s: said %q", more, said)
		}
		if read() != before {
			t.Errorf("%s: a batch receipt of another log was overwritten", more)
		}
	}
}

// TestCutOverwritesNothing: neither another receipt of the same run nor an entry, with or without force.
func TestCutOverwritesNothing(t *testing.T) {
	s, _ := batched(t)
	for from, to := range map[string]string{"a": "x", "b": "y"} {
		s.must(os.Mkdir(s.path(to), 0o755))
		s.write(to+"/cert.opening.json", s.read("openings/"+from+".opening.json"))
	}
	opening, err := declaration.ParseOpening(s.read("openings/a.opening.json"))
	s.must(err)
	s.write("raw.tlog-proof", opening.Entry())
	for _, force := range [][]string{nil, {"--force"}} {
		args := append([]string{"cut", s.path("x"), s.path("y"), "--batch", s.path("filed"), "--out", s.path("receipts")}, force...)
		if said := s.run(2, args...); !strings.Contains(said, "receipt of two entries") {
			t.Errorf("said %q", said)
		}
		args = append([]string{"cut", s.path("raw.tlog-proof"), "--batch", s.path("filed")}, force...)
		if said := s.run(2, args...); !strings.Contains(said, "is an entry") {
			t.Errorf("said %q", said)
		}
	}
	if !bytes.Equal(s.read("raw.tlog-proof"), opening.Entry()) {
		t.Error("an entry was overwritten")
	}
}

// TestCutBelievesNoOtherLog: a batch receipt of another log is passed over, and one that nobody signed is
// refused by verify and replaced with force.
func TestCutBelievesNoOtherLog(t *testing.T) {
	s, leaves := batched(t)
	forge := func(origin string) {
		cp := receipt.Checkpoint{Origin: origin, Size: 1, Root: leaves[0]}
		forged := receipt.Batch{End: 1, Checkpoint: append(append(cp.Body(), '\n'), "— nobody AAAAAAA=\n"...)}
		s.write("filed/0-1.cocket-batch", forged.Bytes())
		s.write("filed/0-1.leaves", printLeaves(leaves[:1]))
	}
	cut := []string{"cut", s.path("openings"), "--batch", s.path("filed")}
	check := []string{"verify", s.path("openings/a.opening.json"), "--receipt", s.path("openings/a.tlog-proof"),
		"--policy", s.path("policy")}
	forge("other.example/log")
	s.run(0, cut...)
	s.run(0, check...)
	s.must(os.Remove(s.path("openings/a.tlog-proof")))
	forge("customs.example/log")
	s.run(0, cut...)
	s.run(1, check...)
	s.must(os.Remove(s.path("filed/0-1.cocket-batch")))
	s.run(0, append(cut, "--force")...)
	s.run(0, check...)
}
