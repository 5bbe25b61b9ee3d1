// SPDX-License-Identifier: Apache-2.0

// Package wire is how conformance suites send requests: where to, how often, and how an answer that
// nobody wanted is told.
package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Attempts is how often one request is sent that is not answered, or put off.
const Attempts = 4

const (
	firstPause = 200 * time.Millisecond // before the second attempt; it doubles
	maxPause   = 10 * time.Second       // also where Retry-After says more
)

// Prefix checks a URL that paths are to be put behind, and returns it without a slash at the end.
func Prefix(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", errors.Unwrap(err)
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return "", fmt.Errorf("is %.80q, want https://HOST or http://HOST", s)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("holds a user, query or fragment, want the prefix alone")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// Transport is the standard one that decompresses nothing by itself, for so many requests at once.
func Transport(parallel int) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression = true
	t.MaxResponseHeaderBytes = 64 << 10
	t.MaxIdleConnsPerHost = parallel
	return t
}

// Later reports whether a server puts a request off with this status.
func Later(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// Pause is how long to wait after an attempt, counted from 1: what the header says, within a bound.
func Pause(h http.Header, attempt int) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 16)
	if err != nil {
		return firstPause << (attempt - 1)
	}
	return min(time.Duration(seconds)*time.Second, maxPause)
}

// Sleep waits, but not beyond the end of the context, whose error it returns.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Status tells a status. Of a redirect, none of which is followed, it names the host if that is another.
func Status(status int, h http.Header, host string) string {
	if status < 300 || status >= 400 {
		return fmt.Sprintf("answered %d", status)
	}
	to, err := url.Parse(h.Get("Location"))
	if err != nil || to.Host == "" || to.Host == host {
		return fmt.Sprintf("redirected with %d", status)
	}
	return fmt.Sprintf("redirected with %d to another host, %.80q", status, to.Host)
}
