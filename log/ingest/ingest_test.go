// SPDX-License-Identifier: Apache-2.0

package ingest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cocket.example/declaration"
	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/log/ingest"
	"cocket.example/log/internal/logtest"
	"cocket.example/receipt"
	"golang.org/x/mod/sumdb/note"
)

const (
	token      = "the-brokers-token"
	otherToken = "the-clerks-token"
)

// submitters are a broker who may do everything and a clerk who may do little.
func submitters() []ingest.Submitter {
	return []ingest.Submitter{
		{Name: logtest.Submitter, TokenSHA256: sha256.Sum256([]byte(token))},
		{
			Name: "clerk.example", TokenSHA256: sha256.Sum256([]byte(otherToken)),
			Events: []string{"withdraw", "amend"}, Profiles: []string{"import/1"},
		},
	}
}

// server serves the write path; entries and logs of a test go through it.
type server struct {
	*httptest.Server
	t    *testing.T
	logs *bytes.Buffer
}

func serve(t *testing.T, c ingest.Config) *server {
	t.Helper()
	logs := new(bytes.Buffer)
	c.Logger = slog.New(slog.NewTextHandler(logs, nil))
	if c.Submitters == nil {
		c.Submitters = submitters()
	}
	h, err := ingest.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &server{s, t, logs}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request with the broker's token, which change may alter.
func (s *server) do(path string, body io.Reader, change ...func(*http.Request)) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), "POST", s.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	for _, f := range change {
		f(r)
	}
	res, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

func (s *server) add(entry []byte, change ...func(*http.Request)) answer {
	s.t.Helper()
	return s.do("/add", bytes.NewReader(entry), change...)
}

func (s *server) addBatch(entries ...[]byte) answer {
	s.t.Helper()
	return s.do("/add-batch", bytes.NewReader(batch(s.t, entries...)))
}

func batch(t *testing.T, entries ...[]byte) []byte {
	t.Helper()
	var b []byte
	var err error
	for _, e := range entries {
		if b, err = tile.AppendEntry(b, e); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// want checks status and body; a body that ends in … is a prefix.
func (a answer) want(t *testing.T, status int, body string) {
	t.Helper()
	prefix, isPrefix := strings.CutSuffix(body, "…")
	if a.status != status || a.body != body && !(isPrefix && strings.HasPrefix(a.body, prefix)) {
		t.Errorf("answer %d %q, want %d %q", a.status, a.body, status, body)
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", got)
	}
	if got := a.header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	if status >= 400 && strings.Count(a.body, "\n") != 1 {
		t.Errorf("error of several lines: %q", a.body)
	}
}

func TestAddIsIdempotent(t *testing.T) {
	l := logtest.Start(t)
	s := serve(t, ingest.Config{Log: l})
	first, second := logtest.Issue(t), logtest.Issue(t)
	s.add(first).want(t, 200, "0")
	s.add(second).want(t, 200, "1")
	s.add(first).want(t, 200, "0")
	if _, ok, err := l.Lookup(t.Context(), logtest.LeafHash(second)); !ok || err != nil {
		t.Errorf("acknowledged and not found: %v", err)
	}
}

func TestBatchAnswersRuns(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t)})
	a, b, c, d := logtest.Issue(t), logtest.Issue(t), logtest.Issue(t), logtest.Issue(t)
	s.addBatch(a, b).want(t, 200, "0 2\n")
	s.addBatch(c, a, b, d, c).want(t, 200, "2 1\n0 2\n3 1\n2 1\n")
}

func TestBatchIsAllOrNothing(t *testing.T) {
	l := logtest.Start(t)
	s := serve(t, ingest.Config{Log: l})
	good := logtest.Issue(t)
	s.addBatch(good, []byte("nonsense\n")).want(t, 400, "entry 1: …")
	if _, ok, err := l.Lookup(t.Context(), logtest.LeafHash(good)); ok || err != nil {
		t.Errorf("an entry of a refused batch is in the log (%v)", err)
	}
}

func TestFraming(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t)})
	good := batch(t, logtest.Issue(t))
	for name, c := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"empty":           {"", 400, "the batch is empty…"},
		"half a length":   {string(good) + "\x00", 400, "entry 1: …"},
		"entry too short": {string(good[:len(good)-1]), 400, "entry 0: …"},
		"empty entry":     {"\x00\x00", 400, "entry 0: …"},
		"entry too long":  {"\x10\x01" + strings.Repeat("x", 4097), 413, "entry 0: 4097 bytes, want at most 4096\n"},
		"too many": {
			strings.Repeat("\x00\x01x", ingest.MaxBatch+1), 413, "the batch holds too many entries…",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s.do("/add-batch", strings.NewReader(c.body)).want(t, c.status, c.want)
		})
	}
}

func TestRefusals(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t)})
	entry := logtest.Issue(t)
	elsewhere := logtest.Seal(t, declaration.Declaration{Event: "issue", Log: "elsewhere.example/log"})
	stranger := logtest.Seal(t, declaration.Declaration{Event: "issue", Submitter: "stranger.example"})
	clerks := logtest.Seal(t, declaration.Declaration{Event: "issue", Submitter: "clerk.example"})
	leaf := logtest.LeafHash(entry)
	clerksAmendment := logtest.Seal(t, declaration.Declaration{
		Event: "amend", Submitter: "clerk.example", Refers: &leaf,
	})
	asClerk := header("Authorization", "bearer "+otherToken)
	for name, c := range map[string]struct {
		path   string
		entry  []byte
		change func(*http.Request)
		status int
		want   string
	}{
		"other path":       {"/add/", entry, nil, 404, "no such resource…"},
		"escaped path":     {"/%61dd", entry, nil, 404, "no such resource…"},
		"method":           {"/add", entry, func(r *http.Request) { r.Method = "PUT" }, 405, "this resource takes POST only…"},
		"no token":         {"/add", entry, header("Authorization", ""), 401, "no valid token…"},
		"wrong token":      {"/add", entry, header("Authorization", "Bearer guess"), 401, "no valid token…"},
		"empty token":      {"/add", entry, header("Authorization", "Bearer "), 401, "no valid token…"},
		"other scheme":     {"/add", entry, header("Authorization", "Basic "+token), 401, "no valid token…"},
		"unknown query":    {"/add?wiat=1s", entry, nil, 400, "unknown parameter, want only wait\n"},
		"wait too long":    {"/add?wait=61s", entry, nil, 400, "wait is not…"},
		"malformed":        {"/add", entry[:len(entry)-1], nil, 400, "not an entry that this log takes: …"},
		"other log":        {"/add", elsewhere, nil, 400, "line log names another log, want customs.example/log\n"},
		"other submitter":  {"/add", stranger, nil, 403, "line submitter is not…"},
		"event":            {"/add", clerks, asClerk, 403, "line event is not granted to you, want withdraw or amend\n"},
		"profile":          {"/add", clerksAmendment, asClerk, 403, "line profile is not granted to you, want import/1\n"},
		"large":            {"/add", make([]byte, 4097), nil, 413, "the body is too large, want at most 4096 bytes…"},
		"encoded entry":    {"/add", entry, header("Content-Encoding", "gzip"), 415, "one entry takes no…"},
		"unknown encoding": {"/add-batch", entry, header("Content-Encoding", "br"), 415, "this Content-Encoding…"},
		"not gzip":         {"/add-batch", entry, header("Content-Encoding", "gzip"), 400, "the body is not what…"},
		"not zstd":         {"/add-batch", entry, header("Content-Encoding", "zstd"), 400, "the body is not what…"},
	} {
		t.Run(name, func(t *testing.T) {
			change := c.change
			if change == nil {
				change = func(*http.Request) {}
			}
			a := s.do(c.path, bytes.NewReader(c.entry), change)
			a.want(t, c.status, c.want)
			challenge := a.header.Get("WWW-Authenticate")
			if want := `Bearer realm="customs.example/log"`; (c.status == 401) != (challenge == want) {
				t.Errorf("WWW-Authenticate %q", challenge)
			}
			if known := a.header.Get("Accept-Encoding"); (c.status == 415) != (known != "") {
				t.Errorf("Accept-Encoding %q", known)
			}
			if allow := a.header.Get("Allow"); (c.status == 405) != (allow == "POST") {
				t.Errorf("Allow %q", allow)
			}
		})
	}
}

func TestClearTextOffLoopback(t *testing.T) {
	h, err := ingest.New(ingest.Config{Log: logtest.Start(t), Submitters: submitters()})
	if err != nil {
		t.Fatal(err)
	}
	for _, remote := range []string{"192.0.2.7:99", "[2001:db8::1]:99", "@", ""} {
		r := httptest.NewRequest("POST", "/add", bytes.NewReader(logtest.Issue(t)))
		r.Header.Set("Authorization", "Bearer "+token)
		r.RemoteAddr = remote
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 403 || !strings.Contains(w.Body.String(), "https") {
			t.Errorf("from %q: %d %q", remote, w.Code, w.Body)
		}
	}
}

func TestTLS(t *testing.T) {
	h, err := ingest.New(ingest.Config{Log: logtest.Start(t), Submitters: submitters()})
	if err != nil {
		t.Fatal(err)
	}
	// As if from elsewhere: it is TLS that lets the token pass, not the loopback.
	tunnel := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = "192.0.2.7:99"
		h.ServeHTTP(w, r)
	})
	plain, secure := httptest.NewServer(tunnel), httptest.NewUnstartedServer(tunnel)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	entry := logtest.Issue(t)
	(&server{plain, t, nil}).add(entry).want(t, 403, "tokens are not taken over clear text…")
	(&server{secure, t, nil}).add(entry).want(t, 200, "0")
	(&server{secure, t, nil}).do("/add?wait=60s", bytes.NewReader(entry)).want(t, 200, "c2sp.org/tlog-proof@v1\n…")
}

func TestSignedLine(t *testing.T) {
	newKey := func(seed byte) (note.Signer, string) {
		secret := bytes.Repeat([]byte{seed}, 32)
		skey, vkey, err := note.GenerateKey(bytes.NewReader(secret), logtest.Submitter)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := note.NewSigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		return signer, vkey
	}
	own, vkey := newKey(1)
	other, _ := newKey(2)
	list := submitters()
	list[0].VKey = vkey
	s := serve(t, ingest.Config{Log: logtest.Start(t), Submitters: list})
	opening := logtest.Open(t, declaration.Declaration{Event: "issue"})
	sign := func(signer note.Signer) []byte {
		signed, err := opening.Sign(signer)
		if err != nil {
			t.Fatal(err)
		}
		return signed.Entry()
	}
	s.add(sign(other)).want(t, 403, "line signed is no valid signature…")
	s.add(sign(own)).want(t, 200, "0")
	s.add(opening.Entry()).want(t, 200, "1") // signing stays optional
}

// TestNothingLeaks sends a marked value everywhere and looks for it in answers and in the logs.
func TestNothingLeaks(t *testing.T) {
	const secret = "SECRETVALUE"
	broken := failing{logtest.Start(t), errors.New("disk on fire")}
	s := serve(t, ingest.Config{Log: broken})
	entry := string(logtest.Issue(t))
	bodies := []string{secret, "cocket-entry/v1\n" + secret + "\n", entry + secret + "\n", entry,
		entry + "public " + secret + " x\n", entry + "public origin.country " + secret + "\n"}
	for _, line := range strings.SplitAfter(entry, "\n") {
		word, _, _ := strings.Cut(line, " ")
		bodies = append(bodies, strings.Replace(entry, line, word+" "+secret+"\n", 1))
	}
	for _, body := range bodies {
		for _, path := range []string{"/add", "/add-batch"} {
			sent := []byte(body)
			if path == "/add-batch" {
				sent = batch(t, sent)
			}
			a := s.do(path, bytes.NewReader(sent))
			if a.status < 400 || strings.Contains(a.body, secret) {
				t.Errorf("%q: answer %d %q", body, a.status, a.body)
			}
		}
	}
	if logs := s.logs.String(); strings.Contains(logs, secret) || strings.Contains(logs, token) ||
		!strings.Contains(logs, "disk on fire") {
		t.Errorf("logged: %s", logs)
	}
}

// failing is a log whose appends fail.
type failing struct {
	*logtest.Log
	err error
}

func (f failing) Append(context.Context, []log.Entry, []uint64) error { return f.err }

func TestAppendFails(t *testing.T) {
	l := logtest.Start(t)
	for want, err := range map[string]error{
		"the log takes no entries…":      fmt.Errorf("queue: %w", log.ErrPushback),
		"whether the entries are on fi…": errors.New("input/output error"),
	} {
		a := serve(t, ingest.Config{Log: failing{l, err}}).add(logtest.Issue(t))
		a.want(t, 503, want)
		if a.header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q, want 1", a.header.Get("Retry-After"))
		}
	}
}

func TestWaitGivesReceipt(t *testing.T) {
	l := logtest.Start(t)
	s := serve(t, ingest.Config{Log: l})
	entry := logtest.Issue(t)
	a := s.do("/add?wait=60s", bytes.NewReader(entry))
	a.want(t, 200, "c2sp.org/tlog-proof@v1\n…")
	proof, err := receipt.Parse([]byte(a.body))
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := l.Policy.Verify(proof.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if err := trusted.Includes(logtest.LeafHash(entry), proof); err != nil {
		t.Error(err)
	}
	s.do("/add-batch?wait=1m", bytes.NewReader(batch(t, logtest.Issue(t), entry))).
		want(t, 200, "1 1\n0 1\n")
}

// unpublished is a log whose witnesses never reach the quorum.
type unpublished struct{ *logtest.Log }

func (unpublished) Wait(ctx context.Context, _ uint64) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestWaitRunsOut(t *testing.T) {
	s := serve(t, ingest.Config{Log: unpublished{logtest.Start(t)}})
	s.do("/add?wait=1ms", bytes.NewReader(logtest.Issue(t))).want(t, 202, "0")
	s.do("/add-batch?wait=1ms", bytes.NewReader(batch(t, logtest.Issue(t)))).want(t, 202, "1 1\n")
}

func TestWaitOutlastsTheBodysDeadline(t *testing.T) {
	slow := delayed{logtest.Start(t), 30 * time.Millisecond}
	s := serve(t, ingest.Config{Log: slow, BodyTimeout: 5 * time.Millisecond})
	s.do("/add?wait=60s", bytes.NewReader(logtest.Issue(t))).want(t, 200, "c2sp.org/tlog-proof@v1\n…")
}

// delayed is a log that publishes later.
type delayed struct {
	*logtest.Log
	delay time.Duration
}

func (d delayed) Wait(ctx context.Context, index uint64) error {
	select {
	case <-time.After(d.delay):
		return d.Log.Wait(ctx, index)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestNewRefuses(t *testing.T) {
	l := logtest.Start(t)
	hash := sha256.Sum256([]byte(token))
	for name, list := range map[string][]ingest.Submitter{
		"no name":        {{TokenSHA256: hash}},
		"plus in name":   {{Name: "a+b", TokenSHA256: hash}},
		"long name":      {{Name: strings.Repeat("a", 129), TokenSHA256: hash}},
		"no hash":        {{Name: "a"}},
		"bad vkey":       {{Name: "a", TokenSHA256: hash, VKey: "a+b"}},
		"negative quota": {{Name: "a", TokenSHA256: hash, Quota: -1}},
		"token twice":    {{Name: "a", TokenSHA256: hash}, {Name: "b", TokenSHA256: hash}},
	} {
		if _, err := ingest.New(ingest.Config{Log: l, Submitters: list}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := ingest.New(ingest.Config{Log: l, Entries: "some"}); err == nil {
		t.Error("an unknown mode is accepted")
	}
}
