// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"

	"cocket.example/internal/address"
)

// Limits bound what clients may take of the public address. The zero value of a field means its
// default.
type Limits struct {
	// Connections are open at one time in all. Default 4,096, and never more than the system lets the
	// process open files.
	Connections int
	// AddressConnections are of one IPv4 address or one /64 network of IPv6, but for those of
	// Proxies. Default: as many as in all.
	AddressConnections int
	// Streams are the requests at one time on one HTTP/2 connection. Default 250.
	Streams int
	// Window is how many bytes of bodies one HTTP/2 connection may send before they are read. Default
	// 1 MiB.
	Window int
	// Proxies speak for other addresses.
	Proxies Proxies
}

const (
	maxConnections = 4096
	// otherFiles are kept for what is no connection of a client.
	otherFiles = 64
)

func (l Limits) withDefaults() Limits {
	if l.Connections == 0 {
		l.Connections = maxConnections
	}
	l.Connections = max(1, min(l.Connections, openFiles()-otherFiles))
	if l.AddressConnections == 0 {
		l.AddressConnections = l.Connections
	}
	if l.Streams == 0 {
		l.Streams = 250
	}
	if l.Window == 0 {
		l.Window = 1 << 20
	}
	return l
}

// openFiles is how many files the process may open; Go has raised it as far as it may.
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > 1<<20 {
		return 1 << 20
	}
	return int(limit.Cur)
}

// limit returns a listener that accepts no more connections at a time than the limits say. Of an
// address that has all it may have, further ones are closed at once; in all, they wait in the system's
// queue, which is bounded as well.
func limit(l net.Listener, limits Limits) *limited {
	return &limited{
		Listener: l, limits: limits, slots: make(chan struct{}, limits.Connections),
		closed: make(chan struct{}), open: make(map[netip.Addr]int),
	}
}

type limited struct {
	net.Listener
	limits  Limits
	slots   chan struct{} // holds one element for each open connection
	closed  chan struct{}
	once    sync.Once
	opened  atomic.Int64  // connections that are open
	refused atomic.Uint64 // connections closed at once

	mu   sync.Mutex
	open map[netip.Addr]int // connections by address, but for those of proxies
}

// Accept waits for a free slot, then for a client.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			<-l.slots
			return nil, err
		}
		of, ok := l.enter(conn.RemoteAddr())
		if ok {
			l.opened.Add(1)
			return &slotted{Conn: conn, free: sync.OnceFunc(func() { l.leave(of) })}, nil
		}
		l.refused.Add(1)
		_ = conn.Close() // there is nobody to tell
	}
}

// enter counts a connection, unless its address has as many as it may have.
func (l *limited) enter(remote net.Addr) (of netip.Addr, ok bool) {
	if l.limits.Proxies.trusts(remote.String()) {
		return of, true
	}
	of = address.Of(remote.String())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[of] >= l.limits.AddressConnections {
		return of, false
	}
	l.open[of]++
	return of, true
}

// leave gives back what a connection had; of a proxy there is no address.
func (l *limited) leave(of netip.Addr) {
	l.mu.Lock()
	if l.open[of]--; l.open[of] <= 0 {
		delete(l.open, of)
	}
	l.mu.Unlock()
	l.opened.Add(-1)
	<-l.slots
}

// Close ends Accept too where it waits for a slot.
func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// slotted is a connection that frees its slot when it is closed.
type slotted struct {
	net.Conn
	free func()
}

// Close closes the connection.
func (c *slotted) Close() error {
	defer c.free()
	return c.Conn.Close()
}
