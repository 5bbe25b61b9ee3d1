// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// roundTripper answers requests in the process, so that time can be fake.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer is an HTTP answer with header lines as "Name: value".
func answer(status int, body string, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		resp.Header.Set(name, value)
	}
	return resp
}

// fake returns a client of a remote log that answers with f.
func fake(t *testing.T, f roundTripper) *Client {
	t.Helper()
	c, err := New(Config{URL: "https://log.example/2027", Token: "token", Transport: f})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNewRefuses(t *testing.T) {
	for _, test := range []struct {
		config Config
		want   string // in the error; "" for none
	}{
		{Config{URL: "https://log.example", Token: "t"}, ""},
		{Config{URL: "http://log.example"}, ""},
		{Config{URL: "http://127.0.0.1:8080", Token: "t"}, ""},
		{Config{URL: "http://[::1]:8080", Token: "t"}, ""},
		{Config{URL: "http://localhost:8080", Token: "t"}, ""},
		{Config{URL: "http://log.example", Token: "t"}, "clear text"},
		{Config{URL: "http://127.0.0.1.log.example", Token: "t"}, "clear text"},
		{Config{URL: "http://10.0.0.1", Token: "t"}, "clear text"},
		{Config{URL: "https://log.example", Token: "a b"}, "token holds"},
		{Config{URL: "https://log.example", Token: "a\r\nX-Evil: 1"}, "token holds"},
		{Config{URL: "log.example"}, "want https://HOST"},
		{Config{URL: "ftp://log.example"}, "want https://HOST"},
		{Config{URL: "https://"}, "want https://HOST"},
		{Config{URL: "https://user@log.example"}, "prefix alone"},
		{Config{URL: "https://log.example/?q"}, "prefix alone"},
		{Config{URL: ":"}, "URL of the log"},
		{Config{}, "want https://HOST"},
	} {
		_, err := New(test.config)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("New(%q): %v, want %q", test.config.URL, err, test.want)
		}
	}
}

func TestRetries(t *testing.T) {
	for _, test := range []struct {
		name     string
		answers  []any // *http.Response or error, the last one again and again
		attempts int
		least    time.Duration // that passes
		want     string        // in the error; "" for none
	}{
		{"at once", []any{answer(200, "7")}, 1, 0, ""},
		{"pushback", []any{answer(503, "later", "Retry-After: 3"), answer(200, "7")}, 2, 3 * time.Second, ""},
		{"quota", []any{answer(429, "quota", "Retry-After: 1"), answer(200, "7")}, 2, time.Second, ""},
		{"broken", []any{errors.New("connection reset"), answer(200, "7")}, 2, 0, ""},
		{"absurd", []any{answer(503, "", "Retry-After: 999999999"), answer(200, "7")}, 2, time.Minute, ""},
		{"no number", []any{answer(503, "", "Retry-After: Tue, 24 Nov 2026"), answer(200, "7")}, 2, 0, ""},
		{"refused", []any{answer(403, "not yours")}, 1, 0, "403: not yours (the token must belong"},
		{"malformed", []any{answer(400, "line 3: want profile")}, 1, 0, "400: line 3: want profile"},
		{"for ever", []any{errors.New("no route")}, 8, time.Second, "gave up after 8 attempts: POST /add: no route"},
		{"moved", []any{answer(302, "", "Location: https://evil.example/")}, 1, 0, "redirects are not followed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				c := fake(t, func(r *http.Request) (*http.Response, error) {
					body, err := io.ReadAll(r.Body)
					if err != nil || string(body) != "entry" || r.Header.Get("Authorization") != "Bearer token" {
						t.Errorf("body %q, header %v", body, r.Header)
					}
					a := test.answers[min(attempts, len(test.answers)-1)]
					attempts++
					if err, ok := a.(error); ok {
						return nil, err
					}
					return a.(*http.Response), nil
				})
				start := time.Now()
				index, err := c.Submit(t.Context(), []byte("entry"))
				if attempts != test.attempts {
					t.Errorf("%d attempts, want %d", attempts, test.attempts)
				}
				if d := time.Since(start); d < test.least || d > 2*time.Minute {
					t.Errorf("took %v, want at least %v", d, test.least)
				}
				if test.want == "" && (err != nil || index != 7) {
					t.Errorf("index %d, %v", index, err)
				}
				if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("error %v, want %q", err, test.want)
				}
			})
		})
	}
}

// A wait ends with its context, and says what it waited for.
func TestRetryEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := contextWithTimeout(t, 2*time.Second)
		defer cancel()
		c := fake(t, func(*http.Request) (*http.Response, error) {
			return answer(503, "stopping", "Retry-After: 30"), nil
		})
		start := time.Now()
		_, err := c.Submit(ctx, nil)
		if !errors.Is(err, ctx.Err()) || !strings.Contains(err.Error(), "stopping") {
			t.Errorf("error %v", err)
		}
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("ended after %v", d)
		}
	})
}

// An attempt that hangs is given up and tried again.
func TestAttemptTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		c := fake(t, func(r *http.Request) (*http.Response, error) {
			if attempts++; attempts > 1 {
				return answer(200, "1"), nil
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		if _, err := c.Submit(t.Context(), nil); err != nil || attempts != 2 {
			t.Errorf("%d attempts, %v", attempts, err)
		}
	})
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("9"), len(p))), nil }

func TestBounds(t *testing.T) {
	c := fake(t, func(r *http.Request) (*http.Response, error) {
		resp := answer(200, "")
		resp.Body = io.NopCloser(endless{})
		return resp, nil
	})
	_, submit := c.Submit(t.Context(), nil)
	_, batch := c.SubmitBatch(t.Context(), [][]byte{{1}})
	_, checkpoint := c.Checkpoint(t.Context())
	_, proof := c.Receipt(t.Context(), 1, 0)
	_, batchProof := c.BatchReceipt(t.Context(), 1, 2, 0)
	_, tile := c.ReadTile(t.Context(), 0, 0, 256)
	_, bundle := c.ReadBundle(t.Context(), 0, 256)
	_, _, lookup := c.Lookup(t.Context(), [32]byte{})
	_, refers := c.Refers(t.Context(), [32]byte{})
	_, metadata := c.Metadata(t.Context())
	for i, err := range []error{submit, batch, checkpoint, proof, batchProof, tile, bundle, lookup, refers, metadata} {
		if err == nil || !strings.Contains(err.Error(), "longer than") {
			t.Errorf("request %d: %v", i, err)
		}
	}
}

func TestRefusalIsPrintable(t *testing.T) {
	evil := "\x1b[2Jcleared\r\u202e" + strings.Repeat("é", 5000)
	c := fake(t, func(*http.Request) (*http.Response, error) {
		resp := answer(400, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(evil), endless{}))
		return resp, nil
	})
	_, err := c.Checkpoint(t.Context())
	if err == nil || len(err.Error()) > 500 || strings.ContainsAny(err.Error(), "\x1b\r\n\u202e") {
		t.Errorf("error %q", err)
	}
}

func TestUnaskedEncodingIsRefused(t *testing.T) {
	c := fake(t, func(r *http.Request) (*http.Response, error) {
		if e := r.Header.Get("Accept-Encoding"); e != "identity" {
			t.Errorf("asked for %q", e)
		}
		return answer(200, "x", "Content-Encoding: gzip"), nil
	})
	if _, err := c.Checkpoint(t.Context()); err == nil || !strings.Contains(err.Error(), "not asked for") {
		t.Errorf("error %v", err)
	}
}

// Over a real connection: the prefix of the URL is kept, nothing is followed.
func TestOverHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/log/checkpoint":
			fmt.Fprint(w, "checkpoint")
		default:
			http.Redirect(w, r, "/log/checkpoint", http.StatusFound)
		}
	}))
	defer server.Close()
	c, err := New(Config{URL: server.URL + "/log/"})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := c.Checkpoint(t.Context()); err != nil || string(b) != "checkpoint" {
		t.Errorf("%q, %v", b, err)
	}
	var refusal *Error
	if _, err := c.Receipt(t.Context(), 0, 0); !errors.As(err, &refusal) || refusal.Status != 302 {
		t.Errorf("error %v", err)
	}
	if errors.Is(refusal, fs.ErrNotExist) {
		t.Error("a redirect is no missing resource")
	}
}
