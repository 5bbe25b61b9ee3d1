// SPDX-License-Identifier: Apache-2.0

package serve_test

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cocket.example/internal/tile"
	"cocket.example/log/internal/logtest"
	"cocket.example/log/refers"
	"cocket.example/log/serve"
)

var metadata = serve.Metadata{
	Entries: "declarations", Profiles: []string{"usmca/1"}, Limits: serve.Limits{EntryBytes: 4096},
}

// server serves the read path of a log.
type server struct {
	*httptest.Server
	t *testing.T
}

func start(t *testing.T, l *logtest.Log, change ...func(*serve.Config)) *server {
	t.Helper()
	index, err := refers.Open(refers.Config{Log: l, Path: filepath.Join(l.Dir, "refers.db")})
	if err != nil {
		t.Fatal(err)
	}
	logtest.Run(t, index.Run)
	c := serve.Config{Log: l, Refers: index, Policy: l.Policy, Metadata: metadata}
	for _, f := range change {
		f(&c)
	}
	h, err := serve.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &server{s, t}
}

// answer is what came back, as it came: the body is not decoded.
type answer struct {
	status int
	header http.Header
	body   string
}

// get sends a path exactly as it is written.
func (s *server) get(path string, headers ...string) answer {
	s.t.Helper()
	return s.do("GET", path, headers...)
}

func (s *server) do(method, path string, headers ...string) answer {
	s.t.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	request := method + " " + path + " HTTP/1.1\r\nHost: log\r\nConnection: close\r\n"
	for _, h := range headers {
		request += h + "\r\n"
	}
	if _, err := io.WriteString(c, request+"\r\n"); err != nil {
		s.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

// want checks a good answer's type and lifetime.
func (a answer) want(t *testing.T, kind, cache string) {
	t.Helper()
	if a.status != 200 {
		t.Fatalf("answer %d %q, want 200", a.status, a.body)
	}
	for name, want := range map[string]string{
		"Content-Type":                kind,
		"Cache-Control":               cache,
		"Access-Control-Allow-Origin": "*",
		"X-Content-Type-Options":      "nosniff",
		"Vary":                        "Accept-Encoding",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
}

// refused checks an error: one line that no cache keeps.
func (a answer) refused(t *testing.T, status int) {
	t.Helper()
	if a.status != status || strings.Count(a.body, "\n") != 1 {
		t.Errorf("answer %d %q, want %d and one line", a.status, a.body, status)
	}
	for name, want := range map[string]string{
		"Content-Type":                "text/plain; charset=utf-8",
		"Cache-Control":               "no-store",
		"Content-Encoding":            "",
		"Access-Control-Allow-Origin": "*",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
}

const (
	text      = "text/plain; charset=utf-8"
	binary    = "application/octet-stream"
	immutable = "public, max-age=31536000, immutable"
)

// bytes are n entries that differ.
func entries(start, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = fmt.Appendf(nil, "entry %d", start+i)
	}
	return all
}

// TestCheckpoint is L01.
func TestCheckpoint(t *testing.T) {
	l := logtest.Start(t)
	l.Add(t, entries(0, 3)...)
	s := start(t, l)
	a := s.get("/checkpoint")
	a.want(t, text, "public, max-age=1")
	if _, err := l.Policy.Verify([]byte(a.body)); err != nil {
		t.Error(err)
	}
	head := s.do("HEAD", "/checkpoint")
	head.want(t, text, "public, max-age=1")
	if head.body != "" || head.header.Get("Content-Length") != fmt.Sprint(len(a.body)) {
		t.Errorf("HEAD: %q, Content-Length %s", head.body, head.header.Get("Content-Length"))
	}
}

// TestEmptyLog is L03.
func TestEmptyLog(t *testing.T) {
	l := logtest.Start(t)
	l.AwaitCheckpoint(t)
	s := start(t, l)
	if a := s.get("/checkpoint"); !strings.HasPrefix(a.body,
		logtest.Origin+"\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n") {
		t.Errorf("checkpoint %q", a.body)
	}
	for _, path := range []string{
		"/tile/0/000", "/tile/0/000.p/1", "/tile/1/000", "/tile/entries/000", "/tile/entries/000.p/1",
		"/receipt/0", "/inclusion/0/1", "/consistency/0/1", "/index/" + strings.Repeat("0", 64),
		"/refers/" + strings.Repeat("0", 64),
	} {
		s.get(path).refused(t, 404)
	}
}

// TestTiles is L04, L05, L06 and L09: at each size exactly the tiles of that size, and still all
// those of the sizes before.
func TestTiles(t *testing.T) {
	l := logtest.Start(t)
	s := start(t, l)
	seen := make(map[string]string) // path → bytes
	size := 0
	for _, next := range []int{1, 2, 255, 256, 257, 511, 512, 700} {
		l.Add(t, entries(size, next-size)...)
		size = next
		for ref := range tile.Refs(0, uint64(size)) {
			a := s.get("/" + ref.Path())
			a.want(t, binary, immutable)
			seen[ref.Path()] = a.body
			if !ref.Entries && len(a.body) != 32*ref.Width {
				t.Errorf("size %d: %s of %d bytes", size, ref.Path(), len(a.body))
			}
			for _, neighbour := range beyond(ref, uint64(size)) {
				s.get("/"+neighbour.Path()).refused(t, 404)
			}
		}
		for path, body := range seen {
			if a := s.get("/" + path); a.body != body {
				t.Errorf("size %d: %s changed or went away (%d)", size, path, a.status)
			}
		}
	}
	full, partial := seen["tile/entries/000"], seen["tile/entries/000.p/255"]
	if partial == "" || !strings.HasPrefix(full, partial) {
		t.Error("a partial bundle is no prefix of the full one")
	}
}

// beyond are the nearest resources that a tree of this size has not.
func beyond(r tile.Ref, size uint64) (refs []tile.Ref) {
	wider, next, higher := r, r, r
	wider.Width++
	next.Index++
	next.Width = 1
	higher.Level += 2
	for _, x := range []tile.Ref{wider, next, higher} {
		if (x.Level == 0 || !x.Entries) && x.Width <= tile.Width &&
			x.Width > tile.WidthAt(x.Level, x.Index, size) {
			refs = append(refs, x)
		}
	}
	return refs
}

// TestPaths is L07.
func TestPaths(t *testing.T) {
	l := logtest.Start(t)
	l.Add(t, entries(0, 300)...)
	s := start(t, l)
	for _, path := range []string{
		"/tile/00/000", "/tile/64/000", "/tile/0/0", "/tile/0/x000/000", "/tile/0/000.p/0",
		"/tile/0/000.p/256", "/tile/0/000.p/08", "/tile/0/000.p/-1", "/tile/entries/000/",
		"/tile/entries", "/tile/entries/", "/tile/", "/tile", "/tile//0/000", "//tile/0/000",
		"/tile/0/../0/000", "/%2e%2e/checkpoint", "/%63heckpoint", "/checkpoint/", "//checkpoint", "//",
		"/./checkpoint", "/CHECKPOINT", "/Tile/0/000", "/tile/0/000.P/1", "/tile/0%2f000", "/checkpoint%20",
		"/receipt", "/receipt/", "/receipt/01", "/receipt/+1", "/receipt/0/", "/receipt/0-301",
		"/receipt/9999999999999999999999", "/index", "/index/ab", "/index/" + strings.Repeat("A", 64),
		"/inclusion/0", "/inclusion/0/1/2", "/inclusion/00/1", "/inclusion/1/1", "/inclusion/0/0",
		"/consistency/2/1", "/consistency/1", "/refers/0", "/add", "/favicon.ico", "/index.html",
	} {
		s.get(path).refused(t, 404)
	}
	for _, path := range []string{
		"/tile/0/000?x=1", "/checkpoint?now", "/?lang=en", "/metadata?=", "/receipt/0?at=first",
		"/receipt/0?wait=1h", "/receipt/0?signatures=all", "/receipt/0?at=latest&at=latest", "/index/0?x",
	} {
		s.get(path).refused(t, 400)
	}
}

// TestUnsigned is L08: entries are durable and not signed.
func TestUnsigned(t *testing.T) {
	l := logtest.StartEvery(t, time.Hour)
	s := start(t, l)
	data := entries(0, 1)[0]
	leaf := logtest.LeafHash(data)
	l.Sequence(t, data)
	if _, err := l.Entry(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"/tile/0/000.p/1", "/tile/entries/000.p/1", "/receipt/0", "/receipt/0?at=latest", "/receipt/0?wait=1ms",
		"/receipt/0-1", "/receipt/0-1?at=latest", "/receipt/0-1?wait=1ms",
		"/index/" + hex.EncodeToString(leaf[:]), "/refers/" + hex.EncodeToString(leaf[:]),
		"/inclusion/0/1", "/consistency/1/1",
	} {
		s.get(path).refused(t, 404)
	}
}

// TestMethods is L12.
func TestMethods(t *testing.T) {
	s := start(t, logtest.Start(t))
	for _, path := range []string{"/checkpoint", "/tile/0/000", "/", "/receipt/0", "/nowhere"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "BREW"} {
			a := s.do(method, path)
			a.refused(t, 405)
			if a.header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: Allow %q", method, path, a.header.Get("Allow"))
			}
		}
		a := s.do("OPTIONS", path)
		if a.status != 204 || a.header.Get("Access-Control-Allow-Methods") != "GET, HEAD" {
			t.Errorf("OPTIONS %s: %d %v", path, a.status, a.header)
		}
	}
}

func TestMetadata(t *testing.T) {
	l := logtest.Start(t)
	a := start(t, l).get("/metadata")
	a.want(t, "application/json", "public, max-age=60")
	var m serve.Metadata
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		t.Fatal(err)
	}
	if m.Origin != logtest.Origin || m.Policy != l.Policy.String() || m.Entries != "declarations" ||
		len(m.VKeys) != 1 || m.VKeys[0] != l.Policy.Logs[0].Key.String() || m.Limits.EntryBytes != 4096 {
		t.Errorf("metadata %s", a.body)
	}
}

// TestBytesInFlight fills the room with a reader, so that another is pushed back until it ends.
func TestBytesInFlight(t *testing.T) {
	l := logtest.Start(t)
	l.Add(t, entries(0, 256)...)
	gate := gated{l, make(chan struct{}), make(chan struct{})}
	s := start(t, l, func(c *serve.Config) {
		c.Log = gate
		c.MaxInFlight = 256 * 4098
		c.Patience = 10 * time.Millisecond
	})
	done := make(chan answer)
	go func() { done <- s.get("/tile/entries/000") }()
	<-gate.entered
	crowded := s.get("/tile/0/000")
	crowded.refused(t, 503)
	if crowded.header.Get("Retry-After") != "1" {
		t.Error("no Retry-After")
	}
	close(gate.open)
	(<-done).want(t, binary, immutable)
	s.get("/tile/0/000").want(t, binary, immutable)
}
