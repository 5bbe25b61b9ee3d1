// SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestLimit shows that the third of two connections is accepted when one of them closes.
func TestLimit(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limit(inner, Limits{Connections: 2}.withDefaults())
	accepted := make(chan net.Conn)
	ended := make(chan error, 1)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				ended <- err
				return
			}
			accepted <- conn
		}
	}()
	for range 3 {
		conn, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	first, second := <-accepted, <-accepted
	if n := len(l.slots); n != 2 {
		t.Errorf("%d slots are taken, want 2", n)
	}
	select {
	case <-accepted:
		t.Error("a third connection was accepted")
	default:
	}
	_ = first.Close()
	_ = first.Close() // frees one slot, not two
	third := <-accepted
	defer second.Close()
	defer third.Close()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("accepting ended with %v", err)
	}
}

// TestAddressLimit shows that of an address that has all it may have, connections are closed at once,
// and that another address, and one that is a proxy, still get theirs.
func TestAddressLimit(t *testing.T) {
	proxies, err := NewProxies([]string{"127.0.0.3"}, "")
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	r := start(t, Server{
		Config: local(""), Public: hello, Registerer: registry,
		Limits: Limits{AddressConnections: 2, Proxies: proxies},
	})
	from := func(address string) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
		conn, err := d.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	ask := func(conn net.Conn) error {
		_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		if err == nil {
			_, err = conn.Read(make([]byte, 1))
		}
		return err
	}
	first := from("127.0.0.2")
	for i, c := range []struct {
		conn   net.Conn
		served bool
	}{
		{first, true}, {from("127.0.0.2"), true}, {from("127.0.0.2"), false}, {from("127.0.0.1"), true},
		{from("127.0.0.3"), true}, {from("127.0.0.3"), true}, {from("127.0.0.3"), true},
	} {
		if err := ask(c.conn); (err == nil) != c.served {
			t.Errorf("connection %d: %v, want served %t", i, err, c.served)
		}
	}
	for name, want := range map[string]float64{"cocket_connections": 6, "cocket_connections_refused_total": 1} {
		if got := value(t, registry, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	_ = first.Close()
	for value(t, registry, "cocket_connections") > 5 { // until the server sees it
		time.Sleep(time.Millisecond)
	}
	if err := ask(from("127.0.0.2")); err != nil {
		t.Errorf("after one was closed: %v", err)
	}
}

// value is the only value of a metric.
func value(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if m := f.GetMetric(); f.GetName() == name {
			return m[0].GetGauge().GetValue() + m[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// TestLimitsOfSystem shows that no more connections are wanted than there are files.
func TestLimitsOfSystem(t *testing.T) {
	if got := (Limits{Connections: 1 << 30}).withDefaults(); got.Connections > openFiles() ||
		got.AddressConnections != got.Connections {
		t.Errorf("%d connections, %d files", got.Connections, openFiles())
	}
	if got := (Limits{}).withDefaults().Connections; got < 1 || got > maxConnections {
		t.Errorf("%d connections by default", got)
	}
}

// TestHTTP2Limits shows that a client of HTTP/2 is told how much it may hold.
func TestHTTP2Limits(t *testing.T) {
	c := local("")
	var roots *x509.CertPool
	c.TLS, roots = makeCertificate(t)
	r := start(t, Server{Config: c, Public: hello, Limits: Limits{Streams: 7, Window: 70_000}})
	conn, err := tls.Dial("tcp", r.addr, &tls.Config{RootCAs: roots, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 9)
	if _, err := io.ReadFull(conn, head); err != nil || head[3] != 4 {
		t.Fatalf("no settings: %x, %v", head, err)
	}
	body := make([]byte, int(head[1])<<8|int(head[2]))
	if _, err := io.ReadFull(conn, body); err != nil {
		t.Fatal(err)
	}
	settings := make(map[uint16]uint32)
	for ; len(body) >= 6; body = body[6:] {
		settings[binary.BigEndian.Uint16(body)] = binary.BigEndian.Uint32(body[2:])
	}
	// RFC 9113, 6.5.2: streams, window of a stream, frames.
	if settings[3] != 7 || settings[4] != 70_000 || settings[5] != maxFrame {
		t.Errorf("settings %v", settings)
	}
}
