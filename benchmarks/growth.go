// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"cocket.example/benchmarks/internal/peer"
)

// growthWindows is the number of windows in which a growing tree is looked at: the second against
// the last.
const growthWindows = 10

// window is what was seen while one tenth of the tree was appended.
type window struct {
	size   uint64 // of the tree at its end
	rate   float64
	memory memory
}

// measureGrowth fills a log at full speed, then kills its server under load and starts it again.
func measureGrowth(ctx context.Context, b *bench) (r results, err error) {
	dir, err := b.newDir("growth")
	if err != nil {
		return r, err
	}
	s, err := b.newSite(ctx, dir, "any", 0)
	if err != nil {
		return r, err
	}
	windows, err := b.grow(ctx, s, full[uint64](b, 10_000_000, 1_000_000))
	if err != nil {
		return r, err
	}
	growthResults(&r, windows)
	if b.wants("restart_s") {
		seconds, err := b.restart(ctx, s)
		if err != nil {
			return r, errors.Join(err, empty(dir))
		}
		r.add("restart_s", seconds, map[string]float64{
			"seconds": seconds, "entries_before_load": float64(windows[len(windows)-1].size),
		})
	}
	return r, empty(dir)
}

// grow appends this many entries in process to the log of a site, and looks at every tenth of them.
func (b *bench) grow(ctx context.Context, s *site, entries uint64) ([]window, error) {
	var windows []window
	var watching *watch
	var before peer.Event
	step := entries / growthWindows
	result, err := runPeer(ctx, peer.Spec{
		Role: peer.Local, Dir: s.path("log"), Key: s.key.secret, VKey: s.key.verifier,
		Batch: 1024, Producers: 16, Entries: entries, Window: step,
	}, func(p *process, e peer.Event) error {
		if e.Size == 0 { // the load begins
			watching = startWatch(ctx, p.Process.Pid)
			return nil
		}
		w := window{size: e.Size, rate: float64(e.Size-before.Size) / (e.Seconds - before.Seconds), memory: watching.take()}
		windows, before = append(windows, w), e
		b.say("%9d entries: %.0f/s, %.0f MiB anonymous, %.0f MiB of files", w.size, w.rate,
			w.memory.anonymous, w.memory.files)
		return nil
	})
	if err == nil && len(windows) < growthWindows {
		err = fmt.Errorf("%d windows of %d were seen", len(windows), growthWindows)
	}
	if err == nil && result.Entries != entries {
		err = fmt.Errorf("%d entries of %d were appended", result.Entries, entries)
	}
	return windows, err
}

func growthResults(r *results, windows []window) {
	first, second, last := windows[0], windows[1], windows[len(windows)-1]
	r.add("rss_mib", last.memory.anonymous, map[string]float64{
		"anonymous_mib": last.memory.anonymous, "files_mib": last.memory.files, "entries": float64(last.size),
	})
	r.add("rss_growth", ratio(last.memory.anonymous, first.memory.anonymous), map[string]float64{
		"large_mib": last.memory.anonymous, "small_mib": first.memory.anonymous,
		"large_files_mib": last.memory.files, "small_files_mib": first.memory.files,
		"large_entries": float64(last.size), "small_entries": float64(first.size),
	})
	r.add("rate_growth", ratio(last.rate, second.rate), map[string]float64{"last": last.rate, "second": second.rate})
	rate, anonymous, files := Line{Label: "rate"}, Line{Label: "anonymous"}, Line{Label: "of files"}
	for _, w := range windows {
		x := float64(w.size) / 1e6
		rate.Points = append(rate.Points, Point{x, w.rate})
		anonymous.Points = append(anonymous.Points, Point{x, w.memory.anonymous})
		files.Points = append(files.Points, Point{x, w.memory.files})
	}
	r.plots = append(r.plots,
		Plot{Name: "growth-rate", Title: "Rate of a growing log", X: "million entries", Y: "entries/s", Lines: []Line{rate}},
		Plot{Name: "growth-memory", Title: "Memory of a growing log", X: "million entries", Y: "MiB",
			Lines: []Line{anonymous, files}})
}
