// SPDX-License-Identifier: Apache-2.0

package peer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"cocket.example/log"
	"cocket.example/log/local"
	"cocket.example/receipt"
)

// runLocal appends to this project's log with everything on: idempotent, durable before the answer,
// every check before a signature, a checkpoint every 200 ms. No witnesses.
func runLocal(ctx context.Context, spec Spec, tell say) error {
	signer, err := note.NewSigner(spec.Key)
	if err != nil {
		return err
	}
	storage, err := openLocal(ctx, spec.Dir, signer.Name())
	if err != nil {
		return err
	}
	policy, err := receipt.ParsePolicy([]byte("log " + spec.VKey + "\nquorum none\n"))
	if err != nil {
		return errors.Join(err, storage.Close())
	}
	l, err := log.New(log.Config{
		Origin: signer.Name(), Signers: []note.Signer{signer}, Storage: storage, Policy: policy,
		Interval: 200 * time.Millisecond,
	})
	if err != nil {
		return errors.Join(err, storage.Close())
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- l.Run(running) }() // closes the storage
	result, err := load(ctx, spec, localSink(l.Append, l.Wait), tell)
	stop()
	if err := errors.Join(err, stopped(<-done)); err != nil {
		return err
	}
	return tell(Event{Result: &result})
}

// openLocal opens the storage in dir, and creates it where there is none.
func openLocal(ctx context.Context, dir, origin string) (*local.Storage, error) {
	_, err := os.Stat(filepath.Join(dir, "format"))
	fresh := errors.Is(err, fs.ErrNotExist)
	if fresh {
		if err := local.Create(local.Dir(dir), origin); err != nil {
			return nil, fmt.Errorf("creating a log in %s: %w", dir, err)
		}
	}
	storage, err := local.Open(ctx, local.Config{FS: local.Dir(dir)})
	if err != nil {
		return nil, fmt.Errorf("opening the log in %s: %w", dir, err)
	}
	if fresh {
		if err := log.Create(ctx, storage); err != nil {
			return nil, errors.Join(err, storage.Close())
		}
	}
	return storage, nil
}

type (
	appendFunc func(ctx context.Context, batch []log.Entry, index []uint64) error
	waitFunc   func(ctx context.Context, index uint64) error
)

// localSink hashes the leaves, as whoever calls Append has to.
func localSink(add appendFunc, wait waitFunc) sink {
	var last atomic.Uint64
	return sink{
		append: func(ctx context.Context, entries [][]byte) error {
			batch, index := make([]log.Entry, len(entries)), make([]uint64, len(entries))
			var leaf [1 + EntrySize]byte
			for i, e := range entries {
				copy(leaf[1:], e)
				batch[i] = log.Entry{Data: e, Leaf: sha256.Sum256(leaf[:])}
			}
			err := add(ctx, batch, index)
			for ; errors.Is(err, log.ErrPushback) && ctx.Err() == nil; err = add(ctx, batch, index) {
				Pause(ctx, time.Millisecond)
			}
			if err != nil {
				return err
			}
			raise(&last, index[len(index)-1])
			return nil
		},
		settle: func(ctx context.Context) error { return wait(ctx, last.Load()) },
	}
}

// raise makes v at least n.
func raise(v *atomic.Uint64, n uint64) {
	for old := v.Load(); n > old && !v.CompareAndSwap(old, n); {
		old = v.Load()
	}
}

// runJournal fills the write-ahead log of a storage that nobody signs for, and holds still until it
// is killed.
func runJournal(ctx context.Context, spec Spec, tell say) error {
	storage, err := local.Open(ctx, local.Config{FS: local.Dir(spec.Dir), Retain: spec.Retain})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- storage.Run(running) }() // closes the storage
	settled := func(context.Context, uint64) error { return nil }
	result, err := load(ctx, spec, localSink(storage.Append, settled), tell)
	if err == nil {
		err = tell(Event{Result: &result})
		<-ctx.Done()
	}
	stop()
	return errors.Join(err, stopped(<-done))
}

// runOpen opens a storage, which replays its write-ahead log.
func runOpen(ctx context.Context, spec Spec, tell say) error {
	began := time.Now()
	storage, err := local.Open(ctx, local.Config{FS: local.Dir(spec.Dir)})
	if err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	tree, err := storage.Tree(ctx)
	if err := errors.Join(err, storage.Close()); err != nil {
		return err
	}
	return tell(Event{Result: &Result{Seconds: seconds, Entries: tree.Size}})
}
