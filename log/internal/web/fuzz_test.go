// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/url"
	"testing"
)

// FuzzQuery: a query is refused with 400, or each known parameter stands there at most once and no
// other does; and whoever waits does so for more than nothing and no longer than he may.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{"wait=10s", "wait=10s&wait=1s", "wait=-1s", "at=latest&wait=1m", "x", "%zz", "wait=1e9h"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		r := &http.Request{URL: &url.URL{RawQuery: raw}}
		query, err := Query(r, "wait", "at")
		if err != nil {
			refused(t, err)
			return
		}
		for name, values := range query {
			if name != "wait" && name != "at" || len(values) != 1 {
				t.Fatalf("%q: parameter %q stands there %d times", raw, name, len(values))
			}
		}
		wait, err := Wait(query)
		if err != nil {
			refused(t, err)
		} else if wait < 0 || wait > MaxWait || query.Has("wait") != (wait > 0) {
			t.Fatalf("%q waits for %v", raw, wait)
		}
	})
}

func refused(t *testing.T, err error) {
	t.Helper()
	if e, ok := err.(*Error); !ok || e.Status != http.StatusBadRequest {
		t.Fatalf("error %v, want a refusal with 400", err)
	}
}
