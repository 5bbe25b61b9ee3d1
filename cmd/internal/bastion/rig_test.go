// SPDX-License-Identifier: Apache-2.0

package bastion_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
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

	"cocket.example/cmd/internal/bastion"
	"cocket.example/cmd/internal/config"
	"cocket.example/cmd/internal/server"
	proxy "filippo.io/torchwood/bastion"
)

// rig is a certificate authority, a bastion of torchwood at one address, and the key of a backend.
type rig struct {
	t       *testing.T
	dir     string
	pair    tls.Certificate // of the bastion, from the authority
	client  *http.Client    // of the bastion
	address string
	key     ed25519.PublicKey
	stop    func() // the bastion
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), address: freeAddress(t)}
	roots := x509.NewCertPool()
	r.pair = r.certify("127.0.0.1", roots)
	r.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	r.key = public
	r.write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return r
}

// certify makes a certificate that is its own authority, and leaves it in the file roots.pem.
func (r *rig) certify(ip string, roots *x509.CertPool) tls.Certificate {
	r.t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		r.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(ip)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		r.t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	roots.AppendCertsFromPEM(text)
	r.write("roots.pem", text)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (r *rig) write(name string, text []byte) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), text, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) config() bastion.Config {
	path := func(name string) config.Path { return config.Path(filepath.Join(r.dir, name)) }
	return bastion.Config{Address: r.address, Key: path("key.pem"), Roots: path("roots.pem")}
}

// startBastion starts a bastion that takes the backends whose keys are given.
func (r *rig) startBastion(allowed ...ed25519.PublicKey) {
	r.t.Helper()
	b, err := proxy.New(&proxy.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &r.pair, nil },
		AllowedBackend: func(hash [32]byte) bool {
			for _, key := range allowed {
				if sha256.Sum256(key) == hash {
					return true
				}
			}
			return false
		},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	s := &http.Server{
		Handler: b, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{r.pair}},
	}
	if err := b.ConfigureServer(s); err != nil {
		r.t.Fatal(err)
	}
	l, err := net.Listen("tcp", r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.ServeTLS(l, "", "") // ends with Close
	}()
	r.stop = sync.OnceFunc(func() {
		_ = s.Close()
		<-done
		r.client.CloseIdleConnections()
	})
	r.t.Cleanup(r.stop)
}

// startBackend serves the handler through the bastion until the function that it returns, or the test
// ends, and gives what was logged.
func (r *rig) startBackend(h http.Handler) (l *bastion.Listener, stop func() error, logged *words) {
	r.t.Helper()
	logged = new(words)
	logger := slog.New(slog.NewTextHandler(logged, nil))
	l, err := bastion.Listen(r.config(), logger)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Server{Bastion: l, Public: h, Logger: logger}.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	r.t.Cleanup(func() {
		if err := stop(); err != nil {
			r.t.Error(err)
		}
	})
	return l, stop, logged
}

// url is where the backend is reached.
func (r *rig) url(path string) string {
	return fmt.Sprintf("https://%s/%x%s", r.address, sha256.Sum256(r.key), path)
}

// await waits until the condition holds.
func (r *rig) await(what string, condition func() bool) {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// answers reports whether the backend is reached.
func (r *rig) answers() bool {
	resp, err := r.client.Get(r.url("/"))
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// words are what was logged.
type words struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *words) has(part string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Contains(w.text.String(), part)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
