// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sys/unix"

	"cocket.example/cmd/cocket/internal/bulk"
	"cocket.example/cmd/cocket/internal/madeup"
	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/declaration"
	"cocket.example/declaration/sheet"
	"cocket.example/internal/soak"
	"cocket.example/internal/strict"
)

// table is a sheet with its mapping, and the folder that it is sealed into.
type table struct {
	t    *testing.T
	dir  string
	rows int
	args []string
}

// newTable writes a sheet and its mapping.
func newTable(t *testing.T, m sheet.Map, rows io.Reader, flags ...string) *table {
	t.Helper()
	s := &table{t: t, dir: t.TempDir()}
	mapping, err := yaml.Marshal(m)
	s.must(err)
	s.must(os.WriteFile(s.path("map.yaml"), mapping, 0o600))
	f, err := os.Create(s.path("rows.csv"))
	s.must(err)
	count := lines{}
	_, err = io.Copy(io.MultiWriter(f, &count), rows)
	s.must(err)
	s.must(f.Close())
	s.rows = count.n - 1
	s.args = append([]string{"seal", "--csv", s.path("rows.csv"), "--map", s.path("map.yaml"),
		"--log", "customs.example/log", "--submitter", "broker.example", "--out", s.path("sealed")}, flags...)
	return s
}

type lines struct{ n int }

func (l *lines) Write(b []byte) (int, error) {
	l.n += bytes.Count(b, []byte("\n"))
	return len(b), nil
}

func (s *table) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *table) path(name string) string { return filepath.Join(s.dir, name) }

// seal runs the command, wants its exit status, and returns what it wrote.
func (s *table) seal(status int, more ...string) string {
	s.t.Helper()
	var out bytes.Buffer
	if got := run(append(slices.Clone(s.args), more...), &out, &out); got != status {
		s.t.Fatalf("status %d, want %d\n%s", got, status, out.String())
	}
	return out.String()
}

// start starts the command as a process of its own.
func (s *table) start() *exec.Cmd {
	cmd := exec.Command(os.Args[0], s.args...)
	cmd.Env = append(os.Environ(), "COCKET_TEST_MAIN=1")
	s.must(cmd.Start())
	return cmd
}

// files hashes the files in the folder whose names end so.
func (s *table) files(suffix string) map[string][32]byte {
	paths, err := filepath.Glob(s.path("sealed/*" + suffix))
	s.must(err)
	found := make(map[string][32]byte)
	for _, p := range paths {
		b, err := os.ReadFile(p)
		s.must(err)
		found[filepath.Base(p)] = sha256.Sum256(b)
	}
	return found
}

// check wants every row once: in an opening that opens the entry of the same number, or among the refused.
func (s *table) check() (entries int) {
	s.t.Helper()
	seen, secrets := make([]int, s.rows+2), make(map[string]bool)
	for name := range s.files(".index") {
		b, err := os.ReadFile(s.path("sealed/" + name))
		s.must(err)
		x, err := bulk.ParseIndex(b)
		s.must(err)
		for _, span := range x.Openings {
			for row := span.First; row <= span.Last; row++ {
				seen[row]++
			}
		}
		if len(x.Openings) > 0 {
			entries += len(x.Openings)
			s.checkBatch(strings.TrimSuffix(name, ".index"), len(x.Openings), secrets)
		}
	}
	for _, row := range s.refused() {
		seen[row]++
	}
	for row := 2; row < len(seen); row++ {
		if seen[row] != 1 {
			s.t.Fatalf("row %d is there %d times", row, seen[row])
		}
	}
	if left := append(s.names(".tmp"), s.names(".refused")...); len(left) > 0 {
		s.t.Errorf("%q is left", left)
	}
	return entries
}

func (s *table) names(suffix string) (names []string) {
	for name := range s.files(suffix) {
		names = append(names, name)
	}
	return names
}

// checkBatch wants the openings to open the entries beside them, one by one, and no entry twice anywhere.
func (s *table) checkBatch(name string, n int, secrets map[string]bool) {
	s.t.Helper()
	var entries [][]byte
	s.must(openings.Each(s.path("sealed/"+name+".entries"), nil, func(_ int, entry []byte) error {
		entries = append(entries, bytes.Clone(entry))
		return nil
	}))
	s.must(openings.Each(s.path("sealed/"+name+".openings.jsonl"), nil, func(i int, line []byte) error {
		o, err := declaration.ParseOpening(line)
		if err != nil {
			return err
		}
		if i >= len(entries) || !bytes.Equal(o.Entry(), entries[i]) || secrets[string(entries[i])] {
			return fmt.Errorf("%s: an entry is not that of its opening, or stands there twice", name)
		}
		secrets[string(entries[i])] = true
		n--
		return nil
	}))
	if n != 0 {
		s.t.Errorf("%s: %d openings are missing, or too many", name, n)
	}
}

// refused returns the numbers of the rows that are refused.
func (s *table) refused() (rows []int) {
	b, err := os.ReadFile(s.path("sealed/refused.csv"))
	if os.IsNotExist(err) {
		return nil
	}
	s.must(err)
	records, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	s.must(err)
	for _, r := range records[1:] {
		n, err := strict.Decimal(r[0])
		s.must(err)
		rows = append(rows, int(n))
	}
	return rows
}

// TestSheetLocked: a second process at the same folder is refused, and its files are the owner's alone, but for
// the entries.
func TestSheetLocked(t *testing.T) {
	s := newTable(t, madeup.ImportMap, madeup.Import(700))
	s.must(os.Mkdir(s.path("sealed"), 0o755))
	lock, err := os.Create(s.path("sealed/lock"))
	s.must(err)
	s.must(unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	if said := s.seal(2); !strings.Contains(said, "is in use by another process") {
		t.Error(said)
	}
	s.must(lock.Close())
	s.seal(0)
	s.check()
	for name, mode := range map[string]os.FileMode{
		"rows-002-701.openings.jsonl": 0o600, "rows-002-701.entries": 0o644, "rows-002-701.index": 0o600, "manifest": 0o600,
	} {
		info, err := os.Stat(s.path("sealed/" + name))
		s.must(err)
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

const recipient = "age1e8xfn4vawazmjktaug93um38j2dw0ey57xhwu4n6pczkq7xcwydqa7tlyp"

// TestSheetImports seals real data. All of it is good but the rows whose country is ZZ, which is none.
func TestSheetImports(t *testing.T) {
	soak.NoRace(t)
	f, err := os.Open("../../../shared/data/kr-import/df_syn_train_eng.csv")
	if err != nil {
		t.Skipf("no real data: %v", err)
	}
	defer f.Close()
	s := newTable(t, madeup.ImportMap, f)
	said := s.seal(1)
	want := "rows 37385\nsealed-rows 37358\nrefused-rows 27\nopenings 37358\nrefused 27\ncount error COUNTRY 37\n"
	if !strings.Contains(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
	if len(s.refused()) != 27 {
		t.Errorf("%d rows are refused", len(s.refused()))
	}
}
