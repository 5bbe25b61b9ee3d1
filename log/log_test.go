// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/log/local"
	"cocket.example/receipt"
)

const origin = "log.example/a"

// rig is a log on a real storage, which hooks can disturb.
type rig struct {
	t      *testing.T
	dir    string
	config log.Config
	roots  map[uint64]receipt.Hash // of every checkpoint that was ever published
	time   time.Time               // of the head journalled last
	broken bool                    // the log may refuse to start
}

func newRig(t *testing.T) *rig {
	t.Helper()
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := receipt.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := receipt.ParsePolicy([]byte("log " + vkey + "\nquorum none\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, dir: t.TempDir() + "/log", roots: make(map[uint64]receipt.Hash)}
	r.config = log.Config{
		Origin: origin, Signers: []note.Signer{signer}, Policy: policy,
		Interval: 5 * time.Millisecond, Timeout: 300 * time.Millisecond,
	}
	if err := local.Create(local.Dir(r.dir), origin); err != nil {
		t.Fatal(err)
	}
	s := r.open()
	if err := log.Create(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) open() *local.Storage {
	r.t.Helper()
	s, err := local.Open(r.t.Context(), local.Config{FS: local.Dir(r.dir), MinFree: 1, Reserve: 1})
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// run runs a log on the storage, seen through wrap, until stop.
func (r *rig) run(wrap func(log.Storage) log.Storage) (l *log.Log, stop func()) {
	r.t.Helper()
	c := r.config
	c.Storage = wrap(r.open())
	l, err := log.New(c)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil && !r.broken {
			r.t.Error(err)
		}
		r.look(c.Storage)
	})
	r.t.Cleanup(stop)
	return l, stop
}

// look compares what is published and journalled with what was seen before: one root for a size, and
// no earlier time.
func (r *rig) look(s log.Storage) {
	r.t.Helper()
	head, err := s.Signed(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	if head.Time.Before(r.time) {
		r.t.Errorf("journalled time went back from %s to %s", r.time, head.Time)
	}
	r.time = head.Time
	r.seen(head.Size, head.Root)
	checkpoint, err := s.Published(context.Background())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	trusted, err := r.config.Policy.Verify(checkpoint)
	if err != nil {
		r.t.Fatal(err)
	}
	cp := trusted.Report().Checkpoint
	r.seen(cp.Size, cp.Root)
	if cp.Size > head.Size {
		r.t.Errorf("size %d is published, %d journalled", cp.Size, head.Size)
	}
}

func (r *rig) seen(size uint64, root receipt.Hash) {
	if before, ok := r.roots[size]; ok && before != root {
		r.t.Errorf("size %d has two roots", size)
	}
	r.roots[size] = root
}

func same(s log.Storage) log.Storage { return s }

func entries(from, n int) []log.Entry {
	batch := make([]log.Entry, n)
	for i := range batch {
		data := fmt.Appendf(nil, "entry %d", from+i)
		batch[i] = log.Entry{Data: data, Leaf: [32]byte(rfc6962.DefaultHasher.HashLeaf(data))}
	}
	return batch
}

func add(t *testing.T, l *log.Log, from, n int) []uint64 {
	t.Helper()
	index := make([]uint64, n)
	if err := l.Append(t.Context(), entries(from, n), index); err != nil {
		t.Fatal(err)
	}
	return index
}

func TestReceipts(t *testing.T) {
	r := newRig(t)
	l, _ := r.run(same)
	for round := range 5 {
		index := add(t, l, 300*round, 300)
		if err := l.Wait(t.Context(), index[299]); err != nil {
			t.Fatal(err)
		}
		for _, i := range []int{0, 17, 299} {
			for _, latest := range []bool{false, true} {
				got, err := l.Receipt(t.Context(), index[i], latest)
				if err != nil {
					t.Fatal(err)
				}
				trusted, err := r.config.Policy.Verify(got.Checkpoint)
				if err != nil {
					t.Fatal(err)
				}
				if err := trusted.Includes(entries(300*round+i, 1)[0].Leaf, got); err != nil {
					t.Error(err)
				}
				if err := trusted.Includes(entries(300*round+i+1, 1)[0].Leaf, got); err == nil {
					t.Error("a receipt holds for another entry")
				}
			}
		}
	}
}

// TestGate: nothing is read beyond the signed size, though it lies on disk.
func TestGate(t *testing.T) {
	r := newRig(t)
	r.config.Interval = time.Hour
	l, _ := r.run(same)
	index := add(t, l, 0, 300)
	if _, err := l.Entry(t.Context(), index[299]); err != nil { // integrated by then
		t.Fatal(err)
	}
	if _, err := l.ReadTile(t.Context(), 0, 0, tile.Width); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a tile beyond the signed size: %v", err)
	}
	if _, err := l.ReadBundle(t.Context(), 1, 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a bundle beyond the signed size: %v", err)
	}
	if _, err := l.Receipt(t.Context(), 0, false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a receipt before a checkpoint: %v", err)
	}
}

// tree is the root over the first n entries, by the recursion of RFC 6962 section 2.1.
func tree(n int) receipt.Hash {
	var hash func(from, n int) []byte
	hash = func(from, n int) []byte {
		if n == 1 {
			return rfc6962.DefaultHasher.HashLeaf(entries(from, 1)[0].Data)
		}
		k := 1
		for 2*k < n {
			k *= 2
		}
		return rfc6962.DefaultHasher.HashChildren(hash(from, k), hash(from+k, n-k))
	}
	return receipt.Hash(hash(0, n))
}

// faulty fails journal and publication, before or after they take effect.
type faulty struct {
	log.Storage
	step  string
	after bool
	armed atomic.Bool
}

var errCrash = errors.New("crash")

func (f *faulty) do(step string, effect func() error) error {
	if step != f.step || !f.armed.Load() {
		return effect()
	}
	if f.after {
		return errors.Join(effect(), errCrash)
	}
	return errCrash
}

func (f *faulty) Sign(ctx context.Context, previous, next log.Head) error {
	return f.do("sign", func() error { return f.Storage.Sign(ctx, previous, next) })
}

func (f *faulty) Publish(ctx context.Context, size uint64, checkpoint []byte) error {
	return f.do("publish", func() error { return f.Storage.Publish(ctx, size, checkpoint) })
}

// TestFailedStep lets each step of a publication fail, with and without effect, and goes on.
func TestFailedStep(t *testing.T) {
	for _, step := range []string{"sign", "publish"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, with effect %v", step, after), func(t *testing.T) {
				r := newRig(t)
				f := &faulty{step: step, after: after}
				l, stop := r.run(func(s log.Storage) log.Storage { f.Storage = s; return f })
				if err := l.Wait(t.Context(), add(t, l, 0, 10)[9]); err != nil {
					t.Fatal(err)
				}
				f.armed.Store(true)
				add(t, l, 10, 10)
				stop()
				l, stop = r.run(same)
				if err := l.Wait(t.Context(), add(t, l, 20, 10)[9]); err != nil {
					t.Fatal(err)
				}
				stop()
				if r.roots[30] != tree(30) {
					t.Fatal("the entries are not in the published tree")
				}
			})
		}
	}
}

// TestHeartbeat signs an unchanged tree again, with a later time.
func TestHeartbeat(t *testing.T) {
	r := newRig(t)
	r.config.Heartbeat = 50 * time.Millisecond
	s := r.open()
	before, err := s.Signed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	var kept log.Storage
	_, stop := r.run(func(s log.Storage) log.Storage { kept = s; return s })
	deadline := time.After(10 * time.Second)
	for tick := time.Tick(10 * time.Millisecond); ; {
		head, err := kept.Signed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if head.Time.After(before.Time) {
			break
		}
		select {
		case <-tick:
		case <-deadline:
			t.Fatal("no heartbeat")
		}
	}
	stop()
}

// TestOlderJournal: a published checkpoint that is ahead of the journal makes the log read-only.
func TestOlderJournal(t *testing.T) {
	r := newRig(t)
	ahead, err := receipt.Checkpoint{Origin: origin, Size: 10, Root: tree(10)}.Sign(r.config.Signers...)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.dir+"/checkpoint", ahead, 0o644); err != nil {
		t.Fatal(err)
	}
	c := r.config
	c.Storage = r.open()
	l, err := log.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- l.Run(ctx) }()
	for tick := time.Tick(time.Millisecond); ; <-tick {
		if err := l.Append(t.Context(), entries(0, 1), make([]uint64, 1)); errors.Is(err, log.ErrPushback) {
			break
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
