// SPDX-License-Identifier: Apache-2.0

// Package fetch reads from a server that is not trusted: within a deadline, within a limit on memory,
// from no other host than the one that was asked, and with the reason of a refusal in characters that
// print. Client and witness share it.
package fetch

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"cocket.example/internal/tile"
)

// Config of a Client. The zero value of every optional field means its default.
type Config struct {
	URL       string            // prefix of the log, as https://log.example/2027
	Token     string            // bearer token of a submitter; "" reads only
	Transport http.RoundTripper // nil: one of its own, over HTTP/1.1 or HTTP/2
	Attempts  int               // how often a request is sent at most; default 8
	Timeout   time.Duration     // of one attempt, beside the wait it asks for; default 30 s
	Logger    *slog.Logger      // nil discards. It is never given a body or the token
}

func (c Config) withDefaults() Config {
	if c.Transport == nil {
		c.Transport = newTransport()
	}
	if c.Attempts == 0 {
		c.Attempts = 8
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// newTransport is the standard one with its limits drawn tighter. Bodies are never decompressed
// behind our back, because the bounds on them count what arrives.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression = true
	t.MaxResponseHeaderBytes = 16 << 10
	t.MaxIdleConnsPerHost = 64
	return t
}

// Client sends requests to one server. It is safe for concurrent use.
type Client struct {
	config Config
	base   *url.URL
	http   *http.Client
}

var _ tile.Reader = (*Client)(nil)

// New checks the configuration. It starts nothing and sends nothing.
func New(c Config) (*Client, error) {
	c = c.withDefaults()
	base, err := parseURL(c.URL)
	if err != nil {
		return nil, err
	}
	if err := checkToken(c.Token); err != nil {
		return nil, err
	}
	client := &Client{config: c, base: base, http: &http.Client{
		Transport: c.Transport,
		// A redirect would carry entries and the token to where nobody meant them to go.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if c.Token != "" && base.Scheme != "https" && !client.Local() {
		return nil, fmt.Errorf("a token is never sent over clear text to %s: want an https URL", base.Host)
	}
	return client, nil
}

// Local reports whether the server is this machine itself, over which nobody listens in.
func (c *Client) Local() bool { return isLoopback(c.base.Hostname()) }

// CloseIdle closes the connections that nobody uses, so that the next request takes a fresh one.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("URL of the log: %w", errors.Unwrap(err))
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return nil, fmt.Errorf("URL of the log is %.80q, want https://HOST or http://HOST", s)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("URL of the log holds a user, query or fragment, want the prefix alone")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// checkToken refuses what cannot stand in a header, without repeating it (RFC 6750 section 2.1).
func checkToken(token string) error {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("token holds white space or other characters that no token has")
	}
	return nil
}

// isLoopback reports whether a host is this machine itself, over which nobody listens in.
func isLoopback(host string) bool {
	if host == "localhost" { // RFC 6761 section 6.3
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && net.IP(addr.AsSlice()).IsLoopback()
}
