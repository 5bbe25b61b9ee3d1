// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"cocket.example/internal/soak"
)

// TestManyStrangers takes every connection that there is, from as many addresses as that needs, each with
// a body that is large and unfinished: not even that leads beyond 100 MiB, and it ends with the deadline of
// bodies.
func TestManyStrangers(t *testing.T) {
	soak.NoRace(t)
	t.Parallel()
	w := startWitness(t, "")
	head := "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("A", 60_000)
	var open []net.Conn
	for i := range connections {
		from := &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i%(connections/addressConnections)))}
		conn, err := (&net.Dialer{LocalAddr: from, Timeout: time.Minute}).Dial("tcp", w.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		open = append(open, conn)
		_, _ = io.WriteString(conn, head) // may be refused already
	}
	answered := 0
	for _, conn := range open {
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		if n, _ := conn.Read(make([]byte, 1)); n == 1 {
			answered++
		}
	}
	if answered < len(open)*9/10 { // some find their connection reset
		t.Errorf("%d of %d connections were answered", answered, len(open))
	}
	if err := w.offer(); err != nil {
		t.Error(err)
	}
	if peak := w.peak(); peak > maxMemory {
		t.Errorf("resident memory rose to %d MiB", peak>>20)
	}
	t.Logf("%d connections, %d answered, peak %d MiB", len(open), answered, w.peak()>>20)
}
