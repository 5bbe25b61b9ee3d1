// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
)

// Figure is one measured number, the two sides that it comes from, and what it ought to be.
type Figure struct {
	Name  string             `json:"name"`
	Value float64            `json:"value"`
	Want  float64            `json:"want"`
	Parts map[string]float64 `json:"parts"` // rates in entries a second unless the name says otherwise
}

// target is what a figure ought to be: at least, or at most.
type target struct {
	name   string
	want   float64
	atMost bool
	what   string
}

// targets in the order of the table.
var targets = []target{
	{"append_vs_tessera_default", 8, false, "append in process ÷ Tessera POSIX with its defaults"},
	{"append_vs_tessera_best", 5, false, "append in process ÷ Tessera POSIX at its best batch size"},
	{"append_vs_bound", 0.6, false, "append in process ÷ hashing and writing twice and nothing else"},
	{"http_single_vs_empty", 0.7, false, "single adds over HTTP, 256 connections ÷ an empty handler"},
	{"http_single_vs_tessera", 4, false, "single adds over HTTP ÷ a server on Tessera POSIX"},
	{"http_batch_vs_tessera", 25, false, "batches of 1,000 over HTTP ÷ single adds on Tessera POSIX"},
	{"receipt_p99_ms", 500, true, "p99 of receipts, 3 witnesses of 3, 10,000 entries/s offered"},
	{"submit_wait_p50_s", 0.5, true, "cocket submit of one certificate, start to end, 3 witnesses of 3, seconds"},
	{"submit_wait_busy_p50_s", 0.5, true, "that while others file 10,000 entries/s"},
	{"rss_mib", 256, true, "resident anonymous memory at full load, large tree, MiB"},
	{"rss_growth", 1.1, true, "that ÷ the same at a tenth of the size"},
	{"rate_growth", 0.9, false, "rate for the last tenth of the tree ÷ for the second"},
	{"restart_s", 2, true, "seconds from kill -9 to answers, large tree"},
	{"restart_wal_s", 10, true, "seconds to open with a long write-ahead log to replay"},
	{"write_amplification", 3, true, "bytes written ÷ bytes of entries at full load"},
	{"fsck_vs_tessera", 2, false, "full check of one log ÷ Tessera's fsck at its best"},
	{"status_scan_rate", 500_000, false, "entries/s that cocket status --scan reads over loopback, the server on the same cores"},
	{"receipts_1m_s", 10, true, "seconds to verify a million receipts under one checkpoint, all cores"},
	{"receipt_single_ms", 1, true, "one receipt with its checkpoint, 3 Ed25519 witnesses, ms"},
	{"batch_cut_s", 2, true, "seconds to cut every receipt of a batch of 65,536 from its batch receipt"},
	{"witness_alone_vs_litewitness", 1, false, "one log that grows, each checkpoint after the one before ÷ litewitness"},
	{"witness_alone_vs_omniwitness", 1, false, "that ÷ omniwitness"},
	{"witness_refresh_vs_litewitness", 1, false, "one checkpoint again and again, 64 connections ÷ litewitness, which stores nothing of it"},
	{"witness_refresh_vs_omniwitness", 1, false, "that ÷ omniwitness"},
	{"witness_1000_vs_litewitness", 1, false, "1,000 growing logs, 64 connections ÷ litewitness"},
	{"witness_1000_vs_omniwitness", 1, false, "that ÷ omniwitness"},
	{"witness_flood_rss_mib", 100, true, "most resident memory of a witness flooded from one address, MiB"},
	{"witness_flood_p99_ratio", 2, true, "p99 of honest checkpoints from another address meanwhile ÷ without a flood"},
}

func findTarget(name string) (target, bool) {
	for _, t := range targets {
		if t.name == name {
			return t, true
		}
	}
	return target{}, false
}

func targetNames() string {
	var names []string
	for _, t := range targets {
		names = append(names, t.name)
	}
	return strings.Join(names, ", ")
}

// met reports whether a value is as it ought to be.
func (t target) met(value float64) bool {
	if t.atMost {
		return value <= t.want
	}
	return value >= t.want
}

// group is a measurement that several figures come from.
type group struct {
	title   string
	figures []string
	run     func(context.Context, *bench) (results, error)
}

// groups in the order in which they run.
var groups = []group{
	{"append in process", []string{
		"append_vs_tessera_default", "append_vs_tessera_best", "append_vs_bound", "write_amplification",
	}, measureAppend},
	{"HTTP", []string{"http_single_vs_empty", "http_single_vs_tessera", "http_batch_vs_tessera"}, measureWeb},
	{"receipts", []string{"receipt_p99_ms"}, measureReceipts},
	{"one certificate", []string{"submit_wait_p50_s", "submit_wait_busy_p50_s"}, measurePerson},
	{"growth", []string{"rss_mib", "rss_growth", "rate_growth", "restart_s"}, measureGrowth},
	{"replay of the write-ahead log", []string{"restart_wal_s"}, measureReplay},
	{"full check", []string{"fsck_vs_tessera"}, measureCheck},
	{"status", []string{"status_scan_rate"}, measureStatus},
	{"verification", []string{"receipts_1m_s", "receipt_single_ms", "batch_cut_s"}, measureVerify},
	{"witnesses", []string{
		"witness_alone_vs_litewitness", "witness_alone_vs_omniwitness",
		"witness_refresh_vs_litewitness", "witness_refresh_vs_omniwitness",
		"witness_1000_vs_litewitness", "witness_1000_vs_omniwitness",
	}, measureWitness},
	{"flooded witness", []string{"witness_flood_rss_mib", "witness_flood_p99_ratio"}, measureFlood},
}

// results are the figures of one or more groups, and what can be drawn of them.
type results struct {
	figures []Figure
	plots   []Plot
}

// add makes a figure of its parts.
func (r *results) add(name string, value float64, parts map[string]float64) {
	t, _ := findTarget(name)
	r.figures = append(r.figures, Figure{Name: name, Value: value, Want: t.want, Parts: parts})
}
