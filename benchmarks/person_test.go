// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"testing"

	"cocket.example/receipt"
)

// A person files certificates with the program itself, in a log of its own, and gets receipts.
func TestPerson(t *testing.T) {
	b, err := newBench(options{quick: true, dir: t.TempDir()}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.runSite(t.Context(), "person", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	p, err := b.newPerson(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.fileAll(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.file) != 2 || len(got.empty) != 2 || median(got.file) <= 0 {
		t.Errorf("times %v, want two of each", got)
	}
	for _, name := range []string{"1", "2", "3"} {
		proof, err := os.ReadFile(s.path(name + ".opening.json.tlog-proof"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := receipt.Parse(proof); err != nil {
			t.Error(err)
		}
	}
}
