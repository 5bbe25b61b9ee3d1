// SPDX-License-Identifier: Apache-2.0

package local

import (
	"testing"

	"cocket.example/log"
	"cocket.example/log/storagetest"
)

var _ log.Storage = (*Storage)(nil)

func TestContract(t *testing.T) {
	for _, c := range []struct {
		name string
		fs   func(t testing.TB) FS
	}{
		{"directory", func(t testing.TB) FS { return Dir(t.TempDir() + "/log") }},
		{"simulated", func(testing.TB) FS { return newDisk(1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			storagetest.Run(t, func(t testing.TB) storagetest.Opener {
				fsys := c.fs(t)
				if err := Create(fsys, "log.example/contract"); err != nil {
					t.Fatal(err)
				}
				return func(t testing.TB) log.Storage { return open(t, fsys) }
			})
		})
	}
}

// open opens a log with small limits.
func open(t testing.TB, fsys FS) *Storage {
	t.Helper()
	s, err := Open(t.Context(), Config{FS: fsys, MinFree: 1, Reserve: 4096})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
