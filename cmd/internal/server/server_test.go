// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cocket.example/cmd/internal/config"
)

// running is a server that a test has started.
type running struct {
	addr, admin string
	logged      *lines
	stop        func() error // ends its context and waits for Run
}

// start runs a server until the test ends. The addresses are those in the log.
func start(t *testing.T, s Server) running {
	t.Helper()
	r := running{logged: newLines()}
	s.Logger = slog.New(slog.NewTextHandler(r.logged, nil))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { _ = r.stop() })
	for line := range r.logged.each {
		if _, addr, ok := strings.Cut(line, "msg=admin addr="); ok {
			r.admin = strings.TrimSpace(addr)
		}
		if _, addr, ok := strings.Cut(line, "listening addr="); ok {
			r.addr = strings.TrimSpace(addr)
			return r
		}
	}
	return r
}

// lines passes on what is logged, line by line.
type lines struct {
	each chan string
	mu   sync.Mutex
	all  bytes.Buffer
}

func newLines() *lines { return &lines{each: make(chan string, 100)} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.each <- string(p)
	return l.all.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })

func local(admin string) Config { return Config{Listen: "127.0.0.1:0", Admin: admin} }

// fetch gets a page over a connection of its own.
func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestRun(t *testing.T) {
	health := errors.New("the disk is full")
	c := local("127.0.0.1:0")
	c.AddrFile = config.Path(filepath.Join(t.TempDir(), "addr"))
	r := start(t, Server{
		Config: c, Public: hello,
		Admin: Admin(NewRegistry(), func(context.Context) error { return health }),
	})
	if status, body := fetch(t, "http://"+r.addr+"/"); status != 200 || body != "hello" {
		t.Errorf("public: %d %q", status, body)
	}
	for path, want := range map[string]string{
		"/metrics": "go_goroutines", "/debug/pprof/": "heap", "/debug/pprof/cmdline": "server.test",
	} {
		if status, body := fetch(t, "http://"+r.admin+path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %q, want %q in it", path, status, body, want)
		}
	}
	if status, body := fetch(t, "http://"+r.admin+"/health"); status != 503 || body != "the disk is full\n" {
		t.Errorf("bad health: %d %q", status, body)
	}
	health = fmt.Errorf("%w\none log is away", ErrPartly)
	if status, body := fetch(t, "http://"+r.admin+"/health"); status != 200 || body != "ok, but in part\none log is away\n" {
		t.Errorf("health in part: %d %q", status, body)
	}
	health = nil
	if status, body := fetch(t, "http://"+r.admin+"/health"); status != 200 || body != "ok\n" {
		t.Errorf("good health: %d %q", status, body)
	}
	if status, _ := fetch(t, "http://"+r.admin+"/"); status != 404 {
		t.Errorf("admin at /: %d, want 404", status)
	}
	if got, err := os.ReadFile(string(c.AddrFile)); err != nil || string(got) != r.addr+"\n" {
		t.Errorf("address file %q (%v), want %q", got, err, r.addr)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	for _, addr := range []string{r.addr, r.admin} {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			t.Errorf("%s is still listened on", addr)
		}
	}
}

// TestDrain shows that a request that runs when the server is told to stop is answered.
func TestDrain(t *testing.T) {
	entered, proceed := make(chan struct{}), make(chan struct{})
	r := start(t, Server{Config: local(""), Public: http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) {
			close(entered)
			<-proceed
			fmt.Fprint(w, "finished")
		})})
	answered := make(chan string)
	go func() {
		_, body := fetch(t, "http://"+r.addr+"/")
		answered <- body
	}()
	<-entered
	stopped := make(chan error)
	go func() { stopped <- r.stop() }()
	for dials(r.addr) { // until no more are accepted
	}
	close(proceed)
	if body := <-answered; body != "finished" {
		t.Errorf("answer %q", body)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func dials(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// TestDrainIsBounded shows that a request that does not finish does not keep the server, and that
// its context ends.
func TestDrainIsBounded(t *testing.T) {
	entered, ended := make(chan struct{}), make(chan struct{})
	c := local("")
	c.Drain = config.Duration(20 * time.Millisecond)
	r := start(t, Server{Config: c, Public: http.HandlerFunc(
		func(_ http.ResponseWriter, r *http.Request) {
			close(entered)
			<-r.Context().Done()
			close(ended)
		})})
	go func() {
		answer, err := http.Get("http://" + r.addr)
		if err == nil {
			_ = answer.Body.Close()
		}
	}()
	<-entered
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	<-ended
	if !strings.Contains(r.logged.String(), "stopped before every request had finished") {
		t.Errorf("not said: %s", r.logged)
	}
}

func TestRefused(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	missing := config.Path(filepath.Join(t.TempDir(), "missing"))
	for want, c := range map[string]Config{
		"listen: missing":                       {},
		"tls: want both":                        {Listen: "127.0.0.1:0", TLS: TLS{Key: "k"}},
		"tls: open " + string(missing):          {Listen: "127.0.0.1:0", TLS: TLS{missing, missing}},
		"listening on " + taken.Addr().String(): {Listen: taken.Addr().String()},
		"listening on nowhere":                  {Listen: "127.0.0.1:0", Admin: "nowhere"},
		"addr.new: no such":                     {Listen: "127.0.0.1:0", AddrFile: missing + "/addr"},
	} {
		err := Server{Config: c, Public: hello}.Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// TestTLS shows TLS 1.2 and 1.3, HTTP/2, and nothing older or in clear.
func TestTLS(t *testing.T) {
	c := local("")
	var roots *x509.CertPool
	c.TLS, roots = makeCertificate(t)
	r := start(t, Server{Config: c, Public: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })})
	for version, want := range map[uint16]string{
		tls.VersionTLS13: "HTTP/2.0", tls.VersionTLS12: "HTTP/2.0", tls.VersionTLS11: "",
	} {
		client := http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{
			RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: version,
		}}}
		answer, err := client.Get("https://" + r.addr)
		if want == "" {
			if err == nil {
				t.Errorf("%s was spoken", tls.VersionName(version))
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil || string(body) != want {
			t.Errorf("%s: %q, %v", tls.VersionName(version), body, err)
		}
		client.CloseIdleConnections()
	}
	if status, _ := fetch(t, "http://"+r.addr); status != 400 {
		t.Errorf("clear text: status %d, want 400", status)
	}
}

// makeCertificate makes a certificate for 127.0.0.1 that is its own root.
func makeCertificate(t *testing.T) (TLS, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, b []byte) config.Path {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return config.Path(path)
	}
	roots := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return TLS{write("cert.pem", "CERTIFICATE", certificate), write("key.pem", "PRIVATE KEY", secret)}, roots
}
