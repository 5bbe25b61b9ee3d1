// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cocket.example/benchmarks/internal/peer"
	"cocket.example/declaration"
)

// TestMain lets the test binary be one of the processes that are measured, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == childArgument {
		if err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestPercentile(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	for _, test := range []struct{ p, want float64 }{{0.01, 1}, {0.2, 1}, {0.21, 2}, {0.5, 3}, {0.99, 5}, {1, 5}} {
		if got := percentile(values, test.p); got != test.want {
			t.Errorf("percentile %g of %v is %g, want %g", test.p, values, got, test.want)
		}
	}
	if got := percentile(nil, 0.5); got != 0 {
		t.Errorf("percentile of nothing is %g, want 0", got)
	}
	if !slices.Equal(values, []float64{5, 1, 4, 2, 3}) {
		t.Error("the values were reordered")
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(test.values); got != test.want {
			t.Errorf("median of %v is %g, want %g", test.values, got, test.want)
		}
	}
}

// Every figure of the table is measured by exactly one group, and no group measures another.
func TestFiguresRegistered(t *testing.T) {
	var want, got []string
	for _, target := range targets {
		want = append(want, target.name)
	}
	for _, g := range groups {
		got = append(got, g.figures...)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the groups measure\n%v, want\n%v", got, want)
	}
}

func TestTargetMet(t *testing.T) {
	most, _ := findTarget("rss_mib")
	least, _ := findTarget("append_vs_bound")
	if !most.met(256) || most.met(257) || !least.met(0.6) || least.met(0.59) {
		t.Error("a figure is met at its bound, and on one side of it")
	}
}

func TestJSON(t *testing.T) {
	var r results
	r.add("rss_growth", 1.05, map[string]float64{"large_mib": 105, "small_mib": 100})
	var b bytes.Buffer
	if err := writeJSON(&b, r.figures); err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"figures": []any{map[string]any{
		"name": "rss_growth", "value": 1.05, "want": 1.1,
		"parts": map[string]any{"large_mib": 105.0, "small_mib": 100.0},
	}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestReport(t *testing.T) {
	var r results
	r.add("rss_mib", 300, map[string]float64{"anonymous_mib": 300})
	r.add("append_vs_bound", 0.7, map[string]float64{"local": 70_000, "bound": 100_000})
	r.plots = []Plot{
		{Name: "bars", Bars: []Bar{{"a", 1}, {"b", 2}}},
		{Name: "lines", Lines: []Line{{"c", []Point{{1, 2}, {2, 3}}}}},
	}
	o := options{out: filepath.Join(t.TempDir(), "out")}
	var table bytes.Buffer
	if err := o.write(&table, r); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(table.String(), "\n")
	if !strings.Contains(lines[1], "not met") || strings.Contains(lines[3], "not met") {
		t.Errorf("300 MiB is too much and 0.7 is enough:\n%s", table.String())
	}
	for _, name := range []string{"table.txt", "figures.json", "bars.png", "lines.png"} {
		b, err := os.ReadFile(filepath.Join(o.out, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".png") && !bytes.HasPrefix(b, []byte("\x89PNG")) {
			t.Errorf("%s is no PNG", name)
		}
	}
}

func TestOnly(t *testing.T) {
	o, err := parseOptions([]string{"--only", "rss_mib,fsck_vs_tessera"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if !o.wants("rss_mib") || !o.wants("restart_s", "fsck_vs_tessera") || o.wants("restart_s") {
		t.Errorf("--only is understood as %v", o.only)
	}
	if _, err := parseOptions([]string{"--only", "rss"}, io.Discard); err == nil {
		t.Error("an unknown figure was taken")
	}
}

// What is sent is a declaration of the right length, and another one each time.
func TestForm(t *testing.T) {
	f := newForm("/add", "token", 1, 0)
	seen := make(map[string]bool)
	for range 3 {
		_, body, _ := bytes.Cut(f.stamp(), []byte("\r\n\r\n"))
		if len(body) != peer.EntrySize {
			t.Errorf("an entry of %d bytes, want %d", len(body), peer.EntrySize)
		}
		if _, err := declaration.Parse(body); err != nil {
			t.Error(err)
		}
		seen[string(body)] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d different entries of 3", len(seen))
	}
}

// One figure from end to end: processes, progress, figures, and nothing left behind.
func TestAppend(t *testing.T) {
	dir := t.TempDir()
	var progress bytes.Buffer
	b, err := newBench(options{quick: true, dir: dir, only: map[string]bool{"write_amplification": true}}, &progress)
	if err != nil {
		t.Fatal(err)
	}
	b.warm, b.measured, b.rounds = 10*time.Millisecond, 100*time.Millisecond, 1
	r, err := b.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.figures) != 1 || r.figures[0].Name != "write_amplification" || r.figures[0].Parts["entry_bytes"] == 0 {
		t.Errorf("got %+v", r.figures)
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
