// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"cocket.example/client/conform/verdict"
)

// shortly is how many seconds a cache may keep what monitors read: they want it within an hour (TW-24).
const shortly = 60

// caseMonitor is W19.
func caseMonitor(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w19")
	digest := sha256.Sum256([]byte(l.origin))
	name := hex.EncodeToString(digest[:])
	must("TW-24", "before the first cosignature", http.StatusNotFound).judge(r, s.read(ctx, name))
	var last answer
	for _, sizes := range [][2]int64{{0, 5}, {5, 9}} {
		a, ok := s.step(ctx, r, l, sizes)
		if !ok {
			return
		}
		last = s.read(ctx, name)
		r.Check("before the first cosignature and after two")
		if !should("TW-24", "the latest checkpoint", http.StatusOK).judge(r, last) {
			return
		}
		judgeHeld(r, last, l.offer(sizes[0], sizes[1]).note+string(a.body))
	}
	judgeHeaders(r, last)
	for what, other := range ordered(map[string]string{
		"the hash in upper case":         strings.ToUpper(name),
		"the hash with an escaped digit": "%" + strconv.FormatInt(int64(name[0]), 16) + name[1:],
		"the escaped origin":             url.PathEscape(l.origin),
		"a hash that nobody has":         strings.Repeat("0", 64),
		"the hash without a digit":       name[1:],
	}) {
		must("TW-25", what, http.StatusNotFound).judge(r, s.read(ctx, other))
	}
	r.Check("before the first cosignature and after two, and five names that it does not have")
}

func (s *subject) read(ctx context.Context, name string) answer {
	return s.web.send(ctx, request{method: http.MethodGet, prefix: s.web.monitor,
		path: "/" + name + "/checkpoint"})
}

// judgeHeld wants the note and every line that was answered. Lines may stand in any order.
func judgeHeld(r *verdict.Result, a answer, want string) {
	text, lines, _ := strings.Cut(want, "\n\n")
	if !bytes.HasPrefix(a.body, []byte(text+"\n\n")) {
		r.Fail(verdict.Should, "TW-24", a, "is not the checkpoint that was cosigned last")
		return
	}
	for line := range strings.Lines(lines) {
		if !bytes.Contains(a.body, []byte("\n"+line)) {
			name := strings.Fields(line)[1]
			r.Fail(verdict.Must, "TW-24", a, "lacks the line of %.80q, want the log's and all that were answered", name)
		}
	}
}

func judgeHeaders(r *verdict.Result, a answer) {
	if got := a.header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		r.Fail(verdict.Practice, "TW-26", a, "has Content-Type %.60q, want text/plain; charset=utf-8", got)
	}
	said := a.header.Get("Cache-Control")
	for directive := range strings.SplitSeq(said, ",") {
		seconds, ok := strings.CutPrefix(strings.TrimSpace(directive), "max-age=")
		if age, err := strconv.Atoi(seconds); ok && (err != nil || age > shortly) {
			r.Fail(verdict.Practice, "TW-26", a, "has Cache-Control %.60q, want a max-age of seconds", said)
		}
	}
}

// caseMethods is W21.
func caseMethods(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w21")
	body := l.offer(0, 5).body()
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		a := s.web.send(ctx, request{method: method, prefix: s.web.submit, path: "/add-checkpoint", body: body})
		ok := practice("TW-1", method+" of add-checkpoint", http.StatusMethodNotAllowed).judge(r, a)
		if ok && !strings.Contains(strings.Join(a.header.Values("Allow"), ","), http.MethodPost) {
			r.Fail(verdict.Practice, "TW-1", a, "answered 405 with Allow %.40q, want POST named",
				a.header.Get("Allow"))
		}
	}
	for what, path := range ordered(map[string]string{
		"a slash at the end": "/add-checkpoint/", "two slashes": "//add-checkpoint", "capitals": "/Add-Checkpoint",
	}) {
		a := s.web.send(ctx, request{method: http.MethodPost, prefix: s.web.submit, path: path, body: body})
		if a.status == http.StatusOK || a.status >= 500 || a.status == 0 {
			r.Fail(verdict.Practice, "TW-1", a, "%s: %s, want 404", what, a.what())
		}
	}
	s.step(ctx, r, l, [2]int64{0, 5})
	r.Check("three methods, three paths, and then the right ones")
}

// caseMLDSA is W23: the lines of ML-DSA-44 when a log grows.
func caseMLDSA(ctx context.Context, s *subject, r *verdict.Result) {
	s.growth(ctx, r, growing{log: "w23", typ: mldsaType, name: "ML-DSA-44 (type 0x06)"})
}

// caseEd25519 is W24: a client that knows nothing of ML-DSA-44 finds what it needs beside it.
func caseEd25519(ctx context.Context, s *subject, r *verdict.Result) {
	s.growth(ctx, r, growing{log: "w24", typ: ed25519Type, name: "Ed25519 (type 0x04)"})
}

type growing struct {
	log  string
	typ  byte
	name string
}

func (s *subject) growth(ctx context.Context, r *verdict.Result, g growing) {
	if !s.has(g.typ) {
		r.Skip("no key of %s was given", g.name)
		return
	}
	l := s.log(g.log)
	sizes := []int64{0, 1, 2, 31, 64}
	for i := range sizes[1:] {
		a, ok := s.step(ctx, r, l, [2]int64{sizes[i], sizes[i+1]})
		if !ok {
			return
		}
		if i > 0 { // W01 has looked at a first one
			s.judgeLines(r, a, l.statement(sizes[i+1]), g.typ)
		}
	}
	r.Check("%s", fmt.Sprint("cosignatures of sizes ", sizes[2:]))
}
