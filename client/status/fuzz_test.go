// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"crypto/sha256"
	"testing"
)

// FuzzSaved: what is accepted prints back. The hash at the end is put right, so that the rest is reached.
func FuzzSaved(f *testing.F) {
	b, _ := filled(700)
	for _, size := range []uint64{1, 300, 700} {
		r := newReading(Config{Source: b}.withDefaults(), saved{}, nil)
		cp := b.trusted(size).Report().Checkpoint
		if err := r.to(f.Context(), cp, func() error { return nil }); err != nil {
			f.Fatal(err)
		}
		f.Add(saved{r.edge, r.found, b.signed(size)}.bytes())
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if n := len(file) - sha256.Size; n >= 0 {
			sum := sha256.Sum256(file[:n])
			file = append(file[:n:n], sum[:]...)
		}
		if s, err := parseSaved(file); err == nil && !bytes.Equal(s.bytes(), file) {
			t.Errorf("prints back as %q", s.bytes())
		}
	})
}

// FuzzRefersTo: what a good entry refers to is found without parsing it.
func FuzzRefersTo(f *testing.F) {
	f.Add(issue("a.example", 1))
	f.Add(refer("amend", "a.example", []byte("x"), 1))
	f.Add(refer("withdraw", "a.example", []byte("x"), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		found := filed{data: data}
		found.parse()
		target, ok := refersTo(data)
		if want := found.entry.Refers; found.err == nil && (ok != (want != nil) || ok && *want != target) {
			t.Errorf("found %x %t, want %x", target, ok, want)
		}
	})
}
