// SPDX-License-Identifier: Apache-2.0

// Package logtest runs a whole log for tests: real storage in a temporary directory, real keys,
// publication every few milliseconds.
package logtest

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"runtime"
	"testing"
	"time"

	"cocket.example/declaration"
	"cocket.example/log"
	"cocket.example/log/local"
	"cocket.example/receipt"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

// Origin is the name of every log of this package.
const Origin = "customs.example/log"

// Submitter is the submitter of its declarations.
const Submitter = "broker.example"

// Log is a log that runs until its test ends.
type Log struct {
	*log.Log
	Dir    string
	Policy receipt.Policy // the log's keys and no quorum
}

// Start creates a log and runs it.
func Start(t *testing.T) *Log { return StartEvery(t, 5*time.Millisecond) }

// StartEvery is Start with a time between checkpoints, the first of which comes after that time.
func StartEvery(t *testing.T, interval time.Duration) *Log {
	t.Helper()
	return start(t, interval, receipt.Ed25519)
}

// StartWith is Start with a key of each of these types.
func StartWith(t *testing.T, types ...receipt.KeyType) *Log {
	t.Helper()
	return start(t, 5*time.Millisecond, types...)
}

func start(t *testing.T, interval time.Duration, types ...receipt.KeyType) *Log {
	t.Helper()
	dir := t.TempDir()
	if err := local.Create(local.Dir(dir), Origin); err != nil {
		t.Fatal(err)
	}
	storage, err := local.Open(t.Context(), local.Config{FS: local.Dir(dir)})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Create(t.Context(), storage); err != nil {
		t.Fatal(err)
	}
	signers, policy := keys(t, types)
	l, err := log.New(log.Config{
		Origin:   Origin,
		Signers:  signers,
		Storage:  storage,
		Policy:   policy,
		Interval: interval,
	})
	if err != nil {
		t.Fatal(err)
	}
	Run(t, l.Run)
	return &Log{Log: l, Dir: dir, Policy: policy}
}

// keys makes keys, and a policy that names them all.
func keys(t *testing.T, types []receipt.KeyType) (signers []note.Signer, policy receipt.Policy) {
	t.Helper()
	var lines string
	for _, typ := range types {
		skey, vkey, err := receipt.GenerateKey(rand.Reader, typ, Origin)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := receipt.NewLogSigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		signers, lines = append(signers, signer), lines+"log "+vkey+"\n"
	}
	policy, err := receipt.ParsePolicy([]byte(lines + "quorum none\n"))
	if err != nil {
		t.Fatal(err)
	}
	return signers, policy
}

// Run runs until the test ends.
func Run(t *testing.T, f func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Add appends entries and waits until they are published.
func (l *Log) Add(t *testing.T, entries ...[]byte) []uint64 {
	t.Helper()
	index := l.Sequence(t, entries...)
	for _, i := range index {
		if err := l.Wait(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	return index
}

// Sequence appends entries, which are then durable.
func (l *Log) Sequence(t *testing.T, entries ...[]byte) []uint64 {
	t.Helper()
	batch := make([]log.Entry, len(entries))
	for i, e := range entries {
		batch[i] = log.Entry{Data: e, Leaf: LeafHash(e)}
	}
	index := make([]uint64, len(batch))
	if err := l.Append(t.Context(), batch, index); err != nil {
		t.Fatal(err)
	}
	return index
}

// AwaitCheckpoint waits until a checkpoint is published, of whatever size.
func (l *Log) AwaitCheckpoint(t *testing.T) {
	t.Helper()
	for {
		_, err := l.Published(t.Context())
		if err == nil {
			return
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
}

// LeafHash is the RFC 6962 hash of an entry.
func LeafHash(entry []byte) [32]byte { return [32]byte(rfc6962.DefaultHasher.HashLeaf(entry)) }

// Issue seals a new declaration.
func Issue(t *testing.T) []byte {
	return Seal(t, declaration.Declaration{Event: "issue"})
}

// Refer seals an amendment or withdrawal of the entry target.
func Refer(t *testing.T, event string, target []byte) []byte {
	leaf := LeafHash(target)
	return Seal(t, declaration.Declaration{Event: event, Refers: &leaf})
}

// Seal completes a declaration where it is empty, seals it and returns its entry.
func Seal(t *testing.T, d declaration.Declaration) []byte {
	t.Helper()
	return Open(t, d).Entry()
}

// Open is Seal, and returns the opening.
func Open(t *testing.T, d declaration.Declaration) declaration.Opening {
	t.Helper()
	d.Log = cmp.Or(d.Log, Origin)
	d.Submitter = cmp.Or(d.Submitter, Submitter)
	d.Profile = cmp.Or(d.Profile, "usmca/1")
	d.Fields = fields
	if d.Event == "withdraw" {
		d.Fields = withdrawalFields
	}
	opening, err := d.Seal(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return opening
}

// fields of a certification; those of a withdrawal are fewer.
var fields = map[string]string{
	"goods.count": "1", "certifier.role": "PRODUCER", "certifier.title": "Director", "certifier.name": "Acme Textiles",
	"certifier.address": "1 Mill Road, Puebla", "certifier.country": "MX",
	"certifier.phone": "+52 222 000 0000", "certifier.email": "origin@acme.example",
	"exporter.kind": "CERTIFIER", "importer.kind": "UNKNOWN",
	"signature.date": "2026-11-23", "statement": "USMCA-5-A",
	"goods[0].description": "cotton shirts", "goods[0].hs": "620520", "goods[0].criterion": "B",
	"goods[0].producer.kind": "CERTIFIER",
}

var withdrawalFields = map[string]string{"goods.count": "0", "date": "2026-11-24"}
