// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"cocket.example/cmd/internal/config"
	"cocket.example/cmd/internal/server"
	"cocket.example/log/ingest"
	"golang.org/x/mod/sumdb/note"
)

const document = "../../docs/http.md"

var update = flag.Bool("update", false, "write the answers of the example into "+document)

// blocks are the requests and answers of the document's example.
var blocks = regexp.MustCompile("(?s)```request\n(.*?)```\n\n```answer\n(.*?)```\n")

// TestWorkedExample sends every request of the document to a log like the one that it describes,
// and compares every answer with the one that stands below the request.
func TestWorkedExample(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	url, vkey := exampleLog(t)
	if !bytes.Contains(text, []byte("\n"+vkey+"\n")) {
		t.Errorf("the document does not show the key %s", vkey)
	}
	found := blocks.FindAllSubmatch(text, -1)
	if len(found) < 10 {
		t.Fatalf("%d requests with answers, want 10 and more", len(found))
	}
	updated := text
	for _, b := range found {
		request, want := b[1], b[2]
		got := send(t, url, string(request))
		if *update {
			pair := bytes.Replace(b[0], append([]byte("```answer\n"), want...), []byte("```answer\n"+got), 1)
			updated = bytes.Replace(updated, b[0], pair, 1)
		} else if got != string(want) {
			t.Errorf("request\n%s\nanswer\n%s\nwant\n%s", request, got, want)
		}
	}
	if *update {
		if err := os.WriteFile(document, updated, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// exampleLog runs the log of the example as the program does, and returns its address and vkey.
func exampleLog(t *testing.T) (url, vkey string) {
	t.Helper()
	dir := t.TempDir()
	seed := bytes.Repeat([]byte{1}, ed25519.SeedSize)
	skey, vkey, err := note.GenerateKey(bytes.NewReader(seed), "customs.example/log")
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, "log.key")
	if err := os.WriteFile(key, []byte(skey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Config{
		Config:   server.Config{Listen: "127.0.0.1:0", AddrFile: config.Path(filepath.Join(dir, "addr"))},
		Origin:   "customs.example/log",
		Dir:      config.Path(filepath.Join(dir, "log")),
		Key:      config.Path(key),
		Entries:  ingest.Declarations,
		Interval: config.Duration(5 * time.Millisecond),
		Submitters: []Submitter{
			{Name: "broker.example", TokenSHA256: sha256.Sum256([]byte("example-token"))},
		},
	}
	if err := createLog(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serveLog(ctx, c, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + awaitFile(t, string(c.AddrFile)), vkey
}

func awaitFile(t *testing.T, path string) string {
	t.Helper()
	for range 2000 {
		if b, err := os.ReadFile(path); err == nil {
			return strings.TrimSpace(string(b))
		}
		time.Sleep(5 * time.Millisecond) // a file tells nobody that it is there
	}
	t.Fatalf("no %s within 10 s", path)
	return ""
}

// send sends a request as the document writes it and returns the answer in the same way.
func send(t *testing.T, url, request string) string {
	t.Helper()
	head, body, _ := strings.Cut(request, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	method, path, _ := strings.Cut(lines[0], " ")
	r, err := http.NewRequest(method, url+path, strings.NewReader(unescape(t, body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return print(res, string(b))
}

func print(res *http.Response, body string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d\n", res.StatusCode)
	for _, name := range []string{"Allow", "Cache-Control", "Content-Length", "Content-Type", "WWW-Authenticate"} {
		if v := res.Header.Get(name); v != "" {
			fmt.Fprintf(&out, "%s: %s\n", name, v)
		}
	}
	if body != "" {
		fmt.Fprintf(&out, "\n%s\n", strings.TrimSuffix(body, "\n"))
	}
	return out.String()
}

var escape = regexp.MustCompile(`\\x[0-9a-f]{2}`)

// unescape turns \x and two digits into a byte. A body ends in LF if its block does, but for one
// without any, such as an index.
func unescape(t *testing.T, body string) string {
	return escape.ReplaceAllStringFunc(body, func(s string) string {
		n, err := strconv.ParseUint(s[2:], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		return string([]byte{byte(n)})
	})
}
