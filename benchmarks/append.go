// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"cocket.example/benchmarks/internal/peer"
)

// side is one of the things that are compared: it is measured several times, in turn with the others.
type side struct {
	name  string
	spec  peer.Spec
	rates []float64
	last  peer.Result
}

// bestBatches are the batch sizes among which Tessera's best is looked for.
var bestBatches = []int{256, 1024, 4096, 16384}

// measureAppend compares storages in process, and counts what they write.
func measureAppend(ctx context.Context, b *bench) (r results, err error) {
	key, err := newLogKey()
	if err != nil {
		return r, err
	}
	ours := &side{name: "local", spec: peer.Spec{Role: peer.Local, Batch: 1024, Producers: 16}}
	byDefault := &side{name: "tessera", spec: peer.Spec{Role: peer.Tessera, Batch: 256, Producers: 8}}
	bound := &side{name: "bound", spec: peer.Spec{Role: peer.Bound}}
	sides := []*side{ours}
	if b.wants("append_vs_tessera_default") {
		sides = append(sides, byDefault)
	}
	if b.wants("append_vs_bound") {
		sides = append(sides, bound)
	}
	var best []*side
	if b.wants("append_vs_tessera_best") {
		best = tesseraSides()
		sides = append(sides, best...)
	}
	stored := make(map[string]float64) // bytes on disk for each byte of entry
	for range b.rounds {
		for _, s := range sides {
			if err := b.appendOnce(ctx, s, key, stored); err != nil {
				return r, fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	appendFigures(&r, ours, byDefault, bound, best)
	r.add("write_amplification", amplification(ours.last), map[string]float64{
		"written_bytes":                float64(ours.last.Written),
		"entry_bytes":                  float64(ours.last.Entries) * peer.EntrySize,
		"on_disk_bytes_per_entry_byte": stored[ours.name],
	})
	r.plots = append(r.plots, appendPlot(sides))
	return r, nil
}

func tesseraSides() (sides []*side) {
	for _, size := range bestBatches {
		sides = append(sides, &side{
			name: fmt.Sprintf("tessera_%d", size),
			spec: peer.Spec{Role: peer.Tessera, Batch: size, Producers: 4},
		})
	}
	return sides
}

// appendOnce measures one side once, on an empty log.
func (b *bench) appendOnce(ctx context.Context, s *side, key logKey, stored map[string]float64) error {
	return b.withDir(s.name, func(dir string) error {
		spec := s.spec
		spec.Dir, spec.Key, spec.VKey = dir, key.secret, key.verifier
		spec.Warm, spec.Measure = b.warm, b.measured
		began := time.Now()
		result, err := runPeer(ctx, spec, nil)
		if err != nil {
			return err
		}
		s.last = result
		s.rates = append(s.rates, result.Rate())
		b.say("%-14s %9.0f entries/s (%d in %.1f s, %.2f bytes written for each, %.1f s in all)", s.name, result.Rate(),
			result.Entries, result.Seconds, amplification(result), time.Since(began).Seconds())
		if s.spec.Role != peer.Local {
			return nil
		}
		// What came before the measured part is on the disk too.
		disk, err := onDisk(dir)
		stored[s.name] = disk / (float64(peer.EntrySize) * float64(result.Total))
		return err
	})
}

func amplification(r peer.Result) float64 {
	return ratio(float64(r.Written), float64(r.Entries)*peer.EntrySize)
}

func appendFigures(r *results, ours, byDefault, bound *side, best []*side) {
	local := median(ours.rates)
	if rate := median(byDefault.rates); rate > 0 {
		r.add("append_vs_tessera_default", local/rate, map[string]float64{"local": local, "tessera": rate})
	}
	if len(best) > 0 {
		parts, fastest := map[string]float64{"local": local}, 0.0
		for _, s := range best {
			parts[s.name] = median(s.rates)
			fastest = max(fastest, parts[s.name])
		}
		parts["tessera"] = fastest
		r.add("append_vs_tessera_best", ratio(local, fastest), parts)
	}
	if rate := median(bound.rates); rate > 0 {
		r.add("append_vs_bound", local/rate, map[string]float64{
			"local": local, "bound": rate,
			"hashing_entries_per_s": bound.last.Hashing, "writing_bytes_per_s": bound.last.Writing,
		})
	}
}

func appendPlot(sides []*side) Plot {
	p := Plot{Name: "append", Title: "Appending in process", Y: "entries/s"}
	for _, s := range sides {
		p.Bars = append(p.Bars, Bar{s.name, median(s.rates)})
	}
	return p
}

// ratio is 0 where there is nothing to divide by.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
