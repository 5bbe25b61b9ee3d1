// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/note"

	"cocket.example/log"
	"cocket.example/receipt"
)

// witnesses are a Cosigner whose answers the test decides. Its cosignatures are real.
type witnesses struct {
	keys []*receipt.Cosigner

	mu      sync.Mutex
	confirm func(ctx context.Context) error
	quorum  func(ctx context.Context) error // nil: at once
	offered []byte
	lines   int // that have come
	asked   int
	ahead   error // what one of them showed
}

// Err returns what a witness showed.
func (w *witnesses) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ahead
}

func (w *witnesses) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (w *witnesses) Confirm(ctx context.Context, signed []byte) error {
	w.mu.Lock()
	w.offered = signed
	confirm := w.confirm
	w.mu.Unlock()
	if confirm == nil {
		return nil
	}
	return confirm(ctx)
}

func (w *witnesses) Cosign(ctx context.Context, signed []byte) ([]byte, error) {
	w.mu.Lock()
	w.offered, w.lines = signed, 1
	w.asked++
	quorum := w.quorum
	w.mu.Unlock()
	if quorum != nil {
		if err := quorum(ctx); err != nil {
			return nil, err
		}
	}
	return w.Cosigned(), nil
}

func (w *witnesses) Cosigned() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	cp, _, err := receipt.ParseCheckpoint(w.offered)
	if err != nil {
		return nil
	}
	b := bytes.Clone(w.offered)
	for _, key := range w.keys[:w.lines] {
		line, err := key.Cosign(cp, time.Now())
		if err != nil {
			panic(err)
		}
		b = append(b, line.String()...)
	}
	return b
}

// set changes how the witnesses answer.
func (w *witnesses) set(change func(w *witnesses)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

// bench is a log in memory whose every signature is recorded and judged.
type bench struct {
	t         *testing.T
	storage   *memory
	witnesses *witnesses
	config    log.Config
	out       bytes.Buffer // what the log wrote

	mu    sync.Mutex
	roots map[uint64]receipt.Hash // of what was signed
	count int                     // signatures
}

// newBench makes a log with two witnesses, one of which is the quorum.
func newBench(t *testing.T) *bench {
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, origin)
	must(t, err)
	signer, err := receipt.NewSigner(skey)
	must(t, err)
	b := &bench{t: t, storage: newMemory(), witnesses: &witnesses{}, roots: make(map[uint64]receipt.Hash)}
	lines := []string{"log " + vkey}
	for _, name := range []string{"w1", "w2"} {
		skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, "witness.example/"+name)
		must(t, err)
		key, err := receipt.NewCosigner(skey)
		must(t, err)
		b.witnesses.keys = append(b.witnesses.keys, key)
		lines = append(lines, "witness "+name+" "+vkey)
	}
	policy, err := receipt.ParsePolicy([]byte(strings.Join(lines, "\n") + "\ngroup one 1 w1 w2\nquorum one\n"))
	must(t, err)
	b.config = log.Config{
		Origin: origin, Signers: []note.Signer{recorder{signer, b}}, Policy: policy,
		Storage: b.storage, Cosigner: b.witnesses,
		Logger: slog.New(slog.NewTextHandler(&b.out, nil)),
	}
	must(t, log.Create(t.Context(), b.storage))
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recorder judges every signature: the head is the one journalled last, and no size has two roots.
type recorder struct {
	note.Signer
	b *bench
}

func (r recorder) Sign(msg []byte) ([]byte, error) {
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	head, err := r.b.storage.Signed(context.Background())
	if err != nil {
		return nil, err
	}
	journalled := receipt.Checkpoint{Origin: origin, Size: head.Size, Root: head.Root}
	if !bytes.Equal(msg, journalled.Body()) {
		r.b.t.Errorf("signed %q, journalled is %q", msg, journalled.Body())
	}
	if before, ok := r.b.roots[head.Size]; ok && before != head.Root {
		r.b.t.Errorf("signed two roots for size %d", head.Size)
	}
	r.b.roots[head.Size] = head.Root
	r.b.count++
	return r.Signer.Sign(msg)
}

// head returns the head journalled last.
func (b *bench) head() log.Head {
	b.storage.mu.Lock()
	defer b.storage.mu.Unlock()
	return b.storage.head
}

// kept counts the checkpoints kept so far.
func (b *bench) kept() int {
	b.storage.mu.Lock()
	defer b.storage.mu.Unlock()
	return len(b.storage.kept)
}

// asked counts how often the witnesses were asked.
func (b *bench) asked() int {
	b.witnesses.mu.Lock()
	defer b.witnesses.mu.Unlock()
	return b.witnesses.asked
}

// signatures counts what was signed so far.
func (b *bench) signatures() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count
}

// run runs the log until stop, which waits for its end.
func (b *bench) run() (l *log.Log, stop func()) {
	b.t.Helper()
	l, err := log.New(b.config)
	must(b.t, err)
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		b.t.Helper()
		cancel()
		if err := <-done; err != nil {
			b.t.Error(err)
		}
	})
	synctest.Wait()
	return l, stop
}

// published is the size that the storage has published, and the number of cosignatures.
func (b *bench) published() (size uint64, cosignatures int) {
	b.t.Helper()
	checkpoint, err := b.storage.Published(b.t.Context())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0
	}
	trusted, err := b.config.Policy.Verify(checkpoint)
	must(b.t, err)
	for _, w := range trusted.Report().Witnesses {
		if w.Err == nil {
			cosignatures++
		}
	}
	return trusted.Report().Checkpoint.Size, cosignatures
}

func (b *bench) wantPublished(size uint64, cosignatures int) {
	b.t.Helper()
	if s, c := b.published(); s != size || c != cosignatures {
		b.t.Errorf("published size %d with %d cosignatures, want %d with %d", s, c, size, cosignatures)
	}
}

// refuses checks that the log takes no entries and signs none.
func (b *bench) refuses(l *log.Log) {
	b.t.Helper()
	before := b.signatures()
	err := l.Append(b.t.Context(), entries(1000, 1), make([]uint64, 1))
	if !errors.Is(err, log.ErrPushback) {
		b.t.Errorf("append: %v, want ErrPushback", err)
	}
	time.Sleep(time.Hour)
	if b.signatures() != before {
		b.t.Error("a read-only log signed")
	}
}

// says checks that the log wrote why.
func (b *bench) says(want string) {
	b.t.Helper()
	if !strings.Contains(b.out.String(), want) {
		b.t.Errorf("want a message with %q, have:\n%s", want, b.out.String())
	}
}
