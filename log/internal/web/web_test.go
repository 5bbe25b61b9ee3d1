// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

func TestErrorIsOneUncachedLine(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Cache-Control", "immutable")
	w.Header().Set("Content-Length", "99")
	e := Later("%s", errors.Join(errors.New("first"), errors.New("second")))
	e.RetryAfter = 1100 * time.Millisecond
	e.Write(w)
	for name, want := range map[string]string{
		"Cache-Control":          "no-store",
		"Content-Length":         "",
		"Content-Type":           "text/plain; charset=utf-8",
		"Retry-After":            "2",
		"X-Content-Type-Options": "nosniff",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := w.Body.String(); got != "first; second\n" || w.Code != 503 {
		t.Errorf("answer %d %q", w.Code, got)
	}
}

func TestMethod(t *testing.T) {
	w := httptest.NewRecorder()
	err := Method(w, httptest.NewRequest("PUT", "/", nil), "GET", "HEAD")
	if Status(err) != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("PUT: %v, Allow %q", err, w.Header().Get("Allow"))
	}
	if err := Method(w, httptest.NewRequest("HEAD", "/", nil), "GET", "HEAD"); err != nil {
		t.Errorf("HEAD: %v", err)
	}
	if got := Status(errors.New("anything else")); got != http.StatusInternalServerError {
		t.Errorf("status %d of a plain error, want 500", got)
	}
}

func TestQueryAndWait(t *testing.T) {
	for query, want := range map[string]time.Duration{
		"":               0,
		"wait=10s":       10 * time.Second,
		"wait=1m":        time.Minute,
		"wait=500ms":     500 * time.Millisecond,
		"wait=61s":       -1,
		"wait=0s":        -1,
		"wait=-1s":       -1,
		"wait=":          -1,
		"wait=10":        -1,
		"wait=1s&wait=2": -1,
		"wiat=1s":        -1,
		"wait=1s&x":      -1,
		"%zz":            -1,
	} {
		r := &http.Request{URL: &url.URL{RawQuery: query}}
		values, err := Query(r, "wait")
		var got time.Duration
		if err == nil {
			got, err = Wait(values)
		}
		if err != nil {
			got = -1
			if Status(err) != 400 {
				t.Errorf("%q: status %d, want 400", query, Status(err))
			}
		}
		if got != want {
			t.Errorf("%q: %v (%v), want %v", query, got, err, want)
		}
	}
	if _, err := Query(&http.Request{URL: &url.URL{RawQuery: "x=1"}}); Status(err) != 400 {
		t.Errorf("a parameter where none is known: %v", err)
	}
}

func TestWaitersAreBounded(t *testing.T) {
	waiters := NewWaiters(1)
	ctx := context.Background()
	err := waiters.Wait(ctx, time.Minute, func(ctx context.Context) error {
		return waiters.Wait(ctx, time.Minute, func(context.Context) error {
			t.Error("two wait, and there is room for one")
			return nil
		})
	})
	if Status(err) != 503 {
		t.Errorf("second waiter: %v, want 503", err)
	}
	err = waiters.Wait(ctx, time.Nanosecond, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("wait ended with %v", err)
	}
}
