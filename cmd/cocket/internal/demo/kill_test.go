// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	ours "cocket.example/client"
	"cocket.example/declaration"
	"cocket.example/internal/soak"
	"cocket.example/internal/tile"
	"cocket.example/log/local"
	"cocket.example/receipt"
)

// TestKillServer kills the log server in the middle of a load, again and again: no acknowledged
// entry is lost, no index changes, no size has two roots, and in the end everything that was ever
// acknowledged, proved or published holds in the last checkpoint.
func TestKillServer(t *testing.T) {
	rounds := soak.Rounds(20, 200)
	s, err := Prepare(t.TempDir(), bin)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := &history{index: make(map[[32]byte]uint64), roots: make(map[uint64][32]byte)}
	for round := range rounds {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() { h.load(ctx, t, s, round*4+worker) })
		}
		time.Sleep(time.Duration(20+rand.IntN(500)) * time.Millisecond) // the moment is what is tried
		if err := s.KillLog(); err != nil {
			t.Fatal(err)
		}
		cancel()
		wg.Wait()
		if err := s.StartLog(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.check(t, s)
	}
	if len(h.index) < rounds {
		t.Fatalf("only %d entries were acknowledged in %d rounds", len(h.index), rounds)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := checkFsck(t, s.Dir); err != nil {
		t.Fatal(err)
	}
	h.holds(t, s)
	t.Logf("%d rounds, %d acknowledged entries, %d receipts, %d published sizes",
		rounds, len(h.index), len(h.receipts), len(h.roots))
}

// history is everything that the log ever said.
type history struct {
	mu      sync.Mutex
	index   map[[32]byte]uint64
	entries [][]byte
	roots   map[uint64][32]byte

	receipts []proven
}

// proven is an entry whose receipt was given and verified.
type proven struct {
	leaf  [32]byte
	index uint64
}

// load submits entries and fetches checkpoints until ctx ends.
func (h *history) load(ctx context.Context, t *testing.T, s *Site, seed int) {
	c := newClient(t, s)
	in, err := openRows("", 1<<30)
	if err != nil {
		t.Error(err)
		return
	}
	for ctx.Err() == nil {
		var batch [][]byte
		for range 10 {
			r, err := in.next()
			if err != nil {
				t.Error(err)
				return
			}
			r.fields["declaration.number"] = fmt.Sprintf("%d-%s", seed, r.fields["declaration.number"])
			l := sealOne(1, r)
			if l.entry == nil {
				t.Error(l.Refused)
				return
			}
			batch = append(batch, l.entry)
		}
		index, err := c.SubmitBatch(ctx, batch)
		if err != nil {
			continue // not acknowledged
		}
		h.acknowledged(t, batch, index)
		h.proved(ctx, t, s, c, batch[9], index[9])
		if cp, err := c.Checkpoint(ctx); err == nil {
			h.published(t, s, cp)
		}
	}
}

func (h *history) acknowledged(t *testing.T, batch [][]byte, index []uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, entry := range batch {
		leaf := declaration.LeafHash(entry)
		if before, ok := h.index[leaf]; ok && before != index[i] {
			t.Errorf("entry %d has index %d now", before, index[i])
		} else if !ok {
			h.entries = append(h.entries, entry)
		}
		h.index[leaf] = index[i]
	}
}

// proved fetches the receipt of an entry, if the server lives long enough.
func (h *history) proved(ctx context.Context, t *testing.T, s *Site, c *ours.Client, entry []byte, index uint64) {
	if b, err := c.Receipt(ctx, index, patience); err == nil { // else none was given
		h.given(t, s, b, entry, index)
	}
}

// given verifies a receipt and remembers it.
func (h *history) given(t *testing.T, s *Site, b, entry []byte, index uint64) {
	t.Helper()
	r, err := receipt.Parse(b)
	if err != nil {
		t.Error(err)
		return
	}
	trusted, err := s.Policy.Verify(r.Checkpoint)
	if err == nil {
		err = trusted.Includes(declaration.LeafHash(entry), r)
	}
	if err != nil || r.Index != index {
		t.Errorf("receipt for entry %d at %d: %v", r.Index, index, err)
		return
	}
	h.published(t, s, r.Checkpoint)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.receipts = append(h.receipts, proven{declaration.LeafHash(entry), index})
}

// holds verifies, in the last checkpoint, every entry that was acknowledged or had a receipt, at its
// index, and that every published checkpoint is a prefix of the last. The server is stopped.
func (h *history) holds(t *testing.T, s *Site) {
	t.Helper()
	last := read(t, s.Dir, "log/checkpoint")
	trusted, err := s.Policy.Verify(last)
	if err != nil {
		t.Fatal(err)
	}
	storage, err := local.Open(t.Context(), local.Config{FS: local.Dir(filepath.Join(s.Dir, "log"))})
	if err != nil {
		t.Fatal(err)
	}
	defer storage.Close()
	cp := trusted.Report().Checkpoint
	all := h.receipts
	for leaf, index := range h.index {
		all = append(all, proven{leaf, index})
	}
	for _, g := range all {
		path, err := tile.Inclusion(t.Context(), storage, g.index, cp.Size)
		if err == nil {
			err = trusted.Includes(g.leaf, receipt.Receipt{Index: g.index, Proof: path, Checkpoint: last})
		}
		if err != nil {
			t.Errorf("entry %d is not in the last checkpoint of %d: %v", g.index, cp.Size, err)
		}
	}
	for size, root := range h.roots {
		if err := prefix(t.Context(), storage, size, root, cp); err != nil {
			t.Errorf("the checkpoint of %d is no prefix of the last of %d: %v", size, cp.Size, err)
		}
	}
}

// prefix verifies that a tree is consistent with the one of a checkpoint.
func prefix(ctx context.Context, r tile.Reader, size uint64, root [32]byte, last receipt.Checkpoint) error {
	hashes, err := tile.Consistency(ctx, r, size, last.Size)
	if err != nil {
		return err
	}
	var path [][]byte
	for _, hash := range hashes {
		path = append(path, hash[:])
	}
	return proof.VerifyConsistency(rfc6962.DefaultHasher, size, last.Size, path, root[:], last.Root[:])
}

func (h *history) published(t *testing.T, s *Site, checkpoint []byte) {
	trusted, err := s.Policy.Verify(checkpoint)
	if err != nil {
		t.Error(err)
		return
	}
	cp := trusted.Report().Checkpoint
	h.mu.Lock()
	defer h.mu.Unlock()
	if root, ok := h.roots[cp.Size]; ok && root != cp.Root {
		t.Errorf("size %d has two roots", cp.Size)
	}
	h.roots[cp.Size] = cp.Root
}

// check submits everything that was ever acknowledged again: each entry must have its old index, and a
// receipt at it that verifies.
func (h *history) check(t *testing.T, s *Site) {
	if len(h.entries) == 0 {
		return
	}
	c := newClient(t, s)
	index, err := c.SubmitBatch(t.Context(), h.entries)
	if err != nil {
		t.Fatal(err)
	}
	h.acknowledged(t, h.entries, index)
	for _, i := range []int{0, rand.IntN(len(h.entries)), len(h.entries) - 1} {
		b, err := c.Receipt(t.Context(), index[i], patience)
		if err != nil {
			t.Fatalf("entry %d: %v", index[i], err)
		}
		h.given(t, s, b, h.entries[i], index[i])
	}
}

func newClient(t *testing.T, s *Site) *ours.Client {
	t.Helper()
	c, err := ours.New(ours.Config{URL: s.LogURL, Token: s.Token, Attempts: 2})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
