// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cocket.example/client/status"
	"cocket.example/declaration"
	"cocket.example/receipt"
)

// refer EVENT TARGET URL TOKEN OUT files an entry that amends or withdraws another, given as an opening or an
// entry, and writes it to a file.
func refer(ts *testscript.TestScript, _ bool, args []string) {
	sealed, err := readEntry(ts.MkAbs(args[1]))
	ts.Check(err)
	target, err := declaration.Parse(sealed.data)
	ts.Check(err)
	e := target
	e.Event, e.Refers = args[0], &sealed.leaf
	e.Root = sha256.Sum256([]byte(args[4]))
	if e.Event == "withdraw" {
		e.Tags = nil
	}
	request, err := http.NewRequest(http.MethodPost, args[2]+"/add?wait=30s", bytes.NewReader(e.Bytes()))
	ts.Check(err)
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(ts.ReadFile(args[3])))
	answer, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s%v", answer.Status, text, err)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[4]), e.Bytes(), 0o600))
}

// lies are what a log may do with an answer. path is that of the request, more a file of the script.
var lies = map[string]func(path, body, more string) string{
	"hide":    at("/refers/", func(string, string) string { return "" }),
	"another": at("/refers/", func(string, string) string { return "0\n" }),
	"beyond":  at("/refers/", func(string, string) string { return "9000\n" }),
	"disorder": at("/refers/", func(body, _ string) string {
		return body + body
	}),
	"endless": at("/refers/", func(string, string) string { return strings.Repeat("1\n", 1<<20) }),
	"swap":    at("/index/", func(string, string) string { return "0" }),
	"old":     at("/checkpoint", func(_, more string) string { return more }),
	"bundle": at("/tile/entries/", func(body, _ string) string {
		return strings.Replace(body, "\nevent withdraw\n", "\nevent withdrew\n", 1)
	}),
	"receipt": at("/receipt/", func(_, more string) string { return more }),
	"short":   at("/tile/entries/", func(body, _ string) string { return body[:len(body)/2] }),
}

// at changes the answers of one kind of path.
func at(prefix string, change func(body, more string) string) func(path, body, more string) string {
	return func(path, body, more string) string {
		if !strings.HasPrefix(path, prefix) {
			return body
		}
		return change(body, more)
	}
}

// proxy LIE ADDR NAME [FILE] stands in front of a real log, tells everything as it does but for one lie, and
// puts its address into a variable.
func proxy(ts *testscript.TestScript, _ bool, args []string) {
	lie, more := lies[args[0]], ""
	if lie == nil {
		ts.Fatalf("no lie %s", args[0])
	}
	if len(args) > 3 {
		more = ts.ReadFile(args[3])
	}
	p := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: args[1]})
	p.ModifyResponse = func(r *http.Response) error {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			r.Body = io.NopCloser(bytes.NewReader(body))
			return err
		}
		text := lie(r.Request.URL.Path, string(body), more)
		r.Body = io.NopCloser(strings.NewReader(text))
		r.ContentLength = int64(len(text))
		r.Header.Set("Content-Length", strconv.Itoa(len(text)))
		return nil
	}
	server := httptest.NewServer(p)
	ts.Defer(server.Close)
	ts.Setenv(args[2], server.Listener.Addr().String())
}

// TestOld: a tree that is not of today has a note.
func TestOld(t *testing.T) {
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	for age, want := range map[time.Duration]string{
		24 * time.Hour: "", 50 * time.Hour: "this tree was cosigned 50 hours ago: what was filed since is not in it",
	} {
		if got := old(now.Add(-age), now); got != want {
			t.Errorf("%v: %q, want %q", age, got, want)
		}
	}
}

// TestDoubtful: what a newer program may know makes neither "in force" nor an exit status of 0 or 4.
func TestDoubtful(t *testing.T) {
	leaf := receipt.Hash{1}
	x := standingOf{subject: subject{name: "x"}, Answer: status.Answer{
		Leaf: leaf, Size: 3, Complete: true, Events: []status.Event{{Index: 2, Target: leaf, Void: "it is newer"}},
	}}
	err := standing{}.outcome([]standingOf{x}, time.Now())
	if err == nil || errors.As(err, new(notInForceError)) || !strings.Contains(err.Error(), "a newer program is needed") {
		t.Errorf("the outcome is %v", err)
	}
	if got := x.verdict(); strings.Contains(got, "No entry") || !strings.Contains(got, "Entry 2 is of a version") {
		t.Errorf("%q", got)
	}
}

// TestWholeHasNoPeriod: an opening shows that a declaration has no period; a disclosure may hide it.
func TestWholeHasNoPeriod(t *testing.T) {
	if x := (subject{whole: true}).expiry("2026-11-02"); x.unknown {
		t.Error("of an opening the period is not known")
	}
	if x := (subject{}).expiry("2026-11-02"); !x.unknown {
		t.Error("of a disclosure that shows no period it is known")
	}
}

// TestResumedRate: what an earlier scan read says nothing of the rate.
func TestResumedRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		show := showAs(&out, "read entries")
		show(500, 1000)
		time.Sleep(2 * time.Second)
		show(600, 1000)
		if want := "read entries 600 of 1000, 50 a second, 8s left\n"; out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	})
}
