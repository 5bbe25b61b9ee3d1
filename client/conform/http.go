// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"cocket.example/client/conform/internal/wire"
)

const (
	maxRefusal    = 4 << 10 // bytes that are read of an answer other than 200
	maxCheckpoint = 128 << 10
	maxRefusals   = 1000 // that are remembered
)

// web sends requests to one prefix, with the path as it is written: nothing is cleaned, decoded or
// followed. It is used by one goroutine.
type web struct {
	base      string // the prefix, without a slash at the end
	transport http.RoundTripper
	timeout   time.Duration // of one attempt
	requests  int
	refusals  []answer // all that were not 200, without their bodies
}

func newWeb(c Config) (*web, error) {
	base, err := wire.Prefix(c.URL)
	if err != nil {
		return nil, fmt.Errorf("URL of the log: %w", err)
	}
	return &web{base: base, transport: c.Transport, timeout: c.Timeout}, nil
}

// request is what is asked.
type request struct {
	method string // "" is GET
	path   string // below the prefix, with its slash, as it goes onto the wire
	accept string // encodings; "" is identity
	guard  bool   // with a condition that no resource meets, so that it can change nothing
	limit  int    // bytes of a good answer
}

func (r request) String() string {
	if r.method == "" {
		return "GET " + r.path
	}
	return r.method + " " + r.path
}

// answer is what came back, or why nothing did.
type answer struct {
	request
	host   string // that answered
	status int
	header http.Header
	body   []byte
	err    error
}

// send sends a request. What is not answered at all, or put off with 429 or 503, is sent again.
func (w *web) send(ctx context.Context, r request) answer {
	for attempt := 1; ; attempt++ {
		a := w.once(ctx, r)
		w.remember(a)
		later := a.status == 0 && a.err != nil || wire.Later(a.status)
		if !later || attempt == wire.Attempts || wire.Sleep(ctx, wire.Pause(a.header, attempt)) != nil {
			return a
		}
	}
}

func (w *web) once(ctx context.Context, r request) answer {
	a := answer{request: r}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, w.base+r.path, nil)
	if err != nil {
		a.err = err
		return a
	}
	req.Header.Set("User-Agent", "cocket-conform")
	req.Header.Set("Accept-Encoding", "identity")
	if r.accept != "" {
		req.Header.Set("Accept-Encoding", r.accept)
	}
	if r.guard {
		req.Header.Set("If-Match", `"no such version"`)
	}
	w.requests++
	resp, err := w.transport.RoundTrip(req) // follows no redirect
	if err != nil {
		a.err = err
		return a
	}
	defer resp.Body.Close()
	a.host, a.status, a.header = req.URL.Host, resp.StatusCode, resp.Header
	a.read(resp.Body)
	return a
}

// read reads the body within its bound; of a refusal only the beginning. Behind a status below 200
// stands a connection that speaks another protocol, to which no deadline applies.
func (a *answer) read(body io.Reader) {
	if a.status < http.StatusOK {
		return
	}
	if a.status != http.StatusOK {
		a.body, a.err = io.ReadAll(io.LimitReader(body, maxRefusal))
		return
	}
	a.body, a.err = io.ReadAll(io.LimitReader(body, int64(a.limit)+1))
	if a.err == nil && len(a.body) > a.limit {
		a.err = fmt.Errorf("more than %d bytes, which it can never have", a.limit)
	}
}

// remember keeps the headers of a refusal.
func (w *web) remember(a answer) {
	if a.err != nil || a.status == http.StatusOK || len(w.refusals) == maxRefusals {
		return
	}
	a.body = nil
	w.refusals = append(w.refusals, a)
}

// good reports whether the resource is there.
func (a answer) good() bool { return a.err == nil && a.status == http.StatusOK }

// missing reports whether the log says that there is no such resource.
func (a answer) missing() bool {
	return a.err == nil && (a.status == http.StatusNotFound || a.status == http.StatusGone)
}

// what says what was answered instead of what was wanted.
func (a answer) what() string {
	if a.err != nil {
		return fmt.Sprintf("gave no answer: %.200v", a.err)
	}
	return wire.Status(a.status, a.header, a.host)
}

// coding is the content coding, "" for none.
func (a answer) coding() string {
	if c := strings.ToLower(a.header.Get("Content-Encoding")); c != "identity" {
		return c
	}
	return ""
}

// plain is the body without its coding, within the same bound.
func (a answer) plain() ([]byte, error) {
	switch a.coding() {
	case "":
		return a.body, nil
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(a.body))
		if err != nil {
			return nil, fmt.Errorf("labelled gzip, which it is not: %w", err)
		}
		b, err := io.ReadAll(io.LimitReader(z, int64(a.limit)+1))
		if err == nil && len(b) > a.limit {
			err = fmt.Errorf("more than %d bytes, which it can never have", a.limit)
		}
		return b, err
	}
	return nil, fmt.Errorf("coded as %.20q, which cannot be read here", a.coding())
}
