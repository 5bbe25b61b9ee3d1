// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sync/errgroup"

	"cocket.example/internal/soak"
	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/log/cosign"
	"cocket.example/log/local"
	"cocket.example/log/serve"
	"cocket.example/receipt"
	"cocket.example/witness"
)

// realLog is a log of ours that publishes nothing that the witness has not cosigned.
type realLog struct {
	*log.Log
	handler http.Handler
}

// newRealLog runs one until the test ends.
func newRealLog(t *testing.T, skey, vkey, witnessURL string) *realLog {
	t.Helper()
	_, witnessVKey := witnessKey()
	policy, err := receipt.ParsePolicy(fmt.Appendf(nil, "log %s\nwitness w1 %s %s\nquorum w1\n", vkey, witnessVKey, witnessURL))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := receipt.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	fsys := local.Dir(t.TempDir())
	if err := local.Create(fsys, signer.Name()); err != nil {
		t.Fatal(err)
	}
	storage, err := local.Open(t.Context(), local.Config{FS: fsys})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Create(t.Context(), storage); err != nil {
		t.Fatal(err)
	}
	gatherer, err := cosign.New(cosign.Config{
		Policy: policy,
		Prove: func(ctx context.Context, from, to uint64) ([]receipt.Hash, error) {
			return tile.Consistency(ctx, storage, from, to)
		},
		Root: func(ctx context.Context, size uint64) (receipt.Hash, error) { return tile.Root(ctx, storage, size) },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := log.New(log.Config{Origin: signer.Name(), Signers: []note.Signer{signer}, Storage: storage, Policy: policy,
		Cosigner: gatherer, Interval: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := serve.New(serve.Config{Log: l, Policy: policy,
		Metadata: serve.Metadata{Limits: serve.Limits{EntryBytes: tile.MaxEntry, BatchEntries: 1, BatchBytes: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &realLog{l, handler}
}

// add appends entries of these lengths, as many as there are.
func (l *realLog) add(ctx context.Context, first int, lengths ...int) error {
	batch := make([]log.Entry, len(lengths))
	for i, n := range lengths {
		data := fmt.Appendf(nil, "entry %d ", first+i)
		data = append(data, bytes.Repeat([]byte{byte(i)}, max(0, n-len(data)))...)
		batch[i] = log.Entry{Data: data, Leaf: [32]byte(rfc6962.DefaultHasher.HashLeaf(data))}
	}
	return l.Append(ctx, batch, make([]uint64, len(batch)))
}

// TestRealLog: a log that grows under load, with entries of every length there can be, is cosigned and
// mirrored, and a stop in the middle shows nowhere.
func TestRealLog(t *testing.T) {
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, "customs.example/log")
	if err != nil {
		t.Fatal(err)
	}
	key, err := receipt.ParseVerifierKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	var s *site
	var l *realLog
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.handler.ServeHTTP(w, r) }))
	defer public.Close()
	submission := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.witness.Handler().ServeHTTP(w, r)
	}))
	defer submission.Close()
	mirror := filepath.Join(t.TempDir(), "mirror")
	s = newSite(t, quick, Log{witness.Log{Keys: []receipt.VerifierKey{key}, URL: public.URL}, mirror})
	l = newRealLog(t, skey, vkey, submission.URL)

	long := make([]int, 257)
	for i := range long {
		long[i] = tile.MaxEntry
	}
	if err := l.add(t.Context(), 0, long...); err != nil {
		t.Fatal(err)
	}
	rounds := soak.Rounds(10, 200)
	group, ctx := errgroup.WithContext(t.Context())
	for n := range 4 {
		group.Go(func() error {
			for i := range rounds {
				if err := l.add(ctx, 1000*(1+n*rounds+i), make([]int, 100)...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	want := uint64(257 + 4*rounds*100)
	if err := l.Wait(t.Context(), want-1); err != nil {
		t.Fatal(err)
	}
	p := &paper{key: key}
	s.await(p, want)
	s.idle(p)
	if report := checkMirror(t, mirror, key); report.Size != want {
		t.Errorf("the mirror has size %d, want %d", report.Size, want)
	}
	if e := s.evidence(); len(e) > 0 {
		t.Errorf("evidence %+v; logged\n%s", e, s.logged)
	}
}
