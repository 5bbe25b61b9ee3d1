// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestMonitor is W19 (TW-24 … TW-26).
func TestMonitor(t *testing.T) {
	r := newRig(t)
	path := monitorPath(r.log.origin)
	answer := r.get(path)
	if answer.Code != 404 || answer.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("before: %d, %q", answer.Code, answer.Header())
	}
	head := r.log.head(trunk, 5)
	body := string(head.Body()) + "\n" + line(t, r.log, head)
	extra := line(t, newTestLog(t, "log.example/stranger"), head) // not verified, so not shown
	lines := r.want(200, []byte("old 0\n\n"+body+extra))
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		answer = r.do(httptest.NewRequest(method, path, nil))
		if answer.Code != 200 || answer.Header().Get("Content-Type") != "text/plain; charset=utf-8" ||
			answer.Header().Get("Cache-Control") != "public, max-age=5" {
			t.Errorf("%s: %d, %q", method, answer.Code, answer.Header())
		}
	}
	if got := r.get(path).Body.String(); got != body+lines {
		t.Errorf("shown:\n%s, want\n%s", got, body+lines)
	}
}

// TestPaths is W21 and the other half of W19: one spelling of each path.
func TestPaths(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	path := monitorPath(r.log.origin)
	letter := strings.IndexAny(path[1:], "abcdef") + 1
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/add-checkpoint", 405},
		{http.MethodPut, "/add-checkpoint", 405},
		{http.MethodDelete, "/add-checkpoint", 405},
		{http.MethodPost, "/add-checkpoint/", 404},
		{http.MethodPost, "/Add-Checkpoint", 404},
		{http.MethodPost, path, 405},
		{http.MethodGet, path + "/", 404},
		{http.MethodGet, strings.ToUpper(path[:letter+1]) + path[letter+1:], 404},
		{http.MethodGet, path[:letter] + "%6" + string(path[letter]-'a'+'1') + path[letter+1:], 404},
		{http.MethodGet, monitorPath("log.example/b"), 404},
		{http.MethodGet, "/log.example%2Fa/checkpoint", 404},
		{http.MethodGet, strings.TrimSuffix(path, "/checkpoint"), 404},
		{http.MethodGet, "/", 404},
	} {
		answer := r.do(httptest.NewRequest(c.method, c.path, strings.NewReader("")))
		if answer.Code != c.status {
			t.Errorf("%s %s: status %d, want %d", c.method, c.path, answer.Code, c.status)
		}
		if c.status == 405 && answer.Header().Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", c.method, c.path)
		}
	}
}
