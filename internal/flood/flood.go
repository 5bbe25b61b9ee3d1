// SPDX-License-Identifier: Apache-2.0

// Package flood attacks a witness from one address of this machine, as a stranger would: with bodies
// that do not end, with logs that nobody knows, and with bodies that hardly move. Tests and benchmarks
// hold honest requests from another address against it.
package flood

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Attack is where from and whereto.
type Attack struct {
	Target string // host:port
	From   string // IP address of this machine
}

// Closed is the outcome of a connection that was closed or never accepted, without an answer.
const Closed = "closed"

// Outcomes counts answers by their status, and connections that were Closed.
type Outcomes struct {
	mu    sync.Mutex
	Count map[string]int
}

func (o *Outcomes) add(outcome string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.Count == nil {
		o.Count = make(map[string]int)
	}
	o.Count[outcome]++
}

// Total is how many there are.
func (o *Outcomes) Total() (n int) {
	for _, count := range o.Count {
		n += count
	}
	return n
}

// dialTime is for a connection to be accepted.
const dialTime = 5 * time.Second

func (a Attack) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(a.From)}, Timeout: dialTime}
	return d.DialContext(ctx, "tcp", a.Target)
}

// outcome reads an answer.
func outcome(in *bufio.Reader) string {
	answer, err := http.ReadResponse(in, nil)
	if err != nil {
		return Closed
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return Closed
	}
	return strconv.Itoa(answer.StatusCode)
}

// Huge sends a body of so many bytes, as far as they are taken, and returns how many were.
func (a Attack) Huge(ctx context.Context, size int64, o *Outcomes) (int64, error) {
	conn, err := a.dial(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	answered := make(chan string, 1)
	go func() { answered <- outcome(bufio.NewReader(conn)) }()
	if _, err := fmt.Fprintf(conn, header, size); err != nil {
		return 0, err
	}
	sent, _ := io.CopyN(conn, zeros{}, size) // it is not to be taken
	o.add(<-answered)
	return sent, nil
}

const header = "POST /add-checkpoint HTTP/1.1\r\nHost: witness\r\nContent-Length: %d\r\n\r\n"

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// connections that Unknown keeps.
const connections = 8

// Unknown offers checkpoints of so many logs that nobody knows, at so many a second.
func (a Attack) Unknown(ctx context.Context, logs, rate int, o *Outcomes) error {
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for worker := range connections {
		group.Go(func() error {
			var conn net.Conn
			var in *bufio.Reader
			for i := worker; i < logs; i += connections {
				if !pause(ctx, began.Add(time.Duration(i)*time.Second/time.Duration(rate))) {
					break
				}
				if conn == nil {
					var err error
					if conn, err = a.dial(ctx); err != nil {
						o.add(Closed)
						continue
					}
					in = bufio.NewReader(conn)
				}
				body := unknown(i)
				_, err := fmt.Fprintf(conn, header+"%s", len(body), body)
				result := Closed
				if err == nil {
					result = outcome(in)
				}
				if o.add(result); result == Closed {
					_ = conn.Close()
					conn = nil
				}
			}
			if conn != nil {
				_ = conn.Close()
			}
			return nil
		})
	}
	return group.Wait()
}

// unknown is a well-formed request for a log of its own.
func unknown(i int) string {
	return fmt.Sprintf("old 0\n\nlog-%d.example/stranger\n%d\n%s\n\n— log-%[1]d.example/stranger %[4]s\n", i, i+1,
		strings.Repeat("A", 43)+"=", strings.Repeat("A", 91)+"=")
}

// Slow opens so many connections, so many a second, each of which sends the beginning of a body, and
// then a byte a second until it is told to stop. It returns when ctx ends or all have ended.
func (a Attack) Slow(ctx context.Context, bodies, rate int, o *Outcomes) {
	began := time.Now()
	var group errgroup.Group
	for i := range bodies {
		if !pause(ctx, began.Add(time.Duration(i)*time.Second/time.Duration(rate))) {
			break
		}
		group.Go(func() error {
			o.add(a.slow(ctx))
			return nil
		})
	}
	_ = group.Wait() // none fails
}

func (a Attack) slow(ctx context.Context) string {
	conn, err := a.dial(ctx)
	if err != nil {
		return Closed
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := fmt.Fprintf(conn, header+"old 0\n", 100_000); err != nil {
		return Closed
	}
	in := bufio.NewReaderSize(conn, 512)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		_, err := in.Peek(1)
		var timeout net.Error
		switch {
		case err == nil:
			return outcome(in)
		case !errors.As(err, &timeout) || !timeout.Timeout():
			return Closed
		}
		if _, err := conn.Write([]byte("A")); err != nil {
			return Closed
		}
	}
}

// pause waits until a time; false if ctx ended before.
func pause(ctx context.Context, until time.Time) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
