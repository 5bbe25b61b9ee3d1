// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics returns all metrics as text.
func (r *rig) metrics() string {
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest("GET", "/", nil))
	return answer.Body.String()
}

// from posts a body from an address.
func (r *rig) from(address string, body io.Reader) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, "/add-checkpoint", body)
	request.RemoteAddr = address
	return r.do(request)
}

// TestFaults shows that an address that sends what comes to nothing is refused unread after a while,
// and no other address with it.
func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.witness.guard = newGuard(Limits{AddressFaults: 2}.withDefaults())
		good := r.log.grow(t, trunk, 0, 5)
		for range 2 * faultSeconds {
			if answer := r.from("[2001:db8::1]:1", strings.NewReader("junk")); answer.Code != 400 {
				t.Fatalf("status %d", answer.Code)
			}
		}
		unread := strings.NewReader("junk")
		answer := r.from("[2001:db8::2]:7", unread) // of the same network
		if answer.Code != 429 || answer.Header().Get("Retry-After") != "1" || unread.Len() != 4 {
			t.Errorf("status %d, %q, %d bytes left", answer.Code, answer.Header(), unread.Len())
		}
		if answer := r.from("[2001:db8:0:1::1]:1", bytes.NewReader(good)); answer.Code != 200 {
			t.Errorf("another network: status %d", answer.Code)
		}
		time.Sleep(500 * time.Millisecond)
		if answer := r.from("[2001:db8::1]:1", bytes.NewReader(good)); answer.Code != 409 {
			t.Errorf("after a while: status %d", answer.Code)
		}
		if want := `cocket_witness_limited_total{reason="address_faults"} 1`; !strings.Contains(r.metrics(), want) {
			t.Errorf("no metric %s", want)
		}
		time.Sleep(time.Hour)
		_ = r.from("[2001:db8::1]:1", bytes.NewReader(good))
		if n := len(r.witness.guard.clients); n != 0 {
			t.Errorf("%d addresses are remembered for nothing", n)
		}
	})
}

// TestAddressRequests shows the bound on requests of one address at one time.
func TestAddressRequests(t *testing.T) {
	r := newRig(t)
	r.witness.guard = newGuard(Limits{AddressRequests: 2}.withDefaults())
	one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for range 2 {
		if _, refused := r.witness.guard.enter(one, start); refused != nil {
			t.Fatal(refused)
		}
	}
	if _, refused := r.witness.guard.enter(one, start); refused == nil || refused.reason != manyOfOne {
		t.Errorf("third request: %v", refused)
	}
	c, refused := r.witness.guard.enter(two, start)
	if refused != nil {
		t.Fatal(refused)
	}
	r.witness.guard.leave(c, 0, 200)
	if _, ok := r.witness.guard.clients[two]; ok {
		t.Error("an address without requests is remembered")
	}
	if answer := r.from("192.0.2.1:5", strings.NewReader("junk")); answer.Code != 429 {
		t.Errorf("status %d, want 429", answer.Code)
	}
}

// TestBodies shows the bounds on bodies in memory, of one address and in all, and that the bytes are
// given back.
func TestBodies(t *testing.T) {
	r := newRig(t)
	g := newGuard(Limits{Bodies: 1 << 20, AddressBodies: 64 << 10}.withDefaults())
	r.witness.guard = g
	full := func() io.Reader { return bytes.NewReader(make([]byte, maxBody)) }
	if answer := r.from("192.0.2.1:5", full()); answer.Code != 429 {
		t.Errorf("one address: status %d, want 429", answer.Code)
	}
	g.bodies = 1 << 20
	if answer := r.from("192.0.2.1:5", full()); answer.Code != 503 || answer.Header().Get("Retry-After") == "" {
		t.Errorf("all: status %d, want 503 with Retry-After", answer.Code)
	}
	if g.bodies != 1<<20 || len(g.clients) != 0 {
		t.Errorf("%d bytes, %d addresses are still counted", g.bodies-1<<20, len(g.clients))
	}
	text := r.metrics()
	for _, reason := range []string{fullBodies, fullOfOne} {
		if want := fmt.Sprintf("cocket_witness_limited_total{reason=%q} 1", reason); !strings.Contains(text, want) {
			t.Errorf("no metric %s", want)
		}
	}
}

// TestManyAddresses shows that the memory for addresses is bounded, that those that come then share an
// account, and that addresses are forgotten when there is nothing to remember.
func TestManyAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(Limits{AddressFaults: 1}.withDefaults())
		enter := func(i int) *client {
			c, refused := g.enter(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), time.Now())
			if refused != nil {
				t.Fatal(refused)
			}
			return c
		}
		for i := range maxClients + 9 {
			g.leave(enter(i), 0, 404)
		}
		if len(g.clients) != maxClients || g.others.faults.level != faultSeconds-9 {
			t.Errorf("%d addresses, shared level %v", len(g.clients), g.others.faults.level)
		}
		time.Sleep(time.Hour)
		if c := enter(1 << 20); c == &g.others || len(g.clients) != 1 {
			t.Errorf("%d addresses after an hour", len(g.clients))
		}
	})
}

// TestFaultStatuses shows which answers cost an address something.
func TestFaultStatuses(t *testing.T) {
	for status, want := range map[int]bool{
		200: false, 400: true, 403: true, 404: true, 405: true, 408: true, 409: false, 413: true, 422: false,
		429: false, 503: false,
	} {
		if fault(status) != want {
			t.Errorf("%d: %t", status, !want)
		}
	}
}

// TestBrokenBody shows that a body that breaks off is no limit.
func TestBrokenBody(t *testing.T) {
	r := newRig(t)
	broken := io.MultiReader(strings.NewReader("old 0\n"), brokenReader{})
	if answer := r.from("192.0.2.1:5", broken); answer.Code != 400 {
		t.Errorf("status %d, want 400", answer.Code)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

// TestHTTP2 shows that the limits hold for the requests of one HTTP/2 connection too: a slow body ends in
// time, requests beyond the limit are refused, and neither ends the connection.
func TestHTTP2(t *testing.T) {
	r := newRig(t)
	r.witness.config.Timeout = 300 * time.Millisecond
	r.witness.guard = newGuard(Limits{AddressRequests: 3}.withDefaults())
	server := httptest.NewUnstartedServer(r.witness.Handler())
	server.EnableHTTP2 = true
	connections := 0
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections++
		}
	}
	server.StartTLS()
	defer server.Close()
	post := func(body io.Reader) int {
		answer, err := server.Client().Post(server.URL+"/add-checkpoint", "", body)
		if err != nil {
			t.Error(err)
			return 0
		}
		defer answer.Body.Close()
		if answer.ProtoMajor != 2 {
			t.Errorf("answered over %s", answer.Proto)
		}
		return answer.StatusCode
	}
	if status := post(bytes.NewReader(r.log.grow(t, trunk, 0, 5))); status != 200 {
		t.Fatalf("status %d", status)
	}
	statuses := make(chan int)
	const bodies = 8
	for range bodies {
		slow, end := io.Pipe()
		defer end.Close()
		go func() { statuses <- post(slow) }()
		go func() { _, _ = end.Write([]byte("old 5\n")) }()
	}
	count := make(map[int]int)
	for range bodies {
		count[<-statuses]++
	}
	if count[408] != 3 || count[429] != bodies-3 {
		t.Errorf("slow bodies: %v, want 3 times 408 and 429 for the others", count)
	}
	if status := post(bytes.NewReader(r.log.grow(t, trunk, 5, 9))); status != 200 || connections != 1 {
		t.Errorf("after them: status %d, %d connections", status, connections)
	}
}
