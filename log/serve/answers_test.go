// SPDX-License-Identifier: Apache-2.0

package serve_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"cocket.example/internal/tile"
	"cocket.example/log/internal/logtest"
	"cocket.example/log/serve"
	"cocket.example/receipt"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// gated is a log whose bundles wait for a gate, and say when they came to it.
type gated struct {
	*logtest.Log
	entered chan struct{}
	open    chan struct{}
}

func (g gated) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	g.entered <- struct{}{}
	<-g.open
	return g.Log.ReadBundle(ctx, index, width)
}

// TestCompression is L10: the same bytes, in whatever encoding, and never one that was not asked for.
func TestCompression(t *testing.T) {
	l := logtest.Start(t)
	l.Add(t, entries(0, 256)...)
	s := start(t, l)
	for _, path := range []string{"/tile/entries/000", "/tile/0/000", "/checkpoint", "/"} {
		plain := s.get(path, "Accept-Encoding: identity")
		for accept, want := range map[string]string{
			"":                     "",
			"gzip":                 "gzip",
			"zstd":                 "zstd",
			"gzip, zstd":           "zstd",
			"br":                   "",
			"br, gzip;q=0.5":       "gzip",
			"gzip;q=0, zstd;q=0":   "",
			"deflate, gzip;q=1.0":  "gzip",
			"gzip;q=1, zstd;q=0.1": "gzip",
		} {
			a := s.get(path, "Accept-Encoding: "+accept)
			got := a.header.Get("Content-Encoding")
			if path == "/tile/0/000" || path == "/checkpoint" {
				want = "" // hashes, and what is short
			}
			if got != want || a.header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s with %q: %q, want %q; Vary %q", path, accept, got, want, a.header.Get("Vary"))
			}
			if decoded := decode(t, got, a.body); decoded != plain.body {
				t.Errorf("%s with %q: other bytes", path, accept)
			}
		}
	}
}

func decode(t *testing.T, encoding, body string) string {
	t.Helper()
	r := io.Reader(strings.NewReader(body))
	var err error
	switch encoding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestProofs is L13, judged by another implementation.
func TestProofs(t *testing.T) {
	l := logtest.Start(t)
	s := start(t, l)
	const n = 40
	l.Add(t, entries(0, n)...)
	roots := make([][]byte, n+1)
	for size := range uint64(n + 1) {
		root, err := tile.Root(t.Context(), l, size)
		if err != nil {
			t.Fatal(err)
		}
		roots[size] = root[:]
	}
	for size := range uint64(n + 1) {
		for from := range size + 1 {
			consistency := s.hashes(t, fmt.Sprintf("/consistency/%d/%d", from, size))
			if from > 0 {
				err := proof.VerifyConsistency(rfc6962.DefaultHasher, from, size, consistency, roots[from], roots[size])
				if err != nil {
					t.Errorf("consistency of %d and %d: %v", from, size, err)
				}
			}
			if from == size {
				continue
			}
			leaf := rfc6962.DefaultHasher.HashLeaf(entries(int(from), 1)[0])
			inclusion := s.hashes(t, fmt.Sprintf("/inclusion/%d/%d", from, size))
			err := proof.VerifyInclusion(rfc6962.DefaultHasher, from, size, leaf, inclusion, roots[size])
			if err != nil {
				t.Errorf("inclusion of %d in %d: %v", from, size, err)
			}
		}
	}
}

// hashes reads a proof.
func (s *server) hashes(t *testing.T, path string) (hashes [][]byte) {
	t.Helper()
	res, err := s.Client().Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 || res.Header.Get("Cache-Control") != immutable {
		t.Fatalf("%s: %d %q %v", path, res.StatusCode, body, err)
	}
	for line := range strings.Lines(string(body)) {
		hash, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, hash)
	}
	return hashes
}

func TestReceipts(t *testing.T) {
	l := logtest.Start(t)
	s := start(t, l)
	data := entries(0, 5)
	l.Add(t, data[:2]...)
	l.Add(t, data[2:]...)
	var size uint64
	for i, entry := range data {
		for query, cache := range map[string]string{
			"":                                      "public, max-age=60",
			"?wait=60s":                             "public, max-age=60",
			"?at=latest":                            "public, max-age=1",
			"?signatures=ed25519":                   "public, max-age=60",
			"?wait=1s&at=latest&signatures=ed25519": "public, max-age=1",
		} {
			a := s.get(fmt.Sprintf("/receipt/%d%s", i, query))
			a.want(t, text, cache)
			cp := verify(t, l, entry, a.body)
			if strings.Contains(query, "latest") {
				size = cp.Size
			} else if i < 2 && cp.Size != 2 {
				t.Errorf("receipt of %d is for size %d, want the earliest, 2", i, cp.Size)
			}
		}
	}
	if size != 5 {
		t.Errorf("the latest receipt is for size %d, want 5", size)
	}
	s.get("/receipt/5").refused(t, 404)
	s.get("/receipt/5?wait=1ms").refused(t, 404)
	done := make(chan answer)
	go func() { done <- s.get("/receipt/5?wait=60s") }()
	later := []byte("later")
	l.Add(t, later)
	verify(t, l, later, (<-done).body)
}

func verify(t *testing.T, l *logtest.Log, entry []byte, text string) receipt.Checkpoint {
	t.Helper()
	proof, err := receipt.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	trusted, err := l.Policy.Verify(proof.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if err := trusted.Includes(logtest.LeafHash(entry), proof); err != nil {
		t.Error(err)
	}
	return trusted.Report().Checkpoint
}

// witnessed is a log whose receipts carry the cosignatures of a witness with two keys.
type witnessed struct {
	*logtest.Log
	keys []*receipt.Cosigner
}

func (l witnessed) Receipt(ctx context.Context, index uint64, latest bool) (receipt.Receipt, error) {
	r, err := l.Log.Receipt(ctx, index, latest)
	if err != nil {
		return r, err
	}
	cp, _, err := receipt.ParseCheckpoint(r.Checkpoint)
	for _, k := range l.keys {
		line, _ := k.Cosign(cp, time.Now())
		r.Checkpoint = append(bytes.Clone(r.Checkpoint), line.String()...)
	}
	return r, err
}

// TestOnlyEd25519: a log and a witness sign with both algorithms; a receipt of Ed25519 alone verifies
// and is short.
func TestOnlyEd25519(t *testing.T) {
	l := logtest.StartWith(t, receipt.Ed25519, receipt.MLDSA44)
	l.Add(t, []byte("entry"))
	with := witnessed{Log: l}
	for _, typ := range []receipt.KeyType{receipt.Cosignature, receipt.MLDSA44} {
		skey, vkey, err := receipt.GenerateKey(rand.Reader, typ, "w.example")
		if err != nil {
			t.Fatal(err)
		}
		key, err := receipt.NewCosigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		verifier, err := receipt.ParseVerifierKey(vkey)
		if err != nil {
			t.Fatal(err)
		}
		with.keys = append(with.keys, key)
		l.Policy.Witnesses = append(l.Policy.Witnesses, receipt.Witness{Name: typ.String(), Key: verifier})
	}
	s := start(t, l, func(c *serve.Config) { c.Log = with })
	lines := func(body string) (n int) { return strings.Count(body, "\n— ") }
	all := s.get("/receipt/0").body
	l.Policy.Quorum = "ML-DSA-44"
	if verify(t, l, []byte("entry"), all); lines(all) != 4 || len(all) < 6500 || len(all) > 7500 {
		t.Errorf("%d signatures in %d bytes, want 4 and about 7,000", lines(all), len(all))
	}
	short := s.get("/receipt/0?signatures=ed25519").body
	l.Policy.Quorum = "Ed25519 cosignature"
	if verify(t, l, []byte("entry"), short); lines(short) != 2 || len(short) > 500 {
		t.Errorf("%d signatures in %d bytes, want 2 and below 500", lines(short), len(short))
	}
	if len(l.Policy.Logs) != 2 {
		t.Fatal("the log has not two keys")
	}
	metadata := s.get("/metadata").body
	for _, key := range l.Policy.Logs {
		if !strings.Contains(metadata, key.Key.String()) {
			t.Errorf("metadata without %s", key.Key)
		}
	}
}

// TestNoEd25519: without an Ed25519 signature of the log there is no short receipt.
func TestNoEd25519(t *testing.T) {
	l := logtest.StartWith(t, receipt.MLDSA44)
	l.Add(t, []byte("entry"))
	s := start(t, l)
	verify(t, l, []byte("entry"), s.get("/receipt/0").body)
	s.get("/receipt/0?signatures=ed25519").refused(t, 404)
}

func TestIndexAndRefers(t *testing.T) {
	l := logtest.Start(t)
	s := start(t, l)
	issued := logtest.Issue(t)
	amended, withdrawn := logtest.Refer(t, "amend", issued), logtest.Refer(t, "withdraw", issued)
	path := func(kind string, entry []byte) string {
		leaf := logtest.LeafHash(entry)
		return "/" + kind + "/" + hex.EncodeToString(leaf[:])
	}
	l.Add(t, issued)
	if a := s.get(path("refers", issued)); a.status != 200 || a.body != "" {
		t.Errorf("refers before any: %d %q", a.status, a.body)
	}
	l.Add(t, amended)
	l.Add(t, []byte("else"), withdrawn)
	refers := s.get(path("refers", issued))
	refers.want(t, text, "public, max-age=1")
	if refers.body != "1\n3\n" {
		t.Errorf("refers %q", refers.body)
	}
	index := s.get(path("index", withdrawn))
	index.want(t, text, immutable)
	if index.body != "3" {
		t.Errorf("index %q", index.body)
	}
	s.get(path("refers", []byte("never"))).refused(t, 404)
	s.get(path("index", []byte("never"))).refused(t, 404)
}

// behind is an index of references that is being built.
type behind struct{}

func (behind) Find(ctx context.Context, _ [32]byte, _ uint64) ([]uint64, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestRefersIsBehind(t *testing.T) {
	l := logtest.Start(t)
	l.Add(t, []byte("entry"))
	s := start(t, l, func(c *serve.Config) {
		c.Refers = behind{}
		c.Patience = time.Millisecond
	})
	leaf := logtest.LeafHash([]byte("entry"))
	s.get("/refers/"+hex.EncodeToString(leaf[:])).refused(t, 503)
}

// broken is a log that cannot read.
type broken struct{ *logtest.Log }

func (broken) ReadTile(context.Context, uint64, uint64, int) ([]byte, error) {
	return nil, errors.New("/var/log/x: input/output error")
}

func TestBrokenStorage(t *testing.T) {
	s := start(t, logtest.Start(t), func(c *serve.Config) { c.Log = broken{c.Log.(*logtest.Log)} })
	a := s.get("/tile/0/000")
	a.refused(t, 500)
	if strings.Contains(a.body, "/var") {
		t.Errorf("the answer shows what only the operator should see: %q", a.body)
	}
}
