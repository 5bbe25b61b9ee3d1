// SPDX-License-Identifier: Apache-2.0

// Package client is the trader's side of a log: submit entries, fetch receipts, tiles and
// checkpoints, and verify what was received.
//
// Nothing that a log answers is believed before Verifier has checked it, and nothing is read
// without a bound. docs/http.md describes the requests.
package client

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/klauspost/compress/zstd"

	"cocket.example/internal/fetch"
)

// Config of a Client. The zero value of every optional field means its default.
type Config struct {
	URL       string            // prefix of the log, as https://log.example/2027
	Token     string            // bearer token of a submitter; "" reads only
	Transport http.RoundTripper // nil: one of its own, over HTTP/1.1 or HTTP/2
	Attempts  int               // how often a request is sent at most; default 8
	Timeout   time.Duration     // of one attempt, beside the wait it asks for; default 30 s
	Logger    *slog.Logger      // nil discards. It is never given an entry or the token
}

// Client talks to one log. It is safe for concurrent use.
type Client struct {
	http     *fetch.Client
	compress *zstd.Encoder // nil where it does not pay
}

// New checks the configuration. It starts nothing and sends nothing.
func New(c Config) (*Client, error) {
	http, err := fetch.New(fetch.Config(c))
	if err != nil {
		return nil, err
	}
	client := &Client{http: http}
	if !http.Local() {
		client.compress, err = zstd.NewWriter(nil,
			zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	}
	return client, err
}
