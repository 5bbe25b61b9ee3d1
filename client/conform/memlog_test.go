// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/receipt"
)

const origin = "log.example/conform"

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// memlog is a log in memory that does everything right, written for these tests alone. What it has
// taken and what it has signed are apart, as they are in a real log: it signs what it has taken after
// the checkpoint was read a few times, so that nothing depends on the speed of the machine.
type memlog struct {
	signer note.Signer
	key    receipt.VerifierKey

	mu         sync.Mutex
	entries    [][]byte
	signed     int // how many of them the checkpoint covers
	checkpoint []byte
	reads      int // of the checkpoint
}

// patience is how many times a checkpoint is read before there is a new one.
const patience = 4

func newMemlog() *memlog {
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		panic(err)
	}
	m := &memlog{signer: must(note.NewSigner(skey)), key: must(receipt.ParseVerifierKey(vkey))}
	m.publish()
	return m
}

// publish signs what was taken. The caller holds the lock, if there is anybody else.
func (m *memlog) publish() {
	m.signed = len(m.entries)
	m.checkpoint = m.sign(m.body())
}

func (m *memlog) body() string {
	root := subtree(m.leaves(0, m.signed))
	return fmt.Sprintf("%s\n%d\n%s\n", origin, m.signed, base64.StdEncoding.EncodeToString(root[:]))
}

func (m *memlog) sign(text string) []byte {
	return must(note.Sign(&note.Note{Text: text}, m.signer))
}

func (m *memlog) leaves(from, to int) []tlog.Hash {
	hashes := make([]tlog.Hash, 0, to-from)
	for _, e := range m.entries[from:to] {
		hashes = append(hashes, tlog.RecordHash(e))
	}
	return hashes
}

// subtree is the root of RFC 6962 section 2.1, word for word.
func subtree(leaves []tlog.Hash) tlog.Hash {
	switch len(leaves) {
	case 0:
		return must(tlog.TreeHash(0, nil))
	case 1:
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return tlog.NodeHash(subtree(leaves[:k]), subtree(leaves[k:]))
}

// resource is a tile or bundle as this tree of size has it, nil if it has none.
func (m *memlog) resource(name string, size int) []byte {
	written := strings.Replace(strings.TrimPrefix(name, "/tile/"), "entries/", "data/", 1)
	t, err := tlog.ParseTilePath("tile/8/" + written)
	if err != nil || t.L > 3 || t.N > 1<<20 || strings.HasPrefix(name, "/tile/data/") {
		return nil
	}
	span := 1 << (8 * max(t.L, 0)) // leaves below one hash
	from := int(t.N) * 256 * span
	if from+t.W*span > size {
		return nil
	}
	var b []byte
	for i := from; i < from+t.W*span; i += span {
		if t.L < 0 {
			b = binary.BigEndian.AppendUint16(b, uint16(len(m.entries[i])))
			b = append(b, m.entries[i]...)
		} else {
			hash := subtree(m.leaves(i, i+span))
			b = append(b, hash[:]...)
		}
	}
	return b
}

// ServeHTTP is c2sp.org/tlog-tiles, with POST /add and /add-batch.
func (m *memlog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/add":
		m.add(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/add-batch":
		m.addBatch(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "no", http.StatusMethodNotAllowed)
	case r.RequestURI == "/checkpoint":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=1")
		w.Write(m.checkpoint)
		if m.reads++; m.reads%patience == 0 {
			m.publish()
		}
	default:
		m.tile(w, r, m.signed)
	}
}

func (m *memlog) add(w http.ResponseWriter, r *http.Request) {
	entry := must(io.ReadAll(r.Body))
	if len(entry) > 65_535 {
		http.Error(w, "too long", http.StatusRequestEntityTooLarge)
		return
	}
	m.entries = append(m.entries, entry)
	fmt.Fprint(w, len(m.entries)-1)
}

func (m *memlog) addBatch(w http.ResponseWriter, r *http.Request) {
	first := len(m.entries)
	for body := must(io.ReadAll(r.Body)); len(body) > 0; {
		n := 2 + int(binary.BigEndian.Uint16(body))
		m.entries, body = append(m.entries, body[2:n]), body[n:]
	}
	fmt.Fprintf(w, "%d %d\n", first, len(m.entries)-first)
}

// tile serves tiles as they are, and bundles compressed for whoever accepts that.
func (m *memlog) tile(w http.ResponseWriter, r *http.Request, size int) {
	body := m.resource(r.RequestURI, size)
	if body == nil {
		http.Error(w, "not there", http.StatusNotFound)
		return
	}
	w.Header().Set("Vary", "Accept-Encoding")
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	if strings.Contains(r.RequestURI, "entries") && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		body = zipped(body)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func zipped(b []byte) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	must(w.Write(b))
	w.Close()
	return z.Bytes()
}

// start serves a handler over the log, and returns its URL.
func (m *memlog) start(t *testing.T, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func unzipped(b []byte) []byte {
	return must(io.ReadAll(must(gzip.NewReader(bytes.NewReader(b)))))
}

// size is how many entries are signed.
func (m *memlog) size() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.signed
}
