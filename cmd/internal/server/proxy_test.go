// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestProxies shows whom a request is from, by its connection and the header's lines.
func TestProxies(t *testing.T) {
	p, err := NewProxies([]string{"10.0.0.0/8", "192.0.2.9", "2001:db8:1::/48"}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		remote string
		hops   []string
		want   string
	}{
		{"198.51.100.7:99", nil, "198.51.100.7:99"},
		{"198.51.100.7:99", []string{"203.0.113.1"}, "198.51.100.7:99"}, // not a proxy: forged
		{"10.1.2.3:99", []string{"203.0.113.1"}, "203.0.113.1:0"},
		{"[::ffff:10.1.2.3]:99", []string{"203.0.113.1"}, "203.0.113.1:0"},
		{"[2001:db8:1::7]:99", []string{"2001:db8:2::1"}, "[2001:db8:2::1]:0"},
		{"10.1.2.3:99", []string{"203.0.113.66, 203.0.113.1,\t192.0.2.9"}, "203.0.113.1:0"},
		{"10.1.2.3:99", []string{"203.0.113.66", "203.0.113.1", "192.0.2.9"}, "203.0.113.1:0"},
		{"10.1.2.3:99", []string{"10.9.9.9, 192.0.2.9"}, "10.9.9.9:0"},
		{"10.1.2.3:99", nil, "10.1.2.3:99"},
		{"10.1.2.3:99", []string{""}, "10.1.2.3:99"},
		{"10.1.2.3:99", []string{"unknown"}, "10.1.2.3:99"},
		{"10.1.2.3:99", []string{"203.0.113.1, unknown, 192.0.2.9"}, "192.0.2.9:0"},
		{"10.1.2.3:99", []string{"203.0.113.1:80"}, "10.1.2.3:99"},
		{"10.1.2.3:99", []string{"203.0.113.1,"}, "10.1.2.3:99"},
	} {
		var got string
		h := p.handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		for _, line := range c.hops {
			r.Header.Add("X-Forwarded-For", line)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%s %q: from %s, want %s", c.remote, c.hops, got, c.want)
		}
	}
}

// TestProxyHeader shows that no other header than the one that is configured is believed.
func TestProxyHeader(t *testing.T) {
	p, err := NewProxies([]string{"10.0.0.0/8"}, "X-Real-IP")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.1.2.3:99"
	r.Header.Set("X-Forwarded-For", "203.0.113.66")
	r.Header.Set("X-Real-IP", "203.0.113.1")
	if got := p.client(r); got != "203.0.113.1:0" {
		t.Errorf("from %s", got)
	}
}

func TestNewProxies(t *testing.T) {
	for _, c := range []struct{ network, header, want string }{
		{"10.0.0.0/8", "", ""}, {"10.0.0.1", "X-Real-IP", ""}, {"::1", "", ""},
		{"10.0.0.1/8", "", "trusted_proxies[0]"}, {"proxy.example", "", "trusted_proxies[0]"},
		{"fe80::1%eth0", "", "trusted_proxies[0]"}, {"010.0.0.1", "", "trusted_proxies[0]"},
		{"10.0.0.0/33", "", "trusted_proxies[0]"}, {"", "", "trusted_proxies[0]"},
	} {
		_, err := NewProxies([]string{c.network}, c.header)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.network, err, c.want)
		}
	}
	if _, err := NewProxies(nil, "X-Real-IP"); err == nil {
		t.Error("a header of nobody is believed")
	}
}
