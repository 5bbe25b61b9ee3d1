// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/declaration"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// entry is that of an opening.
func (s *site) entry(opening string) []byte {
	o, err := declaration.ParseOpening(s.read(opening))
	s.must(err)
	return o.Entry()
}

// pair is the signed checkpoint of a tree of two entries.
func (s *site) pair(one, other [32]byte) []byte {
	root := receipt.Hash(rfc6962.DefaultHasher.HashChildren(one[:], other[:]))
	return s.sign(receipt.Checkpoint{Origin: "customs.example/log", Size: 2, Root: root})
}

// wantReport wants a page whose first line begins so.
func (s *site) wantReport(answer string) {
	if page := string(s.read("proof.html")); !strings.Contains(page, `<h1 class="no">`+answer) {
		s.t.Errorf("want a page that says %q:\n%s", answer, page)
	}
}

// TestAboutFork: receipts of two trees of one size convict the log, whatever else they prove.
func TestAboutFork(t *testing.T) {
	s := claimedSite(t, certified)
	leaf := declaration.LeafHash(s.entry("claim.opening.json"))
	another := declaration.LeafHash([]byte("another entry"))
	s.write("claim.tlog-proof", receipt.Receipt{Index: 1, Proof: []receipt.Hash{another},
		Checkpoint: s.pair(another, leaf)}.Bytes())
	out := s.run(3, aboutArgs...)
	if !strings.Contains(out, "has forked") || !strings.Contains(out, "two trees of 2 entries") {
		t.Error(out)
	}
	s.wantReport("No: the certification was on file before 2027-01-20, the date that the claim states, but one history")
}

// TestAboutForkedCopy: so does a copy of the log that holds another tree.
func TestAboutForkedCopy(t *testing.T) {
	s := claimedSite(t, certified)
	first, second := s.entry("cert.opening.json"), []byte("another entry")
	one, other := declaration.LeafHash(first), declaration.LeafHash(second)
	bundle, err := tile.AppendEntry(nil, first)
	s.must(err)
	bundle, err = tile.AppendEntry(bundle, second)
	s.must(err)
	s.must(os.MkdirAll("copy/tile/0/000.p", 0o755))
	s.must(os.MkdirAll("copy/tile/entries/000.p", 0o755))
	s.write("copy/checkpoint", s.pair(one, other))
	s.write("copy/tile/0/000.p/2", append(one[:], other[:]...))
	s.write("copy/tile/entries/000.p/2", bundle)
	out := s.run(3, append(aboutArgs, "--mirror", "copy")...)
	if !strings.Contains(out, "has signed two trees that contradict each other") {
		t.Error(out)
	}
	s.wantReport("No: ")
}
