// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"cocket.example/client/conform/internal/wire"
)

// maxAnswer bounds what is read of an answer: 16 lines of ML-DSA-44 take 53 kB.
const maxAnswer = 128 << 10

// web sends requests with the bytes that they are made of. Several goroutines may use it.
type web struct {
	submit, monitor string // the prefixes, without a slash at the end
	transport       http.RoundTripper
	timeout         time.Duration // of one attempt
	requests        atomic.Int64
}

func newWeb(c Config) (*web, error) {
	w := &web{transport: c.Transport, timeout: c.Timeout}
	var err error
	if w.submit, err = wire.Prefix(c.URL); err != nil {
		return nil, fmt.Errorf("URL of the witness: %w", err)
	}
	if w.monitor, err = wire.Prefix(c.Monitor); err != nil {
		return nil, fmt.Errorf("URL for monitors: %w", err)
	}
	return w, nil
}

// request is what is asked.
type request struct {
	method, prefix, path string
	body                 string
	stream               io.Reader     // instead of the body; sent once
	wait                 time.Duration // for its answer; 0 as for all
}

// String names the request, without its body.
func (r request) String() string { return r.method + " " + r.path }

// answer is what came back, or why nothing did.
type answer struct {
	request
	status int
	header http.Header
	body   []byte
	err    error
}

// post makes a request of a body for the witness.
func (w *web) post(path, body string) request {
	return request{method: http.MethodPost, prefix: w.submit, path: path, body: body}
}

// send sends a request. What is not answered at all, or put off with 429 or 503, is sent again.
func (w *web) send(ctx context.Context, r request) answer {
	for attempt := 1; ; attempt++ {
		a := w.once(ctx, r)
		later := a.status == 0 || wire.Later(a.status)
		if !later || attempt == wire.Attempts || wire.Sleep(ctx, wire.Pause(a.header, attempt)) != nil {
			return a
		}
	}
}

func (w *web) once(ctx context.Context, r request) answer {
	a := answer{request: r}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.wait, w.timeout))
	defer cancel()
	var body io.Reader = strings.NewReader(r.body)
	if r.stream != nil {
		body = r.stream
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.prefix+r.path, body)
	if err != nil {
		a.err = err
		return a
	}
	req.Header.Set("User-Agent", "cocket-conform")
	w.requests.Add(1)
	resp, err := w.transport.RoundTrip(req) // follows no redirect
	if err != nil {
		a.err = err
		return a
	}
	defer resp.Body.Close()
	a.status, a.header = resp.StatusCode, resp.Header
	if a.status >= http.StatusOK {
		a.body, a.err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	}
	if a.err == nil && len(a.body) > maxAnswer {
		a.err = errors.New("an answer of more than 128 KiB")
	}
	return a
}

// what says what was answered.
func (a answer) what() string {
	if a.err != nil {
		return fmt.Sprintf("gave no answer: %.200v", a.err)
	}
	return wire.Status(a.status, a.header, "")
}

func (a answer) is(status ...int) bool {
	for _, s := range status {
		if a.err == nil && a.status == s {
			return true
		}
	}
	return false
}
