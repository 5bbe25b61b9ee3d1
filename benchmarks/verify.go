// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"cocket.example/receipt"
)

const (
	verifyMillion   = 1_000_000
	verifyBatch     = 65_536
	verifyWitnesses = 3
	// The batches lie in the middle of a tree of this size, aligned to nothing.
	verifySize  = 100_000_007
	verifyStart = 40_000_003
)

// measureVerify measures what whoever holds receipts computes; no log and no load is there.
func measureVerify(ctx context.Context, b *bench) (r results, err error) {
	s, err := newSigners()
	if err != nil {
		return r, err
	}
	for _, m := range []struct {
		figure  string
		measure func(context.Context, *bench, *signers, *results) error
	}{
		{"receipts_1m_s", measureMillion}, {"receipt_single_ms", measureSingle}, {"batch_cut_s", measureCut},
	} {
		if b.wants(m.figure) {
			if err := m.measure(ctx, b, s, &r); err != nil {
				return r, fmt.Errorf("%s: %w", m.figure, err)
			}
		}
	}
	return r, nil
}

// signers are a log and its witnesses, all of whom the policy wants.
type signers struct {
	log       *receipt.Signer
	witnesses []*receipt.Cosigner
	policy    receipt.Policy
}

func newSigners() (*signers, error) {
	key, err := newLogKey()
	if err != nil {
		return nil, err
	}
	var s signers
	if s.log, err = receipt.NewSigner(key.secret); err != nil {
		return nil, err
	}
	text, group := "log "+key.verifier+"\n", fmt.Sprintf("group quorum %d", verifyWitnesses)
	for i := range verifyWitnesses {
		secret, verifier, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, fmt.Sprintf("witness.example/w%d", i))
		if err != nil {
			return nil, err
		}
		w, err := receipt.NewCosigner(secret)
		if err != nil {
			return nil, err
		}
		s.witnesses = append(s.witnesses, w)
		text += fmt.Sprintf("witness w%d %s\n", i, verifier)
		group += fmt.Sprintf(" w%d", i)
	}
	s.policy, err = receipt.ParsePolicy([]byte(text + group + "\nquorum quorum\n"))
	return &s, err
}

// sign returns the cosigned checkpoint of a tree.
func (s *signers) sign(size uint64, root []byte) ([]byte, error) {
	cp := receipt.Checkpoint{Origin: origin, Size: size, Root: receipt.Hash(root)}
	checkpoint, err := cp.Sign(s.log)
	for _, w := range s.witnesses {
		line, e := w.Cosign(cp, time.Now())
		err = errors.Join(err, e)
		checkpoint = append(checkpoint, line.String()...)
	}
	return checkpoint, err
}

// batch makes a batch receipt of n entries with their leaf hashes. Of the rest of the tree only the
// subtrees around the batch are there, which is all that a proof shows.
func (s *signers) batch(n int) (b receipt.Batch, leaves []receipt.Hash, err error) {
	b.Start, b.End = verifyStart, verifyStart+uint64(n)
	b.Left = randomHashes(compact.RangeSize(0, b.Start))
	b.Right = randomHashes(compact.RangeSize(b.End, verifySize))
	leaves = randomHashes(n)
	factory := &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	tree, err := factory.NewRange(0, b.Start, byteSlices(b.Left))
	if err != nil {
		return b, nil, err
	}
	for i := range leaves {
		if err := tree.Append(leaves[i][:], nil); err != nil {
			return b, nil, err
		}
	}
	right, err := factory.NewRange(b.End, verifySize, byteSlices(b.Right))
	if err != nil {
		return b, nil, err
	}
	if err := tree.AppendRange(right, nil); err != nil {
		return b, nil, err
	}
	root, err := tree.GetRootHash(nil)
	if err != nil {
		return b, nil, err
	}
	b.Checkpoint, err = s.sign(verifySize, root)
	return b, leaves, err
}

func randomHashes(n int) []receipt.Hash {
	hashes := make([]receipt.Hash, n)
	for i := range hashes {
		rand.Read(hashes[i][:]) // never fails
	}
	return hashes
}

func byteSlices(hashes []receipt.Hash) [][]byte {
	all := make([][]byte, len(hashes))
	for i := range hashes {
		all[i] = hashes[i][:]
	}
	return all
}

// printed is a receipt as its holder has it.
type printed struct {
	leaf receipt.Hash
	text []byte
}

// measureMillion verifies receipts under one checkpoint, whose signatures are checked once: from the
// bytes of each, over all cores. They are printed in portions, which does not count.
func measureMillion(ctx context.Context, b *bench, s *signers, r *results) error {
	const portion = 50_000
	n := full(b, verifyMillion, verifyMillion/5)
	batch, leaves, err := s.batch(n)
	if err != nil {
		return err
	}
	receipts, err := batch.Cut(leaves)
	if err != nil {
		return err
	}
	began := time.Now()
	trusted, err := s.policy.Verify(batch.Checkpoint)
	if err != nil {
		return err
	}
	spent, computed, verified := time.Since(began), 0.0, 0
	ready := make([]printed, 0, portion)
	for one := range receipts {
		ready = append(ready, printed{leaves[one.Index-batch.Start], one.Bytes()})
		if len(ready) < portion {
			continue
		}
		runtime.GC() // what printing left behind
		began, before := time.Now(), cpuSeconds()
		if err := verifyAll(ctx, trusted, ready); err != nil {
			return err
		}
		spent, computed = spent+time.Since(began), computed+cpuSeconds()-before
		verified, ready = verified+len(ready), ready[:0]
	}
	if verified != n {
		return fmt.Errorf("%d receipts of %d were verified", verified, n)
	}
	seconds := spent.Seconds() * verifyMillion / float64(n)
	r.add("receipts_1m_s", seconds, map[string]float64{
		"receipts": float64(n), "seconds": spent.Seconds(), "cores": float64(runtime.GOMAXPROCS(0)),
		"cpu_us_each": computed * 1e6 / float64(n), // what others leave of the cores is not in it
	})
	return nil
}

// cpuSeconds is what this process has computed so far, over all cores.
func cpuSeconds() float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func verifyAll(ctx context.Context, trusted receipt.Trusted, receipts []printed) error {
	cores := runtime.GOMAXPROCS(0)
	g, ctx := errgroup.WithContext(ctx)
	for part := range slices.Chunk(receipts, (len(receipts)+cores-1)/cores) {
		g.Go(func() error {
			for _, p := range part {
				one, err := receipt.Parse(p.text)
				if err != nil {
					return err
				}
				if err := trusted.Includes(p.leaf, one); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}

// measureSingle verifies one receipt with the four signatures of its checkpoint, again and again.
func measureSingle(ctx context.Context, b *bench, s *signers, r *results) error {
	batch, leaves, err := s.batch(1)
	if err != nil {
		return err
	}
	receipts, err := batch.Cut(leaves)
	if err != nil {
		return err
	}
	var text []byte
	for one := range receipts {
		text = one.Bytes()
	}
	var ms []float64
	for range full(b, 5000, 1000) {
		began := time.Now()
		one, err := receipt.Parse(text)
		if err != nil {
			return err
		}
		trusted, err := s.policy.Verify(one.Checkpoint)
		if err != nil {
			return err
		}
		if err := trusted.Includes(leaves[0], one); err != nil {
			return err
		}
		ms = append(ms, float64(time.Since(began).Nanoseconds())/1e6)
	}
	r.add("receipt_single_ms", median(ms), map[string]float64{
		"median_ms": median(ms), "p99_ms": percentile(ms, 0.99), "bytes": float64(len(text)), "witnesses": verifyWitnesses,
	})
	return ctx.Err()
}

// measureCut parses a batch receipt, checks it against its entries, and cuts and prints all receipts.
func measureCut(ctx context.Context, b *bench, s *signers, r *results) error {
	batch, leaves, err := s.batch(verifyBatch)
	if err != nil {
		return err
	}
	text := batch.Bytes()
	var seconds []float64
	bytes := 0
	for range full(b, 9, 5) {
		began := time.Now()
		parsed, err := receipt.ParseBatch(text)
		if err != nil {
			return err
		}
		receipts, err := parsed.Cut(leaves)
		if err != nil {
			return err
		}
		n := 0
		bytes = 0
		for one := range receipts {
			n, bytes = n+1, bytes+len(one.Bytes())
		}
		if seconds = append(seconds, time.Since(began).Seconds()); n != verifyBatch {
			return fmt.Errorf("%d receipts were cut, want %d", n, verifyBatch)
		}
	}
	r.add("batch_cut_s", median(seconds), map[string]float64{
		"median_s": median(seconds), "max_s": percentile(seconds, 1), "receipts": verifyBatch,
		"bytes_each": float64(bytes) / verifyBatch, "batch_bytes": float64(len(text)),
	})
	return ctx.Err()
}
