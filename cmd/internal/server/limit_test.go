// SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"net"
	"testing"
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
