// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link is a connection that says when it has ended, and why. It hides that it is TLS: the HTTP server
// is to speak HTTP/2 on it from the first byte, whatever was negotiated.
type link struct {
	net.Conn
	began time.Time
	open  *atomic.Bool
	once  sync.Once
	ended chan struct{}

	mu  sync.Mutex
	err error // the first that reading came to
}

// Read keeps the first error, which is all that tells why a bastion has refused a client certificate.
func (c *link) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	return n, err
}

func (c *link) reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close closes the connection.
func (c *link) Close() error {
	c.once.Do(func() {
		c.open.Store(false)
		close(c.ended)
	})
	return c.Conn.Close()
}
