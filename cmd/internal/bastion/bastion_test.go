// SPDX-License-Identifier: Apache-2.0

package bastion_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"strings"
	"testing"

	"cocket.example/cmd/internal/bastion"
)

// A bastion of another project forwards to a server without an open port, states the address of its
// client, and nobody can state another (HB-2, HB-3, HB-5).
func TestForwarded(t *testing.T) {
	r := newRig(t)
	r.startBastion(r.key)
	l, _, logged := r.startBackend(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, strings.Join([]string{r.Method, r.URL.String(), r.Proto, r.RemoteAddr, string(body)}, " "))
	}))
	r.await("the backend answers", r.answers)
	if !l.Connected() || !strings.HasPrefix(r.url("/"), l.URL()) || !logged.has(l.URL()) {
		t.Errorf("connected %v at %s, want %s, logged\n%s", l.Connected(), l.URL(), r.url("/"), logged)
	}
	req, err := http.NewRequest(http.MethodPost, r.url("/add-checkpoint"), strings.NewReader("old 0"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header["X-Forwarded-For"] = []string{"192.0.2.1", "192.0.2.2"}
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if want := "POST /add-checkpoint HTTP/2.0 127.0.0.1:0 old 0"; err != nil || string(got) != want {
		t.Errorf("the backend saw %q, %v; want %q", got, err, want)
	}
}

// A bastion that goes away is dialed again (HB-9).
func TestReconnect(t *testing.T) {
	r := newRig(t)
	r.startBastion(r.key)
	l, _, logged := r.startBackend(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for range 2 {
		r.await("the backend answers", r.answers)
		r.stop()
		r.await("the end is noticed", func() bool { return !l.Connected() })
		r.startBastion(r.key)
	}
	r.await("the backend answers", r.answers)
	if !logged.has("the connection to the bastion has ended") {
		t.Errorf("logged\n%s", logged)
	}
}

// Bastions that are not what they ought to be get no request answered, and the operator is told why
// (HB-1).
func TestRefused(t *testing.T) {
	plain := func(change func(*rig, *tls.Config)) func(*rig) {
		return func(r *rig) {
			c := &tls.Config{Certificates: []tls.Certificate{r.pair}, NextProtos: []string{"bastion/0"}}
			change(r, c)
			l, err := tls.Listen("tcp", r.address, c)
			if err != nil {
				r.t.Fatal(err)
			}
			s := &http.Server{}
			go s.Serve(l)
			r.t.Cleanup(func() { s.Close() })
		}
	}
	for _, c := range []struct {
		name  string
		start func(*rig)
		want  string
	}{
		{"nobody there", func(*rig) {}, "connection refused"},
		{"TLS 1.2", plain(func(_ *rig, c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }), "protocol version"},
		{"another authority", plain(func(r *rig, _ *tls.Config) { r.certify("127.0.0.1", x509.NewCertPool()) }),
			"signed by unknown authority"},
		{"another host", plain(func(r *rig, c *tls.Config) {
			c.Certificates[0] = r.certify("127.0.0.2", x509.NewCertPool())
		}), "not 127.0.0.1"},
		{"no ALPN", plain(func(_ *rig, c *tls.Config) { c.NextProtos = nil }), "it is no bastion"},
		{"another protocol", plain(func(_ *rig, c *tls.Config) { c.NextProtos = []string{"h2"} }), "no application protocol"},
		{"not on its list", func(r *rig) { r.startBastion() }, "bad certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			c.start(r)
			_, _, logged := r.startBackend(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				t.Error("a request was answered")
			}))
			r.await(c.want, func() bool { return logged.has(c.want) })
		})
	}
}

// Requests that run when the server is told to stop are finished.
func TestDrain(t *testing.T) {
	r := newRig(t)
	r.startBastion(r.key)
	entered, leave := make(chan struct{}), make(chan struct{})
	_, stop, _ := r.startBackend(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(entered)
			<-leave
		}
	}))
	r.await("the backend answers", r.answers)
	status := make(chan int)
	go func() {
		resp, err := r.client.Get(r.url("/slow"))
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	<-entered
	stopped := make(chan error)
	go func() { stopped <- stop() }()
	r.await("nothing new is taken", func() bool { return !r.answers() })
	close(leave)
	if got := <-status; got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestConfig(t *testing.T) {
	r := newRig(t)
	good := r.config()
	for _, c := range []struct {
		change func(*bastion.Config)
		want   string
	}{
		{func(*bastion.Config) {}, ""},
		{func(c *bastion.Config) { c.Address = "bastion.example" }, "address: want host:port"},
		{func(c *bastion.Config) { c.Address = ":443" }, "address: want host:port"},
		{func(c *bastion.Config) { c.Key = "" }, "key: missing"},
		{func(c *bastion.Config) { c.Key = c.Roots }, "want one PRIVATE KEY"},
		{func(c *bastion.Config) { c.Roots = c.Key }, "no certificate"},
		{func(c *bastion.Config) { c.Roots += ".not" }, "no such file"},
	} {
		bad := good
		c.change(&bad)
		_, err := bastion.Listen(bad, nil)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", bad, err, c.want)
		}
	}
	good.Address = "bastion.example:443"
	l, err := bastion.Listen(good, nil)
	if err != nil || !strings.HasPrefix(l.URL(), "https://bastion.example/") {
		t.Errorf("URL %v: %v", l, err)
	}
}
