// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client/conform/verdict"
)

// caseSyntax is W14. Every request is right but for one thing. What spoils the note or the old line is a
// request for the size that the log has, so that nothing changes if it is taken.
func caseSyntax(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w14")
	size := int64(3)
	if _, ok := s.step(ctx, r, l, [2]int64{0, size}); !ok {
		return
	}
	n := 0
	for _, spoil := range []func(testLog, int64) []fault{oldFaults, noteFaults, shapeFaults} {
		for _, f := range spoil(l, size) {
			n++
			f.judge(r, s.add(ctx, f.body))
		}
	}
	for i := range proofFaults(l, size) {
		n++
		f := proofFaults(l, size)[i] // for the size that the log has by now
		if a := s.add(ctx, f.body); !f.judge(r, a) && a.is(http.StatusOK) {
			size++
		}
	}
	r.Check("%d spellings of a request", n)
}

// fault is a body with one thing wrong.
type fault struct {
	rule
	body string
}

func malformed(item, what, body string) fault {
	return fault{must(item, what, http.StatusBadRequest), body}
}

// oldFaults spoil the first line.
func oldFaults(l testLog, size int64) (faults []fault) {
	right := l.offer(size, size)
	rest := strings.TrimPrefix(right.body(), "old "+right.old)
	for what, line := range ordered(map[string]string{
		"no word old":                fmt.Sprint(size),
		"a tab after old":            fmt.Sprintf("old\t%d", size),
		"two spaces after old":       fmt.Sprintf("old  %d", size),
		"a leading zero":             fmt.Sprintf("old 0%d", size),
		"a plus sign":                fmt.Sprintf("old +%d", size),
		"old -0":                     "old -0",
		"a negative size":            "old -3",
		"old 2^63":                   "old 9223372036854775808",
		"old 2^64":                   "old 18446744073709551616",
		"old 2^64 and the size":      fmt.Sprintf("old 1844674407370955161%d", 6+size),
		"a word after the size":      fmt.Sprintf("old %d x", size),
		"a space after the size":     fmt.Sprintf("old %d ", size),
		"a CR after the size":        fmt.Sprintf("old %d\r", size),
		"a NUL after the size":       fmt.Sprintf("old %d\x00", size),
		"no size":                    "old ",
		"a hexadecimal size":         fmt.Sprintf("old 0x%x", size),
		"OLD in capital letters":     fmt.Sprintf("OLD %d", size),
		"a size with a point":        fmt.Sprintf("old %d.0", size),
		"digits of another alphabet": "old \u0663",
	}) {
		faults = append(faults, malformed("TW-3", what, line+rest))
	}
	return faults
}

// noteFaults spoil the checkpoint. Those of the text are signed as they are.
func noteFaults(l testLog, size int64) (faults []fault) {
	right := l.offer(size, size)
	root := l.main.root(size)
	for what, text := range ordered(map[string]string{
		"a size with a leading zero": l.text(fmt.Sprintf("0%d", size), root.String()),
		"a size with a plus sign":    l.text(fmt.Sprintf("+%d", size), root.String()),
		"a size of 2^63":             l.text("9223372036854775808", root.String()),
		"a size of 2^64":             l.text("18446744073709551616", root.String()),
		"a root of 31 bytes":         l.text(size, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="),
		"a root of 33 bytes":         l.text(size, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
		"a root with stray bits":     l.text(size, stray(root)),
		"a root without its padding": l.text(size, strings.TrimRight(root.String(), "=")),
		"a root that is no base64":   l.text(size, "!"+root.String()[1:]),
		"a text of two lines":        fmt.Sprintf("%s\n%d\n", l.origin, size),
		"a text with a CR":           l.text(fmt.Sprintf("%d\r", size), root.String()),
	}) {
		faults = append(faults, malformed("R1", what, l.resign(right, text).body()))
	}
	own := l.line(right.text)
	for what, lines := range ordered(map[string]string{
		"a NUL in a signature line":                own + strings.Replace(unknownLine[1:], "key", "k\x00y", 1),
		"invalid UTF-8 in a signature line":        own + strings.Replace(unknownLine[1:], "key", "k\xff", 1),
		"a CR in a signature line":                 strings.Replace(own, "\n", "\r\n", 1),
		"no LF at the end":                         strings.TrimRight(own, "\n"),
		"an empty line at the end":                 own + "\n",
		"a hyphen in place of the dash":            own + strings.Replace(unknownLine[1:], "\u2014", "-", 1),
		"a signature line that is no base64":       own + "\u2014 unknown.example/key !!!!\n",
		"a signature line with a plus in its name": own + strings.Replace(unknownLine[1:], "key", "k+y", 1),
	}) {
		o := right
		o.note = right.text + "\n" + lines
		faults = append(faults, malformed("SN-3", what, o.body()))
	}
	return faults
}

// shapeFaults leave out what stands between the parts.
func shapeFaults(l testLog, size int64) []fault {
	right := l.offer(size, size)
	return []fault{
		malformed("R1", "no empty line before the checkpoint", "old "+right.old+"\n"+right.note),
		{must("R1", "two empty lines before the checkpoint", http.StatusBadRequest, http.StatusNotFound),
			"old " + right.old + "\n\n\n" + right.note}, // or an origin of no name
		malformed("R1", "an empty line before old", "\n"+right.body()),
		{must("R1", "no checkpoint", http.StatusBadRequest, http.StatusNotFound), "old " + right.old + "\n\n"},
		malformed("R1", "no empty line before the signatures", "old "+right.old+"\n\n"+right.text+l.line(right.text)),
		malformed("R1", "CRLF throughout", strings.ReplaceAll(right.body(), "\n", "\r\n")),
	}
}

// proofFaults spoil a line of the proof of one step. If one is taken, the log is larger by one.
func proofFaults(l testLog, size int64) (faults []fault) {
	right := l.offer(size, size+1)
	first := right.proof[0]
	for _, c := range [][2]string{
		{"a hash with stray bits", strayLine(first)},
		{"a hash without its padding", strings.TrimRight(first, "=")},
		{"a hash of 31 bytes", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="},
		{"a hash of 33 bytes", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
		{"a hash and a space", first + " "},
		{"a hash and a CR", first + "\r"},
		{"a hash that is no base64", "!" + first[1:]},
	} {
		o := right
		o.proof = append([]string{c[1]}, right.proof[1:]...)
		faults = append(faults, malformed("TW-5", c[0], o.body()))
	}
	long := right
	for len(long.proof) < 64 {
		long.proof = append(long.proof[:len(long.proof):len(long.proof)], first)
	}
	u := practice("TW-4", "64 proof lines", http.StatusBadRequest, http.StatusUnprocessableEntity)
	return append(faults, fault{u, long.body()})
}

// strayLine is a hash's line with a bit set that is not of it.
func strayLine(line string) string {
	hash, err := tlog.ParseHash(line)
	if err != nil {
		return line
	}
	return stray(hash)
}
