// SPDX-License-Identifier: Apache-2.0

package local

import (
	"os"
	"testing"
)

// TestMappedFileCutShort reads a mapping whose file has become shorter, as one on a failing disk.
func TestMappedFileCutShort(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/a", make([]byte, 1<<16), 0o644); err != nil {
		t.Fatal(err)
	}
	b, unmap, err := Dir(dir).Map("a")
	if err != nil {
		t.Fatal(err)
	}
	defer unmap()
	if err := os.Truncate(dir+"/a", 0); err != nil {
		t.Fatal(err)
	}
	sum := byte(0)
	err = reading(func() error {
		sum += b[1<<15]
		return nil
	})
	if err == nil {
		t.Errorf("read %d from a file that has no bytes", sum)
	}
	if err := reading(func() error { return nil }); err != nil {
		t.Error(err)
	}
}
