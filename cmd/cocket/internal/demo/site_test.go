// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"

	"cocket.example/receipt"
)

var bin string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "cocket")
	if err != nil {
		panic(err)
	}
	bin = dir
	out, err := exec.Command("go", "build", "-o", dir+"/", "cocket.example/cmd/cocketd",
		"cocket.example/cmd/cocket-witness").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// run runs a demonstration and returns its last lines by name.
func run(t *testing.T, c Config) map[string]string {
	t.Helper()
	var out strings.Builder
	c.Bin, c.Exit, c.Out, c.Err = bin, true, &out, io.Discard
	if err := Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	values := make(map[string]string)
	for line := range strings.Lines(out.String()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			values[name] = value
		}
	}
	return values
}

// TestDemo runs a demonstration, breaks its openings off, runs it again, and reads the log that it
// leaves with other projects' eyes.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	got := run(t, Config{Dir: dir, Entries: 700})
	if got["submitted"] != "700" || got["verified"] != "700" || got["rejected"] != "0" {
		t.Fatalf("%v", got)
	}
	openings := filepath.Join(dir, "openings.jsonl")
	info, err := os.Stat(openings)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(openings, info.Size()/2); err != nil { // in the middle of a line
		t.Fatal(err)
	}
	again := run(t, Config{Dir: dir, Entries: 600})
	if again["submitted"] != "600" || again["verified"] != "600" {
		t.Fatalf("%v", again)
	}
	t.Run("published", func(t *testing.T) { foreignNotes(t, dir) })
	t.Run("fsck", func(t *testing.T) { foreignFsck(t, dir) })
}

// TestDemoInput accounts for the rows of real data.
func TestDemoInput(t *testing.T) {
	input := "../../../../../shared/data/kr-import/df_syn_train_eng.csv"
	if _, err := os.Stat(input); err != nil {
		t.Skipf("no test data: %v", err)
	}
	got := run(t, Config{Dir: t.TempDir(), Input: input, Entries: 2000})
	var rows, rejected, submitted, verified int
	for name, n := range map[string]*int{"rows": &rows, "rejected": &rejected, "submitted": &submitted, "verified": &verified} {
		if _, err := fmt.Sscan(got[name], n); err != nil {
			t.Fatalf("%s %q: %v", name, got[name], err)
		}
	}
	if rows != 2000 || rows != submitted+rejected || verified != submitted || submitted < 1900 {
		t.Fatalf("%v", got)
	}
}

// foreignNotes verifies the published checkpoint with golang.org/x/mod and torchwood.
func foreignNotes(t *testing.T, dir string) {
	checkpoint, policy := read(t, dir, "log/checkpoint"), read(t, dir, "policy")
	p, err := receipt.ParsePolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	logKey, err := note.NewVerifier(p.Logs[0].Key.String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(checkpoint, note.VerifierList(logKey)); err != nil {
		t.Fatal(err)
	}
	theirs, err := torchwood.ParsePolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := torchwood.VerifyCheckpoint(checkpoint, theirs)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := p.Verify(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if got := trusted.Report().Checkpoint; uint64(c.N) != got.Size || c.Hash != got.Root {
		t.Fatalf("torchwood reads size %d, this program %d", c.N, got.Size)
	}
}

// foreignFsck checks the directory with Tessera's checker, whole and with one bit flipped.
func foreignFsck(t *testing.T, dir string) {
	if err := checkFsck(t, dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"log/tile/0/001", "log/tile/entries/000"} {
		whole := read(t, dir, name)
		bad := append([]byte(nil), whole...)
		bad[20] ^= 1 // in the first hash or entry: at a bundle's lengths the checker panics
		write(t, dir, name, bad)
		if err := checkFsck(t, dir); err == nil {
			t.Errorf("a flipped bit in %s was not seen", name)
		}
		write(t, dir, name, whole)
	}
}

func checkFsck(t *testing.T, dir string) error {
	t.Helper()
	key, err := note.NewVerifier(strings.TrimSpace(string(read(t, dir, "log.vkey"))))
	if err != nil {
		t.Fatal(err)
	}
	files := &client.FileFetcher{Root: dir + "/log/"}
	return fsck.New(origin, key, files, hashBundle, fsck.Opts{N: 2}).Check(t.Context())
}

// hashBundle splits a bundle as c2sp.org/tlog-tiles says and hashes its entries.
func hashBundle(bundle []byte) (hashes [][]byte, err error) {
	for rest := bundle; len(rest) > 0; {
		if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
			return nil, io.ErrUnexpectedEOF
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		hash := sha256.Sum256(append([]byte{0}, rest[2:end]...))
		hashes, rest = append(hashes, hash[:]), rest[end:]
	}
	return hashes, nil
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestMissingProgram names what to do.
func TestMissingProgram(t *testing.T) {
	_, err := Prepare(t.TempDir(), t.TempDir())
	if err == nil || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "make build") {
		t.Fatal(err)
	}
}
