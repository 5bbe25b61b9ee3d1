// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"cocket.example/cmd/cocket/internal/madeup"
	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/declaration"
)

// TestChanged changes the sheet while it is being sealed, far behind what was read. The batch of the change gets no
// name, and with the sheet as it was the same call goes on.
func TestChanged(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "rows.csv")
	var sheet bytes.Buffer
	if _, err := sheet.ReadFrom(madeup.Import(6000)); err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) error { return os.WriteFile(source, b, 0o600) }
	end := bytes.LastIndexByte(bytes.TrimSpace(sheet.Bytes()), '\n')
	other := bytes.Clone(sheet.Bytes())
	other[end+1] = '2' // of the number of the last declaration
	if err := write(sheet.Bytes()); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	c := Config{Source: source, Map: madeup.ImportMap, Dir: filepath.Join(dir, "sealed"), Batch: 1000, Progress: io.Discard,
		Form: declaration.Declaration{Log: "customs.example/log", Event: "issue", Profile: madeup.ImportMap.Profile,
			Submitter: "broker.example"}}
	c.Sign = func(o declaration.Opening) (declaration.Opening, error) {
		once.Do(func() {
			if err := write(other); err != nil {
				t.Error(err)
			}
		})
		return o, nil
	}
	if _, err := Seal(t.Context(), c); err == nil || !strings.Contains(err.Error(), "was changed while it was read") {
		t.Fatalf("%v", err)
	}
	names, err := filepath.Glob(filepath.Join(c.Dir, "*"+openings.Entries))
	if err != nil || len(names) != 5 {
		t.Errorf("%q, %v: want all batches but the one that changed", names, err)
	}
	if err := write(sheet.Bytes()); err != nil {
		t.Fatal(err)
	}
	sum, err := Seal(t.Context(), c)
	if err != nil || sum.SealedRows != 6000 {
		t.Errorf("%v, %v", sum, err)
	}
}
