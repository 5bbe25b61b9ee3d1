// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// MaxWait is the longest time that a request may ask to wait.
const MaxWait = 60 * time.Second

// Query parses the query of a request strictly: every parameter must be among the known ones and
// stand there once, so that a misspelt one is never taken for its default.
func Query(r *http.Request, known ...string) (url.Values, error) {
	if r.URL.RawQuery == "" {
		return nil, nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, Errorf(http.StatusBadRequest, "the query is not of the form name=value&…")
	}
	left := len(query)
	for _, name := range known {
		if query.Has(name) {
			left--
		}
		if len(query[name]) > 1 {
			return nil, Errorf(http.StatusBadRequest, "parameter %s stands twice, want it once", name)
		}
	}
	if left == 0 {
		return query, nil
	}
	if len(known) == 0 {
		return nil, Errorf(http.StatusBadRequest, "this resource takes no parameter")
	}
	return nil, Errorf(http.StatusBadRequest, "unknown parameter, want only %s",
		strings.Join(known, ", "))
}

// Wait is how long the parameter wait asks to wait: a duration such as 500ms, 10s or 1m, more than
// zero and at most MaxWait. It is 0 if there is no such parameter.
func Wait(query url.Values) (time.Duration, error) {
	if !query.Has("wait") {
		return 0, nil
	}
	d, err := time.ParseDuration(query.Get("wait"))
	if err != nil || d <= 0 || d > MaxWait {
		return 0, Errorf(http.StatusBadRequest, "wait is not a duration from 1ms to 60s, such as 10s")
	}
	return d, nil
}
