// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cocket.example/internal/strict"
)

// ErrUnreachable means that no whole answer was had from the log, so that nothing can be said of it.
var ErrUnreachable = errors.New("the log could not be reached")

// Error is a refusal by the log.
type Error struct {
	Request    string        // method and path
	Status     int           // HTTP status
	Text       string        // the line the log said, printable and bounded; "" if it said none
	RetryAfter time.Duration // 0: not said
}

// Error says what was asked, what the log said, and what to do next.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: the log answered %d", e.Request, e.Status)
	if e.Text != "" {
		text += ": " + e.Text
	}
	if hint := hints[e.Status]; hint != "" {
		text += " (" + hint + ")"
	}
	return text
}

// Is lets errors.Is find a missing resource as fs.ErrNotExist.
func (e *Error) Is(target error) bool {
	return target == fs.ErrNotExist && e.Status == http.StatusNotFound
}

// hints say what to do next, by status.
var hints = map[int]string{
	http.StatusMovedPermanently:   "redirects are not followed: give the log's own URL",
	http.StatusFound:              "redirects are not followed: give the log's own URL",
	http.StatusSeeOther:           "redirects are not followed: give the log's own URL",
	http.StatusTemporaryRedirect:  "redirects are not followed: give the log's own URL",
	http.StatusPermanentRedirect:  "redirects are not followed: give the log's own URL",
	http.StatusUnauthorized:       "check the token, or ask the log's operator for one",
	http.StatusForbidden:          "the token must belong to the submitter that the entry names",
	http.StatusTooManyRequests:    "send it again later, which is safe",
	http.StatusBadGateway:         "send it again, which is safe",
	http.StatusServiceUnavailable: "send it again, which is safe",
	http.StatusGatewayTimeout:     "send it again, which is safe",
}

// maxErrorText bounds what is shown of a refusal, in bytes.
const maxErrorText = 400

// OneLine makes the first line of an answer fit to be shown on a terminal: what does not print is
// replaced, so that a log cannot move the cursor or colour the screen.
func OneLine(body []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	line = strict.Printable(line, "")
	if len(line) > maxErrorText {
		line = strings.ToValidUTF8(line[:maxErrorText], "") + "…"
	}
	return line
}

// retryAfter parses the header's seconds; the date form is not used by logs (docs/http.md). No log
// makes a client wait for longer than maxRetryAfter, whatever it says.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strict.Decimal(h.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
}

// brokenError is a connection that could not be made or broke before the answer was whole.
type brokenError struct {
	request Request
	err     error
}

// Error shows what net/http says, which may repeat what the server sent, as a refusal is shown.
func (e *brokenError) Error() string {
	says := OneLine([]byte(e.err.Error()))
	if errors.Is(e.err, context.DeadlineExceeded) {
		says = "no whole answer in time"
	}
	return fmt.Sprintf("%s: %s (is the log running, and is this its URL?)", e.request, says)
}

func (e *brokenError) Unwrap() error { return e.err }

// Is lets errors.Is find a broken connection as ErrUnreachable.
func (e *brokenError) Is(target error) bool { return target == ErrUnreachable }

// unwrapURL takes off the method and URL that our own errors name already.
func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
