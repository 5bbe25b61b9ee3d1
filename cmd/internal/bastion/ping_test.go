// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// lone is a listener of one connection.
type lone struct {
	net.Listener
	conns chan net.Conn
}

func (l *lone) Accept() (net.Conn, error) {
	conn, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (l *lone) Close() error   { return nil }
func (l *lone) Addr() net.Addr { return address("bastion") }

// A bastion that answers nothing, not even a ping, is given up after a while; one that answers pings is
// kept, though it asks for nothing (HB-9).
func TestPing(t *testing.T) {
	for _, alive := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			l := &lone{conns: make(chan net.Conn, 1)}
			l.conns <- ours
			s := &http.Server{
				ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
				ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
			}
			Configure(s)
			go s.Serve(l)
			began := time.Now()
			go io.WriteString(theirs, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
			if alive {
				time.AfterFunc(time.Hour, func() { theirs.Close() })
			}
			answer(theirs, alive)
			lasted := time.Since(began)
			if want := pingAfter + pingWait; !alive && lasted != want || alive && lasted != time.Hour {
				t.Errorf("alive %v: the connection lasted %s", alive, lasted)
			}
			close(l.conns)
			s.Close()
		})
	}
}

// answer reads frames until the connection ends, and answers pings if it is to.
func answer(conn net.Conn, alive bool) {
	const ping, acknowledged = 0x6, 0x1
	for {
		var header [9]byte
		if _, err := io.ReadFull(conn, header[:]); err != nil {
			return
		}
		payload := make([]byte, int(header[0])<<16|int(header[1])<<8|int(header[2]))
		if _, err := io.ReadFull(conn, payload); err != nil {
			return
		}
		if alive && header[3] == ping {
			header[4] = acknowledged
			if _, err := conn.Write(append(header[:], payload...)); err != nil {
				return
			}
		}
	}
}
