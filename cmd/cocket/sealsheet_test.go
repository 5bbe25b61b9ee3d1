// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sys/unix"

	"cocket.example/cmd/cocket/internal/bulk"
	"cocket.example/cmd/cocket/internal/madeup"
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
	openings, err := bulk.Open(s.path("sealed/"+name+".openings.jsonl"), nil)
	s.must(err)
	defer openings.Close()
	f, err := os.Open(s.path("sealed/" + name + ".entries"))
	s.must(err)
	defer f.Close()
	s.must(bulk.EachEntry(f, func(entry []byte) error {
		line, err := openings.Next()
		if err != nil {
			return err
		}
		o, err := declaration.ParseOpening(line)
		if err != nil {
			return err
		}
		if !bytes.Equal(o.Entry(), entry) || secrets[string(entry)] {
			return fmt.Errorf("%s: an entry is not that of its opening, or stands there twice", name)
		}
		secrets[string(entry)] = true
		n--
		return nil
	}))
	if _, err := openings.Next(); err != io.EOF || n != 0 {
		s.t.Errorf("%s: %d entries are missing, or openings are too many: %v", name, n, err)
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

// spoil breaks some of the rows of a sheet.
func spoil(sheet io.Reader) io.Reader {
	b, _ := io.ReadAll(sheet) // of memory
	all := strings.SplitAfter(string(b), "\n")
	for i := 7; i < len(all); i += 41 {
		all[i] = strings.Replace(all[i], ",B,", ",X,", 1)
	}
	for i := 300; i < min(360, len(all)); i++ { // whole batches
		all[i] = strings.Replace(all[i], ",B,", ",X,", 1)
	}
	return strings.NewReader(strings.Join(all, ""))
}

// TestSheetKilled kills the command at random, lets it go on, and wants every row once, and no batch changed whose
// entries were there.
func TestSheetKilled(t *testing.T) {
	soak.NoRace(t)
	kills := 0
	for round := range soak.Rounds(3, 100) {
		s := newTable(t, madeup.CertificateMap, spoil(madeup.Certificates(1500)), "--batch-size", "20")
		r := rand.New(rand.NewPCG(uint64(round), 1))
		before := make(map[string][32]byte)
		for done := false; !done; {
			cmd := s.start()
			timer := time.AfterFunc(time.Duration(r.IntN(600))*time.Millisecond, func() { cmd.Process.Kill() })
			err := cmd.Wait()
			timer.Stop()
			if status := cmd.ProcessState.ExitCode(); status > 1 {
				t.Fatalf("status %d: %v", status, err)
			}
			if done = cmd.ProcessState.Exited(); !done {
				kills++
			}
			after := s.files(".entries")
			for name, sum := range before {
				if after[name] != sum {
					t.Fatalf("%s was there and is another", name)
				}
			}
			before = after
		}
		if n := s.check(); n == 0 || len(s.refused()) < 60 {
			t.Fatalf("%d entries, %d rows refused", n, len(s.refused()))
		}
	}
	t.Logf("killed %d times", kills)
}

// TestSheetCrash breaks off between any two names of files, and wants the same as without.
func TestSheetCrash(t *testing.T) {
	soak.NoRace(t)
	s := newTable(t, madeup.CertificateMap, spoil(madeup.Certificates(400)), "--batch-size", "100")
	s.seal(1)
	whole := s.files("")
	last := "rows-362-401"
	if len(s.files(".index")) != 4 || whole[last+".entries"] == [32]byte{} {
		t.Fatalf("%q", s.names(""))
	}
	suffixes := []string{".entries", ".openings.jsonl", ".index"}
	for lost := range len(suffixes) + 1 {
		for _, suffix := range suffixes[:lost] {
			s.must(os.Remove(s.path("sealed/" + last + suffix)))
		}
		s.must(os.Remove(s.path("sealed/summary")))
		s.must(os.Rename(s.path("sealed/refused.csv"), s.path("refused.csv")))
		s.split(last)
		s.must(os.WriteFile(s.path("sealed/rows.entries.1.tmp"), []byte("cut sh"), 0o600))
		s.seal(1)
		s.check()
		after := s.files("")
		for name, sum := range whole {
			again := strings.HasPrefix(name, last) && lost > 0 && !strings.HasSuffix(name, ".index")
			if same := after[name] == sum; same == again {
				t.Errorf("%d files were lost: %s is the same: %v", lost, name, same)
			}
		}
		whole = after
	}
	// Refused rows that are joined are not joined again, since somebody may be mending them.
	s.must(os.WriteFile(s.path("sealed/refused.csv"), []byte("mended"), 0o600))
	s.must(os.WriteFile(s.path("sealed/"+last+".refused"), nil, 0o600))
	s.seal(1)
	if b, _ := os.ReadFile(s.path("sealed/refused.csv")); string(b) != "mended" || len(s.files(".refused")) > 0 {
		t.Errorf("refused rows are %q, and %q", b, s.names(".refused"))
	}
	// Entries without their index may have been submitted.
	s.must(os.Rename(s.path("sealed/"+last+".index"), s.path("index")))
	if said := s.seal(2); !strings.Contains(said, last+".entries is there without its index") {
		t.Error(said)
	}
	s.must(os.Rename(s.path("index"), s.path("sealed/"+last+".index")))
	// A batch that is gone from among the others is not made again.
	for _, suffix := range suffixes {
		s.must(os.Remove(s.path("sealed/rows-122-241" + suffix)))
	}
	if said := s.seal(2); !strings.Contains(said, "the batch of the rows from 122 on is missing before rows-242-361") {
		t.Error(said)
	}
}

// split puts the refused rows back to where they are before they are joined: those from row 362 on are of the last
// batch.
func (s *table) split(last string) {
	b, err := os.ReadFile(s.path("refused.csv"))
	s.must(err)
	rest := bytes.SplitAfter(b, []byte("\n"))
	for row := uint64(0); row < 362; {
		rest = rest[1:]
		number, _, _ := bytes.Cut(rest[0], []byte(","))
		row, err = strict.Decimal(string(number))
		s.must(err)
	}
	head := bytes.TrimSuffix(b, bytes.Join(rest, nil))
	_, head, _ = bytes.Cut(head, []byte("\n")) // the names of the columns
	s.must(os.WriteFile(s.path("sealed/rows-002-121.refused"), head, 0o600))
	s.must(os.WriteFile(s.path("sealed/"+last+".refused"), bytes.Join(rest, nil), 0o600))
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

// TestSheetBound: a folder is of one sheet and its options; what does not concern the openings may be another.
func TestSheetBound(t *testing.T) {
	s := newTable(t, madeup.ImportMap, madeup.Import(20))
	s.seal(0)
	before := s.files(".openings.jsonl")
	s.seal(0, "--lang", "fr")
	other := madeup.ImportMap
	other.Constants = map[string]string{"goods[].item.currency": "USD"}
	mapping, err := yaml.Marshal(other)
	s.must(err)
	s.must(os.WriteFile(s.path("other.yaml"), mapping, 0o600))
	s.must(os.WriteFile(s.path("recipients"), []byte("# officers\n"+recipient+"\n"), 0o600))
	s.must(os.WriteFile(s.path("codes.csv"), []byte("870830\n"), 0o600))
	key := func(typ, name string) string {
		s.must(os.MkdirAll(s.path("keys"), 0o700))
		path := s.path("keys/" + typ)
		if got := run([]string{"keygen", "--type", typ, "--name", name, "--out", path}, io.Discard, io.Discard); got != 0 {
			t.Fatal("keygen")
		}
		return path
	}
	for flags, what := range map[string][]string{
		"mapping":       {"--map", s.path("other.yaml")},
		"log":           {"--log", "other.example/log"},
		"submitter":     {"--submitter", "other.example"},
		"batch-size":    {"--batch-size", "7"},
		"width":         {"--width", "64"},
		"public":        {"--public", "departure.country"},
		"refuse":        {"--strict"},
		"recipient":     {"-R", s.path("recipients")},
		"hs-table":      {"--hs-table", "2022=" + s.path("codes.csv")},
		"certifier-key": {"--certifier-key", key("certifier", "acero.example")},
		"submitter-key": {"--submitter-key", key("submitter", "broker.example")},
	} {
		if said := s.seal(2, what...); !strings.Contains(said, "sealed was begun with another "+flags+": give the same") {
			t.Errorf("%s: %s", flags, said)
		}
	}
	f, err := os.OpenFile(s.path("rows.csv"), os.O_APPEND|os.O_WRONLY, 0)
	s.must(err)
	_, err = f.WriteString("\n")
	s.must(errors.Join(err, f.Close()))
	if said := s.seal(2); !strings.Contains(said, "sealed was begun with another source") {
		t.Error(said)
	}
	for name, sum := range before {
		if s.files(name)[name] != sum {
			t.Errorf("%s was changed", name)
		}
	}
}

// TestSheetRefused: what does not fit is named before anything is written.
func TestSheetRefused(t *testing.T) {
	s := newTable(t, madeup.CertificateMap, madeup.Certificates(6))
	mapping, err := os.ReadFile(s.path("map.yaml"))
	s.must(err)
	for name, text := range map[string]string{
		"short.yaml":   "profile: usmca/1\ncolumns: {Folio: invoice, Signed: signature.date}\n",
		"folio.yaml":   string(bytes.ReplaceAll(mapping, []byte("Number"), []byte("Folio"))),
		"unknown.yaml": "profile: usmca/1\ncolums: {Number: invoice}\n",
		"bare.yaml":    "columns: {Number: invoice}\n",
		"latin.csv":    "Number;Direcci\xf3n\n",
		"full":         "",
	} {
		s.must(os.WriteFile(s.path(name), []byte(text), 0o600))
	}
	for _, c := range []struct {
		flags []string
		want  []string
	}{
		{[]string{"--map", s.path("short.yaml")}, []string{"short.yaml: the mapping cannot be used:\n", "\ncertifier.role is required: map a column",
			"\ngoods[].hs is required"}},
		{[]string{"--map", s.path("folio.yaml")}, []string{"rows.csv: the first row does not fit the mapping:",
			`column 1, "Number", is neither mapped nor ignored`, `column "Folio" is mapped and not there`, `column "Folio", which tells`}},
		{[]string{"--map", s.path("unknown.yaml")}, []string{`unknown.yaml: line 2: unknown key "colums"`}},
		{[]string{"--map", s.path("bare.yaml")}, []string{`profile "": want one of usmca/1`}},
		{[]string{"--map", ""}, []string{"--csv: want --map"}},
		{[]string{"--csv", s.path("latin.csv")}, []string{"latin.csv: row 1, line 1 is not UTF-8"}},
		{[]string{"--csv", s.path("none.csv")}, []string{"no such file"}},
		{[]string{"--profile", "import/1"}, []string{"--profile import/1: ", "is for usmca/1"}},
		{[]string{"--public", "goods[0].hs"}, []string{"--public: the profile does not allow goods[0].hs"}},
		{[]string{"--public", "colour"}, []string{`--public: "colour" is no field`}},
		{[]string{"--recipient", "AGE-SECRET-KEY-1XYZ"}, []string{"--recipient: want a recipient of age"}},
		{[]string{"-R", s.path("short.yaml")}, []string{"want recipients of age"}},
		{[]string{"--event", "withdraw"}, []string{"--event withdraw is about one entry"}},
		{[]string{"--event", "sneeze"}, []string{`event "sneeze": want one of`}},
		{[]string{"--refers", "x"}, []string{"--refers does not go with this"}},
		{[]string{"--batch-size", "-1"}, []string{"--batch-size -1: want from 1 to 1048576"}},
		{[]string{"--submitter", "a+b"}, []string{`submitter "a+b": want`}},
		{[]string{"--log", ""}, []string{"--log: empty name"}},
		{[]string{"--out", s.dir}, []string{"already: choose a folder that is empty or not there"}},
		{[]string{"x.json"}, []string{"x.json and --csv: want one of the two"}},
		{[]string{"--csv", "", "x.json"}, []string{`required flag(s) "profile" not set`}},
		{[]string{"--csv", "", "--profile", "usmca/1", "x.json"}, []string{"--map does not go with this"}},
	} {
		said := s.seal(2, c.flags...)
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("%q: said %q, want %q", c.flags, said, want)
			}
		}
		if strings.Contains(said, "AGE-SECRET") {
			t.Errorf("a secret is shown: %s", said)
		}
	}
	if files := s.files(""); len(files) > 0 {
		t.Errorf("%d files were written", len(files))
	}
}

// TestTake: what cannot be taken is not, and the reason is told.
func TestTake(t *testing.T) {
	s := newTable(t, madeup.CertificateMap, spoil(madeup.Certificates(30)), "--batch-size", "10")
	s.seal(1)
	take := func(status int, flags ...string) string {
		t.Helper()
		var out bytes.Buffer
		args := append([]string{"take", s.path("sealed"), "--out", s.path("taken")}, flags...)
		if got := run(args, &out, &out); got != status {
			t.Fatalf("%q: status %d, want %d\n%s", flags, got, status, out.String())
		}
		return out.String()
	}
	said := take(0, "--row", "13")
	leaf, _, _ := strings.Cut(strings.TrimPrefix(said, "leaf "), "\n")
	s.must(os.Remove(s.path("taken/row-12.opening.json"))) // rows 6 and 7, 12 and 13 … are of one
	if again := take(0, "--leaf", leaf); again != said {
		t.Errorf("said %q, and %q by its leaf hash", said, again)
	}
	for _, name := range s.names(".entries") {
		s.must(os.Remove(s.path("sealed/" + name))) // then the openings are read
	}
	if again := take(0, "--leaf", leaf, "--force"); again != said {
		t.Errorf("said %q, and %q without entries", said, again)
	}
	for want, flags := range map[string][]string{
		"row-12.opening.json exists already": {"--row", "12"},
		"holds no opening of row 32":         {"--row", "32"},
		"row 8 was refused, so there is no":  {"--row", "8"},
		"--row -1: want the number of a row": {"--row", "-1"},
		"--leaf: want the leaf hash":         {"--leaf", "x"},
		"holds no opening of this leaf hash": {"--leaf", base64Hash([32]byte{1})},
		"want an identity of age":            {"--row", "12", "--identity", s.path("map.yaml")},
	} {
		if said := take(2, flags...); !strings.Contains(said, want) {
			t.Errorf("%q: said %q, want %q", flags, said, want)
		}
	}
	for _, name := range s.names(".index") {
		s.must(os.Remove(s.path("sealed/" + name)))
	}
	if said := take(2, "--row", "12"); !strings.Contains(said, "give --leaf instead") {
		t.Error(said)
	}
	if said := take(0, "--leaf", leaf); !strings.Contains(said, "taken/line-") {
		t.Error(said)
	}
}

// TestSheetInterrupted: Ctrl-C ends it at once, and it goes on.
func TestSheetInterrupted(t *testing.T) {
	soak.NoRace(t)
	s := newTable(t, madeup.ImportMap, madeup.Import(3000), "--batch-size", "100")
	cmd := s.start()
	for s.batches() == 0 {
		time.Sleep(time.Millisecond)
	}
	s.must(cmd.Process.Signal(syscall.SIGINT))
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 2 {
		t.Fatalf("status %d", cmd.ProcessState.ExitCode())
	}
	before := s.files(".entries")
	s.seal(0)
	for name, sum := range before {
		if s.files(name)[name] != sum {
			t.Errorf("%s is another", name)
		}
	}
	if n := s.check(); n != 3000 || len(before) == 30 {
		t.Errorf("%d entries, %d of 30 batches before", n, len(before))
	}
}

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

// batches counts the batches whose entries are there.
func (s *table) batches() int {
	paths, err := filepath.Glob(s.path("sealed/*.entries"))
	s.must(err)
	return len(paths)
}

// TestSheetMemory seals many rows, killed twice on the way, in a quarter of the 256 MiB that an agency may be
// expected to have.
func TestSheetMemory(t *testing.T) {
	soak.NoRace(t)
	n := soak.Rounds(10_000, 1_000_000)
	s := newTable(t, madeup.ImportMap, madeup.Import(n), "--batch-size", fmt.Sprint(n/100))
	began, largest := time.Now(), int64(0)
	for _, batches := range []int{30, 70, 100} {
		cmd := s.start()
		for batches < 100 && s.batches() < batches {
			time.Sleep(time.Millisecond)
		}
		if batches < 100 {
			s.must(cmd.Process.Kill())
		}
		if err := cmd.Wait(); batches == 100 {
			s.must(err)
		}
		largest = max(largest, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	}
	took := time.Since(began)
	t.Logf("%d rows in %v, %.0f a second, at most %d KiB", n, took, float64(n)/took.Seconds(), largest)
	if largest > 64<<10 {
		t.Errorf("%d KiB of memory", largest)
	}
	if got := s.check(); got != n {
		t.Errorf("%d entries", got)
	}
}
