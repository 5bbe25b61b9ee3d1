// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cocket.example/receipt"
)

// TestOversize is W22: 128 KiB are read, one byte more is refused, announced or not.
func TestOversize(t *testing.T) {
	r := newRig(t)
	r.want(400, make([]byte, maxBody))
	r.want(413, make([]byte, maxBody+1))
	endless := httptest.NewRequest(http.MethodPost, "/add-checkpoint", zeros{})
	endless.ContentLength = -1
	if answer := r.do(endless); answer.Code != 413 {
		t.Errorf("endless body: status %d, want 413", answer.Code)
	}
}

// zeros is a body without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestSlow is W22: a body that does not arrive ends in time, and holds up nobody.
func TestSlow(t *testing.T) {
	r := newRig(t)
	r.witness.config.Timeout = 500 * time.Millisecond
	server := httptest.NewServer(r.witness.Handler())
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 1000\r\n\r\nold 0\n")
	status, _ := postTo(t, server.URL, r.log.grow(t, trunk, 0, 5))
	if status != 200 {
		t.Errorf("beside a slow request: status %d, want 200", status)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
		t.Errorf("slow request: %q, %v, want status 408", answer, err)
	}
}

// TestTooMany shows the bound on requests at one time.
func TestTooMany(t *testing.T) {
	r := newRig(t)
	body := r.log.grow(t, trunk, 0, 5)
	for range cap(r.witness.slots) {
		r.witness.slots <- struct{}{}
	}
	answer := r.post(body)
	if answer.Code != 503 || answer.Header().Get("Retry-After") == "" {
		t.Errorf("status %d, %q, want 503 with Retry-After", answer.Code, answer.Header())
	}
	<-r.witness.slots
	r.want(200, body)
}

// TestKeepAlive is TW-7: a second request goes over the same connection.
func TestKeepAlive(t *testing.T) {
	r := newRig(t)
	server := httptest.NewUnstartedServer(r.witness.Handler())
	connections := 0
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections++
		}
	}
	server.Start()
	defer server.Close()
	for i, want := range []int{200, 409, 200} {
		body := r.log.grow(t, trunk, min(i, 1)*5, 5)
		if i == 1 {
			body = r.log.grow(t, trunk, 0, 5)
		}
		if status, text := postTo(t, server.URL, body); status != want {
			t.Errorf("request %d: %d %q, want %d", i, status, text, want)
		}
	}
	if connections != 1 {
		t.Errorf("%d connections, want 1", connections)
	}
}

// TestNothingOfStrangers shows that who sends junk and unknown origins leaves no trace that grows:
// no metric, no line in the log, no record.
func TestNothingOfStrangers(t *testing.T) {
	r := newRig(t)
	r.want(404, newTestLog(t, "log.example/first").grow(t, trunk, 0, 5))
	r.want(400, []byte("junk"))
	series := r.series()
	for i := range 20 {
		stranger := newTestLog(t, fmt.Sprintf("log.example/stranger-%d", i))
		r.want(404, stranger.grow(t, trunk, 0, 5))
		r.want(400, fmt.Appendf(nil, "junk %d", i))
	}
	if after := r.series(); after != series {
		t.Errorf("%d series of metrics became %d", series, after)
	}
	if text := r.logged.String(); text != "" {
		t.Errorf("logged: %s", text)
	}
}

// series counts the time series of all metrics.
func (r *rig) series() (n int) {
	r.t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		n += len(f.GetMetric())
	}
	return n
}

// TestNew shows each configuration that is refused.
func TestNew(t *testing.T) {
	r := newRig(t)
	good := r.witness.config
	good.Registerer = nil
	for want, change := range map[string]func(*Config){
		"without state":             func(c *Config) { c.State = nil },
		"without a cosignature key": func(c *Config) { c.Keys = nil },
		"cosignature key":           func(c *Config) { c.Keys = append(c.Keys, c.Keys[0]) },
		"is given twice":            func(c *Config) { c.Logs = append(c.Logs, c.Logs[0]) },
		"without a key":             func(c *Config) { c.Logs = []Log{{}} },
		"has keys named":            func(c *Config) { c.Logs = []Log{{Keys: []receipt.VerifierKey{r.log.key, r.keys[0]}}} },
		"key of log log.example/a is given twice": func(c *Config) {
			c.Logs = []Log{{Keys: []receipt.VerifierKey{r.log.key, r.log.key}}}
		},
		"a log signs with 0x01": func(c *Config) { c.Logs = []Log{{Keys: r.keys[:1]}} },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
	if bytes.Contains([]byte(fmt.Sprintf("%v %+v %#v", good.Keys, good.Keys[0], good.Keys[0])), []byte("PRIVATE")) {
		t.Error("a secret key prints")
	}
}
