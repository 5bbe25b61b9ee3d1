// SPDX-License-Identifier: Apache-2.0

// Package web holds what the write path and the read path of a log say over HTTP in the same way:
// how a refusal looks, how long a request may wait, how many may wait at once.
package web

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is a refusal: a status, and one line that says what was wrong and what would be right. It
// never repeats a body or a value of one.
type Error struct {
	Status     int
	Text       string
	RetryAfter time.Duration // 0: none; rounded up to whole seconds
}

// Error returns the line.
func (e *Error) Error() string { return e.Text }

// Errorf makes a refusal.
func Errorf(status int, format string, args ...any) *Error {
	return &Error{Status: status, Text: fmt.Sprintf(format, args...)}
}

// Later makes a 503 that may be tried again after a second.
func Later(format string, args ...any) *Error {
	e := Errorf(http.StatusServiceUnavailable, format, args...)
	e.RetryAfter = time.Second
	return e
}

// Write answers with the refusal, as one line of text/plain that no cache keeps (L11). What the
// handler meant to say of a good answer is taken back.
func (e *Error) Write(w http.ResponseWriter) {
	h := w.Header()
	for _, name := range []string{"Content-Encoding", "Content-Length", "Etag", "Last-Modified"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	if e.RetryAfter > 0 {
		seconds := int(math.Ceil(e.RetryAfter.Seconds()))
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
	Send(w, e.Status, []byte(oneLine(e.Text)+"\n"))
}

// oneLine joins the lines of joined errors.
func oneLine(s string) string {
	return strings.ReplaceAll(strings.TrimSpace(s), "\n", "; ")
}

// Method refuses a method that is not among those allowed, and names them (RFC 9110, 15.5.6).
func Method(w http.ResponseWriter, r *http.Request, allowed ...string) error {
	for _, m := range allowed {
		if r.Method == m {
			return nil
		}
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	return Errorf(http.StatusMethodNotAllowed, "this resource takes %s only", list)
}

// Status returns the status of the refusal that err wraps, or 500.
func Status(err error) int {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal.Status
	}
	return http.StatusInternalServerError
}
