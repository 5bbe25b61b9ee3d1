// SPDX-License-Identifier: Apache-2.0

package peer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

// newTessera makes an appender with Tessera's defaults but for its batch size, which its bound on
// outstanding entries has to follow, and checkpoints as often as ours. Without antispam: it does not
// look for duplicates.
func newTessera(ctx context.Context, spec Spec) (*tessera.Appender, func(context.Context) error, error) {
	signer, err := note.NewSigner(spec.Key)
	if err != nil {
		return nil, nil, err
	}
	driver, err := posix.New(ctx, posix.Config{Path: spec.Dir})
	if err != nil {
		return nil, nil, err
	}
	batch := uint(max(spec.Batch, tessera.DefaultBatchMaxSize))
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(batch, tessera.DefaultBatchMaxAge).
		WithCheckpointInterval(200*time.Millisecond).
		WithPushback(max(tessera.DefaultPushbackMaxOutstanding, 16*batch)))
	return appender, shutdown, err
}

// runTessera appends to Tessera's POSIX storage. An entry counts once it is integrated, which is
// earlier than published.
func runTessera(ctx context.Context, spec Spec, tell say) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	appender, shutdown, err := newTessera(running, spec)
	if err != nil {
		return err
	}
	result, err := load(ctx, spec, sink{
		append: func(ctx context.Context, entries [][]byte) error { return addAll(ctx, appender, entries) },
		settle: func(context.Context) error { return nil },
	}, tell)
	if err != nil {
		return err
	}
	if err := shutdown(ctx); err != nil {
		return fmt.Errorf("shutdown: %w", err)
	}
	return tell(Event{Result: &result})
}

// addAll adds entries and waits for all of them. What is pushed back is added again.
func addAll(ctx context.Context, appender *tessera.Appender, entries [][]byte) error {
	futures := make([]tessera.IndexFuture, len(entries))
	for i, e := range entries {
		futures[i] = appender.Add(ctx, tessera.NewEntry(e))
	}
	for i, future := range futures {
		_, err := future()
		for errors.Is(err, tessera.ErrPushback) && ctx.Err() == nil {
			Pause(ctx, time.Millisecond)
			_, err = appender.Add(ctx, tessera.NewEntry(entries[i]))()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// runTesseraServer serves POST /add on Tessera's POSIX storage with its defaults, and answers with
// the index once the entry is integrated.
func runTesseraServer(ctx context.Context, spec Spec, tell say) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	appender, shutdown, err := newTessera(running, spec)
	if err != nil {
		return err
	}
	err = serve(ctx, tell, func(w http.ResponseWriter, r *http.Request) {
		body, ok := readBody(w, r)
		if !ok {
			return
		}
		index, err := appender.Add(r.Context(), tessera.NewEntry(body))()
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, index.Index) // a client that has gone needs no answer
	})
	return errors.Join(err, shutdown(running))
}

// runTesseraCheck checks every byte of a log that lies in a directory, with Tessera's fsck.
func runTesseraCheck(ctx context.Context, spec Spec, tell say) error {
	verifier, err := note.NewVerifier(spec.VKey)
	if err != nil {
		return err
	}
	files := client.FileFetcher{Root: spec.Dir}
	began := time.Now()
	check := fsck.New(verifier.Name(), verifier, files, leafHashes, fsck.Opts{N: spec.Workers})
	if err := check.Check(ctx); err != nil {
		return err
	}
	return tell(Event{Result: &Result{Entries: spec.Entries, Seconds: time.Since(began).Seconds()}})
}

// leafHashes hashes the entries of a bundle (c2sp.org/tlog-tiles).
func leafHashes(bundle []byte) ([][]byte, error) {
	var parsed api.EntryBundle
	if err := parsed.UnmarshalText(bundle); err != nil {
		return nil, fmt.Errorf("entry bundle: %w", err)
	}
	hashes := make([][]byte, len(parsed.Entries))
	for i, e := range parsed.Entries {
		hashes[i] = rfc6962.DefaultHasher.HashLeaf(e)
	}
	return hashes, nil
}
