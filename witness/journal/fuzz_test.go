// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// FuzzRecord and FuzzHeader: what is taken prints back.
func FuzzRecord(f *testing.F) {
	b, _ := appendRecord(nil, Position{Seq: 4}, []byte("payload"))
	f.Add(b)
	f.Add(append(b, "more"...))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRecord(b)
		if err != nil {
			return
		}
		again, at := appendRecord(nil, Position{Seq: r.seq - 1, Sum: r.before}, r.payload)
		if !bytes.Equal(again, b[:len(again)]) || at.Sum != r.sum {
			t.Fatalf("prints back as %x", again)
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add(header{id: testID, half: 1 << 16, lap: 3}.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := parseHeader(b); err == nil && !bytes.HasPrefix(b, h.bytes()) {
			t.Fatalf("prints back as %x", h.bytes())
		}
	})
}

// FuzzOpen: whatever stands in the file, a journal is opened or refused, and takes records then.
func FuzzOpen(f *testing.F) {
	r, _ := appendRecord(nil, Position{}, []byte("payload"))
	f.Add(r, uint16(1), byte(0))
	f.Add(header{id: testID, half: MinSize / 2, lap: 2}.bytes(), uint16(16), byte(3))
	f.Fuzz(func(t *testing.T, b []byte, place uint16, flip byte) {
		d := &disk{rand: rand.New(rand.NewPCG(1, 1))}
		if _, err := Format(d, testID, Position{}, MinSize); err != nil {
			t.Fatal(err)
		}
		d.data[int(flip)] ^= flip
		copy(d.data[int(place)*block%len(d.data):], b)
		j, err := Open(d)
		if err != nil {
			return
		}
		if err := j.Turn(); err != nil {
			t.Fatal(err)
		}
		if at, err := j.Append([]byte("next")); err != nil || at.Seq != j.last.Seq {
			t.Fatal(at, err)
		}
	})
}
