// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cocket.example/internal/soak"
)

// TestFloodHTTP2 lets a stranger open as many connections of HTTP/2 as he may have, and more, with large
// unfinished bodies on as many streams as he may have on each. Meanwhile the log grows;
// how often is not asked, because the flood takes the processor of this very process.
func TestFloodHTTP2(t *testing.T) {
	soak.NoRace(t)
	t.Parallel()
	roots, more := makeCertificate(t)
	w := startWitness(t, more)
	w.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	w.scheme = "https"
	ctx, stop := context.WithTimeout(t.Context(), 8*time.Second)
	defer stop()
	var mu sync.Mutex
	statuses := make(map[int]int)
	var open sync.WaitGroup
	for range addressConnections + 10 {
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(stranger)}}
		client := &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, DialContext: dialer.DialContext, MaxConnsPerHost: 1,
		}}
		for range streams {
			open.Go(func() {
				status := flood2(ctx, client, "https://"+w.address)
				mu.Lock()
				defer mu.Unlock()
				statuses[status]++
			})
		}
	}
	grown, err := w.grow(ctx, 50*time.Millisecond)
	if err != nil || grown == 0 {
		t.Errorf("the log grew %d times: %v", grown, err)
	}
	open.Wait()
	if statuses[200] > 0 || statuses[429] == 0 {
		t.Errorf("answers by status: %v", statuses)
	}
	if peak := w.peak(); peak > maxMemory {
		t.Errorf("resident memory rose to %d MiB", peak>>20)
	}
	t.Logf("peak %d MiB, grown %d, answers %v", w.peak()>>20, grown, statuses)
}

// flood2 sends a body that does not end, and returns the status; 0 if there is none.
func flood2(ctx context.Context, client *http.Client, url string) int {
	body := io.MultiReader(io.LimitReader(zeros{}, 60_000), waiting{ctx})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/add-checkpoint", body)
	if err != nil {
		return 0
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// waiting is a body of which nothing comes before ctx ends.
type waiting struct{ ctx context.Context }

func (w waiting) Read([]byte) (int, error) {
	<-w.ctx.Done()
	return 0, w.ctx.Err()
}

// makeCertificate makes a certificate for 127.0.0.1 that is its own root, and the configuration for it.
func makeCertificate(t *testing.T) (*x509.CertPool, string) {
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
	for kind, b := range map[string][]byte{"CERTIFICATE": certificate, "PRIVATE KEY": secret} {
		path, text := filepath.Join(dir, kind), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return roots, fmt.Sprintf("tls: {certificate: %q, key: %q}\n",
		filepath.Join(dir, "CERTIFICATE"), filepath.Join(dir, "PRIVATE KEY"))
}
