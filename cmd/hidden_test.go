// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"filippo.io/torchwood/bastion"

	"cocket.example/receipt"
)

// addHidden adds our witness without an open port, behind a bastion of torchwood, whose certificate the
// servers that are started later trust.
func addHidden(m *meeting) {
	m.t.Helper()
	address := freeAddress(m.t)
	public, private := newKey(m.t)
	roots := m.startBastion(address, sha256.Sum256(public))
	der, err := x509.MarshalPKCS8PrivateKey(private)
	must(m.t, err)
	must(m.t, os.WriteFile(m.path("bastion.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, "witness.example/hidden")
	must(m.t, err)
	m.write("w.key", skey)
	m.write("w.yaml", "dir: w\nkeys: [w.key]\nlogs: [{vkey_file: log.vkey}]\n"+
		"bastion: {address: '"+address+"', key: bastion.key, roots: roots.pem}")
	m.start("cocket-witness", "w.yaml", "")
	url := fmt.Sprintf("https://%s/%x", address, sha256.Sum256(public))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	m.await("the witness's own 404", func() bool {
		resp, err := client.Get(url + "/")
		return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusNotFound
	})
	m.env = append(m.env, "SSL_CERT_FILE="+m.path("roots.pem"))
	m.add("hidden", vkey, url)
}

func newKey(t *testing.T) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	return public, private
}

// startBastion starts a bastion for the backend whose key has this hash. Its certificate is its own
// authority, and lies in roots.pem.
func (m *meeting) startBastion(address string, backend [32]byte) *x509.CertPool {
	m.t.Helper()
	public, private := newKey(m.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	must(m.t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	must(m.t, os.WriteFile(m.path("roots.pem"), text, 0o644))
	pair := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
	b, err := bastion.New(&bastion.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &pair, nil },
		AllowedBackend: func(hash [32]byte) bool { return hash == backend },
		Log:            slog.New(slog.DiscardHandler),
	})
	must(m.t, err)
	l, err := net.Listen("tcp", address)
	must(m.t, err)
	server := &http.Server{
		Handler: b, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
	}
	must(m.t, b.ConfigureServer(server))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.ServeTLS(l, "", "") // ends with Close
	}()
	m.t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return roots
}
