// SPDX-License-Identifier: Apache-2.0

// Package bastion lets a server be reached without an open port (c2sp.org/https-bastion, the
// backend's part, HB-1 … HB-9): it dials a bastion, which forwards requests over that connection.
//
//	client ── https://HOST/KEY HASH/path ──▶ bastion ◀── TLS 1.3, ALPN bastion/0 ── server
//	                                            └─ HTTP/2, the server answers ─────────▶
//
// The bastion is trusted with reachability, and with the addresses of clients. Whatever it forwards or
// makes up is judged like any other request.
package bastion

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"time"
)

const (
	protocol    = "bastion/0" // ALPN
	dialTimeout = 15 * time.Second
	// After a failure or a lost connection the next attempt waits a random time below a bound that
	// doubles from minWait to maxWait. A connection that lasted longer than maxWait starts it anew.
	minWait = time.Second
	maxWait = time.Minute
)

// Listener gives an HTTP server its connections: Accept dials the bastion, and again once the
// connection before has ended. It starts no goroutine.
type Listener struct {
	config Config
	logger *slog.Logger
	tls    *tls.Config
	hash   string

	ctx   context.Context // ends with Close
	close context.CancelFunc

	open atomic.Bool // a connection is up; for Connected

	// Of Accept, which one goroutine calls.
	last  *link
	bound time.Duration // of the next wait
}

// Listen reads the key and the roots. Nothing is dialed before Accept; a nil logger discards.
func Listen(c Config, logger *slog.Logger) (*Listener, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	key, roots, err := c.load()
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(key.Public().(ed25519.PublicKey))
	l := &Listener{config: c, logger: logger.With("bastion", c.Address), hash: hex.EncodeToString(sum[:])}
	l.tls = &tls.Config{
		MinVersion: tls.VersionTLS13,
		MaxVersion: tls.VersionTLS13,
		NextProtos: []string{protocol},
		ServerName: host,
		RootCAs:    roots,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return selfSigned(key)
		},
	}
	l.ctx, l.close = context.WithCancel(context.Background())
	return l, nil
}

// URL is where clients of the bastion reach the server (HB-3), if the bastion serves them at the
// address that it is dialed at.
func (l *Listener) URL() string {
	return fmt.Sprintf("https://%s/%s/", strings.TrimSuffix(l.config.Address, ":443"), l.hash)
}

// Connected reports whether there is a connection at present.
func (l *Listener) Connected() bool { return l.open.Load() }

// Addr is URL.
func (l *Listener) Addr() net.Addr { return address(l.URL()) }

// Close ends Accept; a connection that is open stays so.
func (l *Listener) Close() error {
	l.close()
	return nil
}

// Accept waits for the end of the connection before, then dials until there is one, or until Close.
func (l *Listener) Accept() (net.Conn, error) {
	if err := l.awaitEnd(); err != nil {
		return nil, err
	}
	for {
		conn, err := l.dial()
		if err == nil {
			l.logger.Info("connected to the bastion")
			l.last = &link{Conn: conn, began: time.Now(), ended: make(chan struct{}), open: &l.open}
			l.open.Store(true)
			return l.last, nil
		}
		if l.ctx.Err() == nil {
			l.logger.Warn("no connection to the bastion", "err", err)
		}
		if err := l.pause(); err != nil {
			return nil, err
		}
	}
}

// awaitEnd waits until the connection before has ended, and a while longer.
func (l *Listener) awaitEnd() error {
	if l.last == nil {
		return nil
	}
	select {
	case <-l.last.ended:
	case <-l.ctx.Done():
		return net.ErrClosed
	}
	l.logger.Warn("the connection to the bastion has ended", "err", l.last.reason())
	if time.Since(l.last.began) > maxWait {
		l.bound = 0
	}
	return l.pause()
}

// dial makes a connection. The host's certificate is checked as that of any web server.
func (l *Listener) dial() (net.Conn, error) {
	ctx, cancel := context.WithTimeout(l.ctx, dialTimeout)
	defer cancel()
	conn, err := (&tls.Dialer{Config: l.tls}).DialContext(ctx, "tcp", l.config.Address)
	if err != nil {
		return nil, err
	}
	if got := conn.(*tls.Conn).ConnectionState().NegotiatedProtocol; got != protocol {
		return nil, errors.Join(fmt.Errorf("it is no bastion: protocol %q, want %q", got, protocol), conn.Close())
	}
	return conn, nil
}

// pause waits before the next attempt, so long that many servers do not come back at one time.
func (l *Listener) pause() error {
	l.bound = min(max(2*l.bound, minWait), maxWait)
	timer := time.NewTimer(rand.N(l.bound))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-l.ctx.Done():
		return net.ErrClosed
	}
}

// address is a URL.
type address string

func (address) Network() string  { return "bastion" }
func (a address) String() string { return string(a) }
