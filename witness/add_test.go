// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"cocket.example/receipt"
)

// step is one request of a story, and what the witness is to answer and to hold afterwards.
type step struct {
	old, size int
	branch    branch         // default trunk
	proof     []receipt.Hash // default: the right one
	status    int
	body      string // if not empty
	held      int
}

var (
	other     = branch{name: "other"}                         // nothing in common with trunk
	noProof   = []receipt.Hash{}                              // not nil: instead of the right one
	anyHash   = []receipt.Hash{{1, 2, 3}}                     // one line too many
	fiveThree = trunk.consistency(3, 5)                       // right from 3 to 5
	wrongFive = append([]receipt.Hash{{9}}, fiveThree[1:]...) // its first line changed
)

// The stories are those of the table of c2sp.org/tlog-witness (rows 4 to 10).
var stories = map[string][]step{
	"W01 first contact": {{size: 10, status: 200, held: 10}},
	"W02 first contact is not trusted (TW-8)": {
		{old: 7, size: 10, status: 409, body: "0\n", held: -1},
	},
	"W03 old above size at first contact": {{old: 12, size: 10, proof: noProof, status: 400, held: -1}},
	"W04 empty tree, refreshed, then grown (TW-13, TW-14)": {
		{size: 0, status: 200, held: 0},
		{size: 0, status: 200, held: 0},
		{size: 9, status: 200, held: 9},
	},
	"W06 from 0 nothing is proved": {
		{size: 10, proof: anyHash, status: 422, held: -1},
		{size: 0, proof: anyHash, status: 422, held: -1},
	},
	"W07 stale old": {
		{size: 10, status: 200, held: 10},
		{old: 4, size: 20, status: 409, body: "10\n", held: 10},
		{old: 4, size: 8, status: 409, body: "10\n", held: 10},
		{old: 0, size: 8, status: 409, body: "10\n", held: 10},
		{old: 0, size: 0, status: 409, body: "10\n", held: 10},
		{old: 12, size: 20, status: 409, body: "10\n", held: 10},
	},
	"W08 old above size": {
		{size: 10, status: 200, held: 10},
		{old: 10, size: 8, proof: noProof, status: 400, held: 10},
	},
	"W09 refresh, and another root": {
		{size: 10, status: 200, held: 10},
		{old: 10, size: 10, status: 200, held: 10},
		{old: 10, size: 10, branch: other, status: 422, held: 10},
	},
	"W10 refresh with a proof line": {
		{size: 10, status: 200, held: 10},
		{old: 10, size: 10, proof: anyHash, status: 422, held: 10},
	},
	"W11 proofs": {
		{size: 3, status: 200, held: 3},
		{old: 3, size: 5, proof: noProof, status: 422, held: 3},
		{old: 3, size: 5, proof: wrongFive, status: 422, held: 3},
		{old: 3, size: 5, branch: other, status: 422, held: 3},
		{old: 3, size: 5, status: 200, held: 5},
	},
}

func TestStories(t *testing.T) {
	for name, steps := range stories {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			for i, s := range steps {
				t.Logf("step %d: old %d, size %d", i+1, s.old, s.size)
				s.play(r)
			}
		})
	}
}

func (s step) play(r *rig) {
	r.t.Helper()
	if s.branch.name == "" {
		s.branch = trunk
	}
	if s.proof == nil && s.old <= s.size {
		s.proof = s.branch.consistency(s.old, s.size)
	}
	head := r.log.head(s.branch, s.size)
	answer := r.post(receipt.AddCheckpoint{
		Old: uint64(s.old), Proof: s.proof, Checkpoint: r.log.sign(r.t, head),
	}.Bytes())
	if answer.Code != s.status || s.body != "" && answer.Body.String() != s.body {
		r.t.Errorf("answer %d %q, want %d %q", answer.Code, answer.Body, s.status, s.body)
	}
	if answer.Code == http.StatusOK {
		if at := r.time(head, answer.Body.String()); !at.Equal(start) {
			r.t.Errorf("cosigned at %v, want %v", at, start)
		}
	}
	want := textPlain
	if s.status == http.StatusConflict {
		want = "text/x.tlog.size" // exactly
	}
	if got := answer.Header()["Content-Type"]; len(got) != 1 || got[0] != want {
		r.t.Errorf("Content-Type %q, want %q", got, want)
	}
	if held := r.held(); held != s.held {
		r.t.Errorf("witness holds size %d, want %d", held, s.held)
	}
}

// TestEmptyRoot is W05. Who signed it is asked before (rows 2 and 3).
func TestEmptyRoot(t *testing.T) {
	r := newRig(t)
	wrong := receipt.Checkpoint{Origin: r.log.origin, Root: receipt.Hash{1}}
	r.want(422, receipt.AddCheckpoint{Checkpoint: r.log.sign(t, wrong)}.Bytes())
	forger := newTestLogFrom(t, r.log.origin, "forger")
	r.want(403, receipt.AddCheckpoint{Checkpoint: forger.sign(t, wrong)}.Bytes())
	stranger := newTestLog(t, "log.example/stranger")
	wrong.Origin = stranger.origin
	r.want(404, receipt.AddCheckpoint{Checkpoint: stranger.sign(t, wrong)}.Bytes())
	if held := r.held(); held != -1 {
		t.Errorf("witness holds size %d, want nothing", held)
	}
	r.want(200, r.log.grow(t, trunk, 0, 5)) // it is asked before the old size, too (row 6)
	wrong.Origin = r.log.origin
	r.want(422, receipt.AddCheckpoint{Checkpoint: r.log.sign(t, wrong)}.Bytes())
}

// TestRefreshIsFresh shows that a refresh states the new time (TW-13).
func TestRefreshIsFresh(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	r.clock.set(start.Add(time.Hour))
	at := r.time(r.log.head(trunk, 5), r.want(200, r.log.grow(t, trunk, 5, 5)))
	if !at.Equal(start.Add(time.Hour)) {
		t.Errorf("refreshed at %v, want an hour after %v", at, start)
	}
}

// TestSignatures is W12.
func TestSignatures(t *testing.T) {
	r := newRig(t)
	head := r.log.head(trunk, 5)
	good := line(t, r.log, head)
	broken := line(t, r.log, r.log.head(trunk, 6))
	stranger := line(t, newTestLog(t, "log.example/stranger"), head)
	sameName := line(t, newTestLogFrom(t, r.log.origin, "another key"), head)
	var large strings.Builder
	for i := range 16 {
		large.WriteString(receipt.Signature{
			Name: "large.example/w", ID: uint32(i + 1), Sig: make([]byte, 8+2420),
		}.String())
	}
	for name, c := range map[string]struct {
		lines  string
		status int
	}{
		"none":                    {"", 400},
		"unknown only":            {stranger, 403},
		"name of the log, id not": {sameName, 403},
		"broken":                  {broken, 403},
		"broken, then good":       {broken + good, 403},
		"good, then broken":       {good + broken, 403},
		"good twice":              {good + good, 403},
		"good, 16 of ML-DSA size": {good + large.String(), 200},
		"16 of ML-DSA size, good": {large.String() + good, 200},
		"good, unknown":           {good + stranger + sameName, 200},
	} {
		t.Run(name, func(t *testing.T) {
			answer := newRig(t).post([]byte("old 0\n\n" + string(head.Body()) + "\n" + c.lines))
			if answer.Code != c.status {
				t.Errorf("status %d %q, want %d", answer.Code, answer.Body, c.status)
			}
		})
	}
}

// line returns the log's signature line for a checkpoint.
func line(t testing.TB, l testLog, c receipt.Checkpoint) string {
	t.Helper()
	c.Origin = l.origin
	signed := l.sign(t, c)
	return string(signed[len(c.Body())+1:])
}

// TestTwoKeys shows that a log may change its key: each of the two is enough, and both must hold
// where both sign.
func TestTwoKeys(t *testing.T) {
	r := newRig(t)
	next := newTestLogFrom(t, r.log.origin, "next key")
	r.setLogs(Log{Keys: []receipt.VerifierKey{r.log.key, next.key}})
	r.want(200, r.log.grow(t, trunk, 0, 3))
	r.want(200, next.grow(t, trunk, 3, 4))
	head := r.log.head(trunk, 4)
	both := "old 4\n\n" + string(head.Body()) + "\n" + line(t, r.log, head)
	r.want(200, []byte(both+line(t, next, head)))
	r.want(403, []byte(both+line(t, next, r.log.head(trunk, 5))))
}

// TestUnknownOrigin is W13: an origin is its bytes.
func TestUnknownOrigin(t *testing.T) {
	r := newRig(t)
	for _, origin := range []string{
		"log.example/b", "LOG.example/a", "log.example/a/", "log.example/a ", "log.example/á",
		"log.example/ａ", "log.example/a+b",
	} {
		head := r.log.head(trunk, 5)
		signature := line(t, r.log, head)
		head.Origin = origin
		r.want(404, []byte("old 0\n\n"+string(head.Body())+"\n"+signature))
	}
	if n := len(r.witness.config.State.durable); n != 0 {
		t.Errorf("state holds %d origins, want none", n)
	}
}

// TestSyntax is W14 and W15.
func TestSyntax(t *testing.T) {
	r := newRig(t)
	good := string(r.log.grow(t, trunk, 3, 5))
	root := base64.StdEncoding.EncodeToString(fiveThree[0][:])
	noncanonical := root[:42] + string(root[42]+1) + "=" // the next character: a stray trailing bit
	if b, err := base64.StdEncoding.DecodeString(noncanonical); err != nil || !bytes.Equal(b, fiveThree[0][:]) {
		t.Fatal("not another spelling of the same hash")
	}
	checkpoint := string(r.log.sign(t, r.log.head(trunk, 5)))
	for name, body := range map[string]string{
		"nothing":               "",
		"no old":                strings.TrimPrefix(good, "old 3\n"),
		"no space":              strings.Replace(good, "old 3", "old3", 1),
		"tab":                   strings.Replace(good, "old 3", "old\t3", 1),
		"two spaces":            strings.Replace(good, "old 3", "old  3", 1),
		"space after":           strings.Replace(good, "old 3", "old 3 ", 1),
		"word after":            strings.Replace(good, "old 3", "old 3 x", 1),
		"upper case":            strings.Replace(good, "old 3", "Old 3", 1),
		"no number":             strings.Replace(good, "old 3", "old ", 1),
		"leading zero":          strings.Replace(good, "old 3", "old 03", 1),
		"plus":                  strings.Replace(good, "old 3", "old +3", 1),
		"minus zero":            strings.Replace(good, "old 3", "old -0", 1),
		"2^63":                  strings.Replace(good, "old 3", "old 9223372036854775808", 1),
		"2^64":                  strings.Replace(good, "old 3", "old 18446744073709551616", 1),
		"CR LF":                 strings.ReplaceAll(good, "\n", "\r\n"),
		"one CR":                strings.Replace(good, "old 3\n", "old 3\r\n", 1),
		"no empty line":         strings.Replace(good, "\n\n", "\n", 1),
		"two empty lines":       strings.Replace(good, "\n\n", "\n\n\n", 1),
		"other base64":          strings.Replace(good, root, noncanonical, 1),
		"unpadded base64":       strings.Replace(good, root, strings.TrimRight(root, "="), 1),
		"31 bytes":              strings.Replace(good, root, base64.StdEncoding.EncodeToString(make([]byte, 31)), 1),
		"33 bytes":              strings.Replace(good, root, base64.StdEncoding.EncodeToString(make([]byte, 33)), 1),
		"64 lines":              "old 3\n" + strings.Repeat(root+"\n", 64) + "\n" + checkpoint,
		"NUL":                   strings.Replace(good, "log.example", "log\x00example", 1),
		"invalid UTF-8":         strings.Replace(good, "log.example", "log\xffexample", 1),
		"no LF at the end":      strings.TrimSuffix(good, "\n"),
		"text after":            good + "\n",
		"no checkpoint":         "old 0\n\n",
		"empty origin":          strings.Replace(good, "\nlog.example/a\n", "\n\n", 1),
		"size with a zero":      strings.Replace(good, "/a\n5\n", "/a\n05\n", 1),
		"size of 2^63":          strings.Replace(good, "/a\n5\n", "/a\n9223372036854775808\n", 1),
		"W15 extension line":    strings.Replace(good, "\n\n— ", "\nextension\n\n— ", 1),
		"hyphen for an em dash": strings.Replace(good, "— ", "- ", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if body == good {
				t.Fatal("nothing was changed")
			}
			r.want(400, []byte(body))
		})
	}
	if held := r.held(); held != -1 {
		t.Errorf("witness holds size %d, want nothing", held)
	}
}

// TestLongestProof shows that 63 lines are read (TW-2): the answer is about the proof.
func TestLongestProof(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 3))
	r.want(422, receipt.AddCheckpoint{
		Old: 3, Proof: make([]receipt.Hash, 63), Checkpoint: r.log.sign(t, r.log.head(trunk, 5)),
	}.Bytes())
}
