// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"cocket.example/client"
	"cocket.example/cmd/cocket/internal/demo"
	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/declaration"
	"cocket.example/internal/soak"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// bulkSite is a real log with three real witnesses, and a folder for files of many entries.
type bulkSite struct {
	*demo.Site
	t *testing.T
}

func newBulkSite(t *testing.T) bulkSite {
	t.Helper()
	bin := t.TempDir()
	out, err := exec.Command("go", "build", "-o", bin, "cocket.example/cmd/cocketd", "cocket.example/cmd/cocket-witness").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s, err := demo.Prepare(t.TempDir(), bin)
	if err == nil {
		err = s.Start(t.Context())
	}
	if err == nil {
		err = os.Mkdir(filepath.Join(s.Dir, "sealed"), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return bulkSite{s, t}
}

func (s bulkSite) path(name string) string { return filepath.Join(s.Dir, name) }

func (s bulkSite) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// importation is the declaration of a row, for the site's log.
func importation(row int) declaration.Declaration {
	return declaration.Declaration{
		Log: "customs.example/demo", Event: "issue", Profile: "import/1", Submitter: "broker.example",
		Fields: map[string]string{
			"goods.count": "1", "declaration.number": strconv.Itoa(10_000_000 + row),
			"declaration.date": "2026-03-02", "importer.id": fmt.Sprintf("IMP%04d", row%500),
			"departure.country": "MX", "goods[0].hs": "870830", "goods[0].origin.country": "CR",
			"goods[0].net.mass": strconv.Itoa(1 + row%20_000), "goods[0].item.price": strconv.Itoa(100 + row),
		},
	}
}

// sealMany writes n openings and their entries, as "cocket seal --csv" does.
func sealMany(t *testing.T, base string, n int) {
	t.Helper()
	var files [2]*bufio.Writer
	for i, suffix := range []string{openings.Clear, openings.Entries} {
		f, err := os.OpenFile(base+suffix, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = bufio.NewWriterSize(f, 1<<20)
	}
	rows := func(yield func(*sealedRow, error) bool) {
		for row := range n {
			if !yield(&sealedRow{row: row}, nil) {
				return
			}
		}
	}
	err := inOrder(t.Context(), rows, (*sealedRow).seal, func(r *sealedRow) error {
		if r.err != nil {
			return r.err
		}
		files[0].Write(append(r.opening, '\n')) // Flush reports the error
		b, err := tile.AppendEntry(files[1].AvailableBuffer(), r.entry)
		files[1].Write(b)
		return err
	})
	for _, f := range files {
		if err == nil {
			err = f.Flush()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

type sealedRow struct {
	row            int
	opening, entry []byte
	err            error
}

func (r *sealedRow) seal() {
	o, err := importation(r.row).Seal(rand.Reader)
	if err == nil {
		r.entry = o.Entry()
		r.opening, err = o.MarshalJSON()
	}
	r.err = err
}

// forgeMany writes n entries of which nobody has an opening, which takes no time: each is a good one with
// another root.
func forgeMany(t *testing.T, path string, n int) {
	t.Helper()
	o, err := importation(0).Seal(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	e, err := declaration.Parse(o.Entry())
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for range n {
		rand.Read(e.Root[:])
		if b, err = tile.AppendEntry(b, e.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// size is that of the log's published tree.
func (s bulkSite) size() uint64 {
	b, err := os.ReadFile(s.path("log/checkpoint"))
	s.must(err)
	cp, _, err := receipt.ParseCheckpoint(b)
	s.must(err)
	return cp.Size
}

// program is a cocket that runs by itself.
type program struct {
	*exec.Cmd
	out, err bytes.Buffer
	peak     int // the most memory that it had, in KiB
}

func (s bulkSite) command(args ...string) *program {
	self, err := os.Executable()
	s.must(err)
	p := &program{Cmd: exec.Command(self, args...)}
	p.Env = append(os.Environ(), "COCKET_TEST_MAIN=1")
	p.Stdout, p.Stderr = &p.out, &p.err
	return p
}

func (s bulkSite) submission() *program {
	return s.command("submit", "--batch", s.path("sealed"), "--url", s.LogURL, "--token-file", s.path("token"),
		"--policy", s.path("policy"), "--out", s.path("filed"))
}

// finish runs a program to its end, wants it to end well, and measures its memory.
func (p *program) finish(t *testing.T) {
	t.Helper()
	began := time.Now()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Wait() }()
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case <-tick.C:
			p.peak = max(p.peak, peakOf(p.Process.Pid))
			continue
		case err := <-ended:
			t.Logf("cocket %s: %v, at most %d MiB", p.Args[1], time.Since(began).Round(time.Millisecond), p.peak>>10)
			if err != nil {
				t.Fatalf("%v\n%s%s", err, &p.out, &p.err)
			}
		}
		return
	}
}

var hwm = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakOf is the most memory that a process had (proc(5)), in KiB; 0 if it has ended.
func peakOf(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if m := hwm.FindSubmatch(b); m != nil {
		n, _ := strconv.Atoi(string(m[1]))
		return n
	}
	return 0
}

const maxMemory = 256 << 10 // KiB

// TestBulk files, and checks, many entries with a real log and three real witnesses.
func TestBulk(t *testing.T) {
	soak.NoRace(t)
	s := newBulkSite(t)
	t.Run("killed", s.testKilled)
	t.Run("beside others", s.testBesideOthers)
	t.Run("while sealed", s.testWhileSealed)
}

// testKilled kills the submission at any moment, again and again. What has a batch receipt is not sent
// again, nothing is filed twice, and in the end everything verifies, in bounded memory.
func (s bulkSite) testKilled(t *testing.T) {
	s.t = t
	sealed, kills := soak.Rounds(2_000, 1_000_000), soak.Rounds(2, 20)
	const forged = 80_000
	began := time.Now()
	forgeMany(t, s.path("sealed/a.entries"), forged)
	sealMany(t, s.path("sealed/b"), sealed)
	t.Logf("sealed %d in %v", sealed, time.Since(began).Round(time.Millisecond))
	for round := range kills {
		p, before := s.submission(), s.held()
		s.must(p.Start())
		ended := make(chan error, 1)
		go func() { ended <- p.Wait() }()
		most := 20 * time.Millisecond
		if round%2 == 0 { // once it has got further
			for len(ended) == 0 && s.held() == before {
				time.Sleep(time.Millisecond)
			}
		} else {
			most = time.Duration(forged+sealed) * 10 * time.Microsecond
		}
		time.Sleep(mathrand.N(most)) // the moment is what is tried
		p.Process.Kill()             // it may have ended already
		<-ended
		t.Logf("killed, on file %d, with receipts %d", s.size(), s.held())
	}
	held := s.held()
	p := s.submission()
	p.finish(t)
	total := forged + sealed
	if want := fmt.Sprintf("filed %d of %[1]d", total-held); held < total && !strings.Contains(p.err.String(), want) {
		t.Errorf("said %q, want %q: %d had a receipt", &p.err, want, held)
	}
	if want := fmt.Sprintf("entries on file %d\nno later than ", total); !strings.HasPrefix(p.out.String(), want) {
		t.Errorf("said %q, want %q", &p.out, want)
	}
	if s.size() != uint64(total) || s.held() != total {
		t.Errorf("the log has %d entries, receipts are there of %d; want %d of both", s.size(), s.held(), total)
	}
	v := s.command("verify", "--policy", s.path("policy"), "--batch", s.path("filed"), "--json", s.path("sealed"))
	v.finish(t)
	var report batchReport
	s.must(json.Unmarshal(v.out.Bytes(), &report))
	if !report.Verified || report.Entries != total || report.Openings != sealed || report.Latest == "" {
		t.Errorf("%+v", report)
	}
	for _, p := range []*program{p, v} {
		if p.peak == 0 || p.peak > maxMemory {
			t.Errorf("%s took %d KiB, want at most %d", p.Args[1], p.peak, maxMemory)
		}
	}
}

// held counts the entries whose batch receipt is there.
func (s bulkSite) held() (n int) {
	paths, err := filepath.Glob(s.path("filed/*" + batchSuffix))
	s.must(err)
	for _, path := range paths {
		leaves, err := collectLeaves(path)
		s.must(err)
		n += len(leaves)
	}
	return n
}

// testBesideOthers files entries of which the log holds every other one already, one by one, with entries
// of others between: they get one batch receipt, and not one each.
func (s bulkSite) testBesideOthers(t *testing.T) {
	s.t = t
	const n = 300 // more than a tile
	dir := s.path("beside")
	s.must(os.Mkdir(dir, 0o755))
	forgeMany(t, filepath.Join(dir, "a"+openings.Entries), 2*n)
	bundle, err := os.ReadFile(filepath.Join(dir, "a"+openings.Entries))
	s.must(err)
	c, err := client.New(client.Config{URL: s.LogURL, Token: s.Token})
	s.must(err)
	var ours []byte
	var batch [][]byte
	for i := range 2 * n {
		var entry []byte
		entry, bundle, err = tile.CutEntry(bundle)
		s.must(err)
		batch = append(batch, entry)
		if i%2 == 0 {
			ours, err = tile.AppendEntry(ours, entry)
			s.must(err)
		}
	}
	_, err = c.SubmitBatch(t.Context(), batch)
	s.must(err)
	s.must(os.WriteFile(filepath.Join(dir, "a"+openings.Entries), ours, 0o644))
	out := s.path("filed beside")
	p := s.command("submit", "--batch", dir, "--url", s.LogURL, "--token-file", s.path("token"),
		"--policy", s.path("policy"), "--out", out)
	p.finish(t)
	if want := fmt.Sprintf("entries on file %d\nno later than ", n); !strings.HasPrefix(p.out.String(), want) ||
		!strings.Contains(p.out.String(), "\nbatch receipts 1 in ") {
		t.Errorf("said %q, want %q and one batch receipt", &p.out, want)
	}
	v := s.command("verify", "--policy", s.path("policy"), "--batch", out, dir)
	v.finish(t)
}
