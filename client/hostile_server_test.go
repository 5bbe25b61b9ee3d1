// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A harm is what a stranger does to a connection once he has read a request for this path below the
// prefix. The connection is closed after it.
type harm func(c *net.TCPConn, path string)

// strangers listens on a real socket, and treats a request for /<name>/… as harms[name] says.
type strangers struct {
	url   string
	harms map[string]harm
	conns sync.WaitGroup
}

func listen(t *testing.T, harms map[string]harm) *strangers {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &strangers{url: "http://" + l.Addr().String(), harms: harms}
	s.conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(t.Context(), func() { conn.Close() })
			s.conns.Go(func() { s.serve(conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() { l.Close(); s.conns.Wait() })
	return s
}

// serve treats one request. Nothing here outlives patience, so that the test ends.
func (s *strangers) serve(c *net.TCPConn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	io.Copy(io.Discard, r.Body)
	name, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if do := s.harms[name]; do != nil {
		do(c, "/"+path)
	}
}

// raw sends bytes as they are.
func raw(parts ...string) harm {
	return func(c *net.TCPConn, _ string) { io.WriteString(c, strings.Join(parts, "")) }
}

// answer sends a whole answer with further header lines.
func answer(status, body string, header ...string) harm {
	lines := append([]string{"HTTP/1.1 " + status, fmt.Sprintf("Content-Length: %d", len(body)), "Connection: close"},
		header...)
	return raw(strings.Join(lines, "\r\n"), "\r\n\r\n", body)
}

// endless sends a beginning, then the same over and over again until the client has had enough.
func endless(beginning, over string) harm {
	return func(c *net.TCPConn, _ string) {
		more := bytes.Repeat([]byte(over), 1+(16<<10)/len(over))
		for _, err := io.WriteString(c, beginning); err == nil; _, err = c.Write(more) {
		}
	}
}

// drip sends a beginning, then the same over and over again, a little at a time.
func drip(beginning, over string) harm {
	return func(c *net.TCPConn, _ string) {
		for _, err := io.WriteString(c, beginning); err == nil; _, err = io.WriteString(c, over) {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// silent sends a beginning, and keeps the connection until the client closes it.
func silent(beginning string) harm {
	return func(c *net.TCPConn, _ string) {
		io.WriteString(c, beginning)
		io.Copy(io.Discard, c)
	}
}

// reset breaks the connection off, so that the client is told.
func reset(beginning string) harm {
	return func(c *net.TCPConn, _ string) {
		io.WriteString(c, beginning)
		c.SetLinger(0)
	}
}

// honest answers as the log does.
func honest(b *book) harm {
	return func(c *net.TCPConn, path string) {
		if body := b.get(path); body != "" {
			answer("200 OK", body)(c, path)
			return
		}
		answer("404 Not Found", "no such resource")(c, path)
	}
}

// instead does harm to one path, and is honest otherwise.
func instead(b *book, at string, do harm) harm {
	return func(c *net.TCPConn, path string) {
		if path == at {
			do(c, path)
			return
		}
		honest(b)(c, path)
	}
}

// changed answers honestly but for one resource, of which it tells a changed one.
func changed(b *book, at string, change func(string) string) harm {
	return instead(b, at, func(c *net.TCPConn, path string) { answer("200 OK", change(b.get(at)))(c, path) })
}

// first does one thing to the first request for a path, then another.
func first(at string, once, then harm) harm {
	var mu sync.Mutex
	asked := false
	return func(c *net.TCPConn, path string) {
		mu.Lock()
		do := then
		if path == at && !asked {
			do, asked = once, true
		}
		mu.Unlock()
		do(c, path)
	}
}

// bomb is 400 kB of gzip that inflate to 400 MiB: a member of 1 MiB, 400 times.
var bomb = sync.OnceValue(func() string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(make([]byte, 1<<20))
	z.Close()
	return strings.Repeat(b.String(), 400)
})
