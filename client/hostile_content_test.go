// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"strings"

	"cocket.example/receipt"
)

// checkpoints are well or ill formed, and not to be believed.
func checkpoints(b *book) map[string]behaviour {
	at := func(change func(string) string) harm { return changed(b, "/checkpoint", change) }
	replace := func(old, new string) harm {
		return at(func(s string) string { return strings.Replace(s, old, new, 1) })
	}
	another := func(other *book, size uint64) harm { return answer("200 OK", other.checkpoint(size)) }
	fork := newBook(b.keys, 800, 5)
	stranger := newBook(newKeys("stranger.example", 3), 600, -1)
	sameName := newBook(newKeys("log.example", 3), 600, -1)
	unsigned := func(s string) string { return s[:strings.LastIndex(s, "— ")] }
	grown := newBook(b.keys, 800, -1)
	lie := func(s string) string { return "0" + s[1:] }
	return map[string]behaviour{
		"old checkpoint": {do: first("/checkpoint", honest(b), another(b, 599)),
			act: follow, want: "older than one seen before: size 599 after 600"},
		"fork of equal size": {do: first("/checkpoint", honest(b), another(fork, 600)),
			act: follow, want: "contradict each other: both of size 600"},
		"fork": {do: first("/checkpoint", honest(b), honest(fork)),
			act: follow, want: "size 800 does not begin with that of size 600"},
		"larger without tree": {do: first("/checkpoint", honest(b), instead(b, "/checkpoint", another(grown, 800))),
			act: follow, want: "tiles of size 800: "},
		"larger with lies": {do: first("/checkpoint", honest(b), changed(grown, "/tile/0/002", lie)),
			act: follow, want: "the tiles do not lead from the root"},
		"other origin": {do: another(stranger, 600),
			act: follow, want: `origin "stranger.example" is no log of the policy`},
		"other origin, our key": {do: replace("log.example\n", "other.example\n"),
			act: follow, want: "does not hold for this checkpoint"},
		"other key": {do: another(sameName, 600), act: follow, want: "no log of the policy has signed"},
		"forged signature": {do: replace("\n600\n", "\n601\n"),
			act: follow, want: "does not hold for this checkpoint"},
		"no quorum": {do: at(unsigned), act: follow, want: "do not satisfy the quorum"},
		"CRLF": {do: at(func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }),
			act: follow, want: "no empty line between text and signatures"},
		"one CR": {do: replace("log.example\n", "log.example\r\n"),
			act: follow, want: "control character 0x0d"},
		"extension lines": {do: replace("\n\n", "\nextension\n\n"),
			act: follow, want: "extension lines are not accepted"},
		"size of 2^63": {do: replace("\n600\n", "\n9223372036854775808\n"),
			act: follow, want: "is not a decimal from 0 to 2^63-1"},
		"size with a zero": {do: replace("\n600\n", "\n0600\n"), act: follow, want: "without leading zeros"},
		"line behind": {do: at(func(s string) string { return s + "and more\n" }),
			act: follow, want: "want an em dash"},
		"HTTP/1.0 cut short": {do: raw("HTTP/1.0 200 OK\r\n\r\n", b.get("/checkpoint")[:150]),
			act: follow, want: "checkpoint: "},
		"length too short": {do: raw(ok, "Connection: close\r\nContent-Length: 20\r\n\r\n", b.get("/checkpoint")),
			act: follow, want: "no empty line between text and signatures"},
		"a hundred lines more": {do: at(func(s string) string { return s + strings.Repeat("— x AAAAAAA=\n", 100) }),
			act: follow, want: "more than 100 signatures"},
	}
}

// tiles and bundles are of another length or another tree.
func tiles(b *book) map[string]behaviour {
	at := func(path string, change func(string) string) harm { return changed(b, path, change) }
	flip := func(i int) func(string) string {
		return func(s string) string { return s[:i] + string([]byte{s[i] ^ 1}) + s[i+1:] }
	}
	more := func(s string) string { return s + "x" }
	less := func(s string) string { return s[:len(s)-1] }
	const tile, bundles = "/tile/0/001", "/tile/entries/001"
	return map[string]behaviour{
		"tile too long": {do: at("/tile/0/002.p/88", more),
			act: check, want: "tile/0/002.p/88: tile/0/002.p/88 has 2817 bytes, want 2816"},
		"tile too short": {do: at(tile, less), act: check, want: "tile/0/001 has 8191 bytes, want 8192"},
		"tile with a flip": {do: at(tile, flip(4000)),
			act: check, want: "tile/0/001: hash 125 is not that of entry 381"},
		"tile above": {do: at("/tile/1/000.p/2", flip(0)), act: check, want: "tile/1/000.p/2: "},
		"tile of another": {do: at(tile, func(string) string { return b.get("/tile/0/000") }),
			act: check, want: "tile/0/001: "},
		"bundle too long":  {do: at(bundles, more), act: check, want: "1 bytes after the bundle's 256 entries"},
		"bundle too short": {do: at(bundles, less), act: check, want: "tile/entries/001: bundle entry 255"},
		"bundle of fewer": {do: at(bundles, func(string) string { return b.get("/tile/entries/001.p/255") }),
			act: check, want: "bundle entry 255: 0 bytes left"},
		"entry with a flip": {do: at(bundles, flip(500)),
			act: check, want: "does not have the hash that the tree has"},
		"last entry, flipped": {do: at("/tile/entries/002.p/88", flip(1)),
			act: check, want: "tile/entries/002.p/88: "},
		"bundle of no entries": {do: at(bundles, func(string) string { return strings.Repeat(zeros, 64) }),
			act: check, want: "does not have the hash that the tree has"},
		"endless bundles": {do: instead(b, bundles, endless(ok+"\r\n", "\xff")),
			act: check, want: "longer than"},
		"half a bundle": {do: instead(b, bundles, raw(ok, "Content-Length: 999\r\n\r\nx")),
			act: check, want: "unexpected EOF"},
	}
}

// receipts prove something else, or are written otherwise.
func receipts(b *book) map[string]behaviour {
	at := func(change func(string) string) harm { return changed(b, "/receipt/299", change) }
	replace := func(old, new string) harm {
		return at(func(s string) string { return strings.Replace(s, old, new, 1) })
	}
	answered := func(s string) harm { return at(func(string) string { return s }) }
	fork := newBook(b.keys, 600, 299)
	other := newBook(newKeys("stranger.example", 3), 600, -1)
	r := must(receipt.Parse([]byte(b.receipt(299, 600))))
	r.Checkpoint = []byte(b.checkpoint(599))
	return map[string]behaviour{
		"receipt for another index": {do: answered(b.receipt(298, 600)),
			act: proof, want: "no receipt of this entry: it is for index 298"},
		"receipt of another entry": {do: answered(fork.receipt(299, 600)),
			act: proof, want: "the entry is not at index 299"},
		"receipt of a stranger": {do: answered(other.receipt(299, 600)),
			act: proof, want: `origin "stranger.example" is no log of the policy`},
		"receipt under another": {do: answered(string(r.Bytes())),
			act: proof, want: "the entry is not at index 299"},
		"receipt with index 0299": {do: replace("index 299", "index 0299"),
			act: proof, want: "without leading zeros"},
		"receipt with CRLF": {do: replace("\nindex", "\r\nindex"),
			act: proof, want: "first line is not"},
		"receipt with an empty extra": {do: replace("\nindex", "\nextra \nindex"),
			act: proof, want: "extra: want base64"},
		"receipt with a hash too many": {do: replace("\n\n", "\n"+strings.Repeat("A", 43)+"=\n\n"),
			act: proof, want: "hashes, want"},
		"receipt beyond the tree": {do: replace("index 299", "index 600"),
			act: proof, want: "index 600 of a tree of size 600"},
		"receipt with stray bits": {do: replace("=\n", "\n"),
			act: proof, want: "not canonical standard base64"},
		"receipt that never comes": {do: instead(b, "/receipt/299", silent("")),
			act: proof, want: "no whole answer in time", timeout: short},
		"receipt with a broken witness": {do: at(breakLast), act: proof, want: "witness w: "},
	}
}

// batches are receipts of other entries than those that were asked for.
func batches(b *book) map[string]behaviour {
	says := func(s string) harm { return answer("200 OK", s) }
	honest := b.batch(100, 300, 600)
	replace := func(old, new string) harm { return says(strings.Replace(honest, old, new, 1)) }
	fork := newBook(b.keys, 600, 150)
	other := "no receipt of these entries: it is for the entries "
	return map[string]behaviour{
		"endless batch receipt":     {do: endless(ok+"\r\n", "x"), act: proofs, want: "longer than 140288 bytes"},
		"batch of more":             {do: says(b.batch(100, 301, 600)), act: proofs, want: other + "100 to 300"},
		"batch of others":           {do: says(b.batch(101, 301, 600)), act: proofs, want: other + "101 to 300"},
		"batch under another name":  {do: replace("100 300", "101 301"), act: proofs, want: "for the range 101 to 301"},
		"batch of another tree":     {do: says(fork.batch(100, 300, 600)), act: proofs, want: "not the entries"},
		"batch with a hash too few": {do: replace(strings.SplitAfter(honest, "\n")[2], ""), act: proofs, want: "hashes"},
		"batch with a leading zero": {do: replace("range 100", "range 0100"), act: proofs, want: "without leading zeros"},
		"batch with CRLF":           {do: replace("300\n", "300\r\n"), act: proofs, want: "control character 0x0d"},
		"batch of one proof":        {do: says(b.receipt(100, 600)), act: proofs, want: "no receipt of these entries"},
	}
}

// breakLast changes the last signature of a note.
func breakLast(s string) string {
	i := len(s) - len("AAAA\n")
	if s[i] == 'A' {
		return s[:i] + "B" + s[i+1:]
	}
	return s[:i] + "A" + s[i+1:]
}

// writes are answered with what are no indexes, or not those of the entries that were sent.
func writes() map[string]behaviour {
	says := func(s string) harm { return answer("200 OK", s) }
	return map[string]behaviour{
		"index in hexadecimal": {do: says("0x11"), act: submit, want: "the log answered no index"},
		"index of 2^63": {do: says("9223372036854775808"),
			act: submit, want: "not a decimal from 0 to 2^63-1"},
		"index with a line":     {do: says("17\n"), act: submit, want: "the log answered no index"},
		"index with a sign":     {do: says("+17"), act: lookup, want: "the log answered no index"},
		"index of nothing":      {do: says(""), act: submit, want: "the log answered no index"},
		"accepted but not done": {do: answer("202 Accepted", "17"), act: submit, want: "answered 202"},
		"more runs":             {do: says("0 2\n7 2\n"), act: batch, want: "more than the 3 entries sent"},
		"fewer runs":            {do: says("0 2\n"), act: batch, want: "runs of 2 entries, 3 were sent"},
		"no runs":               {do: says(""), act: batch, want: "runs of 0 entries, 3 were sent"},
		"runs that overrun":     {do: says("9223372036854775807 3\n"), act: batch, want: "beyond index 2^63-1"},
		"run of 2^63": {do: says("0 9223372036854775807\n"),
			act: batch, want: "more than the 3 entries sent"},
		"run split in two":    {do: says("0 1\n1 2\n"), act: batch, want: "a run is split in two"},
		"run of no entries":   {do: says("0 0\n0 3\n"), act: batch, want: "a run of nothing"},
		"runs without an end": {do: says("0 3"), act: batch, want: "not ended by LF"},
		"endless runs":        {do: endless(ok+"\r\n", "0 1\n"), act: batch, want: "longer than 120 bytes"},
	}
}
