// SPDX-License-Identifier: Apache-2.0

package fuzz

import (
	"bytes"
	"testing"

	"cocket.example/internal/tile"
)

func FuzzTilePath(f *testing.F) {
	for _, path := range []string{"tile/0/000", "tile/63/x001/x234/067.p/255", "tile/entries/x001/000.p/1",
		"tile/0/x000/000", "tile/0/000.p/08"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		ref, err := tile.ParsePath(path)
		if err != nil {
			return
		}
		if ref.Path() != path {
			t.Fatalf("prints back as %q", ref.Path())
		}
		if ref.Width < 1 || ref.Width > tile.Width || ref.Level > 63 || ref.Entries && ref.Level != 0 {
			t.Fatalf("parsed as %+v", ref)
		}
	})
}

func FuzzBundle(f *testing.F) {
	f.Add([]byte{}, byte(0))
	f.Add([]byte("\x00\x00\x00\x01a"), byte(2))
	f.Add([]byte("\x00\x02a"), byte(1))
	f.Fuzz(func(t *testing.T, bundle []byte, width byte) {
		entries, err := tile.ParseBundle(bundle, int(width))
		if err != nil {
			return
		}
		var again []byte
		for _, e := range entries {
			if again, err = tile.AppendEntry(again, e); err != nil {
				t.Fatal(err)
			}
		}
		if len(entries) != int(width) || !bytes.Equal(again, bundle) {
			t.Fatalf("%d entries, which print back as %q", len(entries), again)
		}
	})
}
