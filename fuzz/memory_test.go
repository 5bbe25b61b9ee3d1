// SPDX-License-Identifier: Apache-2.0

package fuzz

import (
	"runtime"
	"testing"

	"cocket.example/declaration"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// parsers are those of texts whose length a stranger chooses.
var parsers = map[string]func(b []byte) error{
	"checkpoint":     func(b []byte) error { _, _, err := receipt.ParseCheckpoint(b); return err },
	"signatures":     func(b []byte) error { _, err := receipt.ParseSignatures(b); return err },
	"receipt":        func(b []byte) error { _, err := receipt.Parse(b); return err },
	"add-checkpoint": func(b []byte) error { _, err := receipt.ParseAddCheckpoint(b); return err },
	"sign-subtree":   func(b []byte) error { _, err := receipt.ParseSignSubtree(b); return err },
	"fork":           func(b []byte) error { _, err := receipt.ParseFork(b); return err },
	"policy":         func(b []byte) error { _, err := receipt.ParsePolicy(b); return err },
	"key":            func(b []byte) error { _, err := receipt.ParseVerifierKey(string(b)); return err },
	"entry":          func(b []byte) error { _, err := declaration.Parse(b); return err },
	"opening":        func(b []byte) error { _, err := declaration.ParseOpening(b); return err },
	"disclosure":     func(b []byte) error { _, err := declaration.ParseDisclosure(b); return err },
	"fields":         func(b []byte) error { _, err := declaration.ParseFields(b); return err },
	"bundle":         func(b []byte) error { _, err := tile.ParseBundle(b, tile.Width); return err },
	"path":           func(b []byte) error { _, err := tile.ParsePath(string(b)); return err },
}

// FuzzMemory: no parser takes more memory than a multiple of what it reads, however that repeats itself.
func FuzzMemory(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add([]byte(v.Entry), 1)
		f.Add([]byte(v.Opening), 1)
		f.Add([]byte(v.Disclosure), 1)
	}
	for _, s := range []string{signedOne, "quorum none\n", "c2sp.org/tlog-proof@v1\nindex 0\n\n" + signedOne} {
		f.Add([]byte(s), 1)
	}
	for _, s := range []string{"[", `{"a":`, "\n", "\n\n", "A", "— k AAAAAAA=\n", "# comment\n", "x001/",
		"\x00\x00", "goods[0].a"} {
		f.Add([]byte(s), 10_000)
	}
	f.Fuzz(func(t *testing.T, b []byte, times int) {
		if times > 1 && times < 100_000 && len(b)*times < 1<<20 {
			whole := make([]byte, 0, len(b)*times)
			for range times {
				whole = append(whole, b...)
			}
			b = whole
		}
		for name, parse := range parsers {
			before := allocated()
			_ = parse(b)
			if n := allocated() - before; n > 1<<20+200*uint64(len(b)) {
				t.Errorf("%s: %d bytes allocated for %d", name, n, len(b))
			}
		}
	})
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
