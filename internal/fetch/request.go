// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// Pauses between attempts. A pause is drawn at random below a limit that doubles each time, so
// that many clients do not come back together; a Retry-After is waited for in any case.
const (
	firstPause = 200 * time.Millisecond
	maxPause   = 10 * time.Second
	// maxRetryAfter is the longest that a log may make a client wait before its next attempt.
	maxRetryAfter = time.Minute
)

// Request is one request, ready to be sent several times.
type Request struct {
	Method   string
	Path     string // below the prefix, with its slash
	Query    url.Values
	Encoding string // of Body
	Body     []byte
	Wait     time.Duration // that the query asks the log to wait
	Limit    int64         // bytes of a good answer
	Room     []byte        // that a good answer may be read into, where it is large enough
}

// String names a request in errors.
func (r Request) String() string { return r.Method + " " + r.Path }

// Send sends a request until it is answered for good: 429, 502, 503, 504 and a broken connection
// are tried again, which is safe for reading and, because appending is idempotent, for appending.
func (c *Client) Send(ctx context.Context, r Request) ([]byte, error) {
	for attempt := 1; ; attempt++ {
		body, err := c.attempt(ctx, r)
		if err == nil || !temporary(err) || ctx.Err() != nil {
			return body, err
		}
		if attempt >= c.config.Attempts {
			return nil, fmt.Errorf("gave up after %d attempts: %w", attempt, err)
		}
		c.config.Logger.Debug("attempt", "request", r.String(), "attempt", attempt, "err", err)
		if Sleep(ctx, Pause(attempt, err)) != nil {
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

// attempt sends a request once.
func (c *Client) attempt(ctx context.Context, r Request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout+r.Wait)
	defer cancel()
	u := c.base.JoinPath(r.Path)
	u.RawQuery = r.Query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r, err)
	}
	c.setHeader(req, r)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, &brokenError{r, unwrapURL(err)}
	}
	defer resp.Body.Close()
	return r.read(resp)
}

func (c *Client) setHeader(req *http.Request, r Request) {
	// Said aloud, it also keeps a foreign transport from decompressing without a limit.
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", "cocket")
	if r.Method == http.MethodPost {
		req.Header.Set("Content-Type", "application/octet-stream")
		if c.config.Token != "" {
			req.Header.Set("Authorization", "Bearer "+c.config.Token)
		}
	}
	if r.Encoding != "" {
		req.Header.Set("Content-Encoding", r.Encoding)
	}
}

// read reads an answer: a good one whole or not at all, of a refusal no more than is shown.
func (r Request) read(resp *http.Response) ([]byte, error) {
	if resp.StatusCode != http.StatusOK {
		return nil, r.refused(resp)
	}
	if encoded(resp) {
		return nil, fmt.Errorf("%s: the answer is encoded as %.20q, which was not asked for",
			r, resp.Header.Get("Content-Encoding"))
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "text/html" {
		return nil, fmt.Errorf("%s: the answer is a web page (is this the log's own URL?)", r)
	}
	body, err := r.readBounded(resp.Body, max(resp.ContentLength, 0))
	if errors.Is(err, ErrTooLong) {
		return nil, fmt.Errorf("%s: %w than %d bytes, which no log needs", r, err, r.Limit)
	}
	if err != nil {
		return nil, &brokenError{r, err}
	}
	return body, nil
}

// ErrTooLong means that an answer is longer than the limit of its request.
var ErrTooLong = errors.New("the answer is longer")

// readBounded reads to the end, of which the sender has said that it comes after announced bytes, or
// after 0 if he has not. He is believed for a small buffer; it grows by what has really arrived, and
// in such steps that an answer of limit bytes never stands in memory twice.
func (r Request) readBounded(from io.Reader, announced int64) ([]byte, error) {
	const small, growth = 16 << 10, 32
	limit := r.Limit
	if announced > limit {
		return nil, ErrTooLong
	}
	body := r.Room[:0]
	if first := 1 + min(max(announced, small), limit, 8*small); int64(cap(body)) < first {
		body = make([]byte, 0, first)
	}
	for {
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > limit:
			return nil, ErrTooLong
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, err
		case len(body) == cap(body):
			larger := min(growth*int64(cap(body)), limit+1)
			body = append(make([]byte, 0, larger), body...)
		}
	}
}

// refused makes an error of a refusal. A body that is encoded says nothing here; behind a status
// below 200 stands a connection that speaks another protocol, to which no deadline applies.
func (r Request) refused(resp *http.Response) error {
	refusal := &Error{Request: r.String(), Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
	if resp.StatusCode >= http.StatusOK && !encoded(resp) {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4*maxErrorText))
		refusal.Text = OneLine(text)
	}
	return refusal
}

func encoded(resp *http.Response) bool {
	e := resp.Header.Get("Content-Encoding")
	return e != "" && e != "identity"
}

// temporary reports whether sending again may help.
func temporary(err error) bool {
	var broken *brokenError
	var refusal *Error
	switch {
	case errors.As(err, &broken):
		return true
	case errors.As(err, &refusal):
		return refusal.Status == http.StatusTooManyRequests || refusal.Status == http.StatusServiceUnavailable ||
			refusal.Status == http.StatusBadGateway || refusal.Status == http.StatusGatewayTimeout
	}
	return false
}

// Pause is how long to wait after the given attempt failed.
func Pause(attempt int, err error) time.Duration {
	limit := min(firstPause<<min(attempt-1, 16), maxPause)
	d := limit/2 + rand.N(limit/2)
	var refusal *Error
	if errors.As(err, &refusal) {
		d += refusal.RetryAfter
	}
	return d
}

// Sleep waits, or returns the error of ctx when that ends before.
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
