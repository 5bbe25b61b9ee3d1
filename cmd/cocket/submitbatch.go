// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"cocket.example/client"
	"cocket.example/cmd/cocket/internal/progress"
	"cocket.example/cmd/internal/keyfile"
	"cocket.example/receipt"
)

const (
	requestEntries = 65_536  // of one request
	rangeEntries   = 1 << 20 // of one batch receipt, so that the file of its leaf hashes can be read
)

// batchSubmission files many entries into a folder of batch receipts:
//
//	read ▸ leave out what the folder proves already ▸ append ▸ sort the indexes into ranges
//	     ▸ for each range: wait for its batch receipt, verify it, write it
//
// It can be broken off anywhere and run again: appending gives the same indexes again, and what is
// written is left out.
type batchSubmission struct {
	submission
	policy   receipt.Policy
	origin   string // of the log that all entries are for
	progress io.Writer
}

// submitBatch files the entries of all files, and says where their receipts are.
func (s submission) submitBatch(ctx context.Context, args []string, out, w io.Writer) error {
	policy, err := readPolicy(s.policy)
	if err != nil {
		return err
	}
	entries, err := readEntries(ctx, args, w)
	if err != nil {
		return err
	}
	b := batchSubmission{s, policy, entries[0].log, w}
	for _, e := range entries {
		if e.log != b.origin {
			return fmt.Errorf("%s is for %s, and %s for %s: submit them apart", entries[0].path, b.origin, e.path, e.log)
		}
	}
	held, err := b.held()
	if err != nil {
		return err
	}
	files, missing := sortOut(entries, held)
	if len(missing) > 0 {
		made, err := b.file(ctx, missing)
		if err != nil {
			return err
		}
		files = append(files, made...)
	}
	return b.print(out, files)
}

// held reads the batch receipts that the folder holds already, and makes it if there is none. They
// are kept, since those fetched later may prove a later time only.
func (b batchSubmission) held() ([]batchFile, error) {
	if err := makeDir(b.out.path); err != nil {
		return nil, err
	}
	paths, err := batchPaths(b.out.path)
	if err != nil {
		return nil, err
	}
	var files []batchFile
	for _, path := range paths {
		f, err := readBatchFile(path)
		if err == nil {
			err = b.check(f)
		}
		if err == nil {
			files = append(files, f)
		} else if !b.out.force {
			return nil, fmt.Errorf("%s exists already and does not verify (%w): choose another folder, "+
				"or give --force to leave it out", path, err)
		}
	}
	return files, nil
}

// check verifies a batch receipt: signatures, quorum, that all leaves are in the tree, and that it is
// of the log that the entries are for.
func (b batchSubmission) check(f batchFile) error {
	trusted, err := b.policy.Verify(f.batch.Checkpoint)
	if err != nil {
		return err
	}
	if origin := trusted.Report().Checkpoint.Origin; origin != b.origin {
		return fmt.Errorf("the entries are for %s, the receipt is of %s", b.origin, origin)
	}
	return trusted.IncludesBatch(f.leaves, f.batch)
}

// sortOut returns the files that prove some of the entries, and the entries that none proves, each
// once.
func sortOut(entries []sealedEntry, held []batchFile) (files []batchFile, missing []sealedEntry) {
	proven := make(map[receipt.Hash]int) // number of the file
	for n, f := range held {
		for _, leaf := range f.leaves {
			proven[leaf] = n
		}
	}
	used := make([]bool, len(held))
	seen := make(map[receipt.Hash]bool, len(entries))
	for _, e := range entries {
		if n, ok := proven[e.leaf]; ok {
			used[n] = true
		} else if !seen[e.leaf] {
			seen[e.leaf] = true
			missing = append(missing, e)
		}
	}
	for n, f := range held {
		if used[n] {
			files = append(files, f)
		}
	}
	return files, missing
}

// file appends entries and writes the batch receipt of each range of indexes that they got.
func (b batchSubmission) file(ctx context.Context, entries []sealedEntry) (files []batchFile, err error) {
	token, err := keyfile.Read(b.token)
	if err != nil {
		return nil, fmt.Errorf("--token-file: %w", err)
	}
	c, err := client.New(client.Config{URL: b.url, Token: token})
	if err != nil {
		return nil, err
	}
	filed, err := b.append(ctx, c, entries)
	if err != nil {
		return nil, err
	}
	ranges, err := rangesOf(filed)
	if err != nil {
		return nil, err
	}
	p := progress.New(b.progress, "receipts for", len(entries))
	defer p.Done()
	for _, r := range ranges {
		f, err := b.fetch(ctx, c, r)
		if err != nil {
			return nil, err
		}
		if err := f.write(b.out.force); err != nil {
			return nil, err
		}
		files = append(files, f)
		p.Add(len(r))
	}
	return files, nil
}

// place is where a leaf is in the log, as the log said.
type place struct {
	index uint64
	leaf  receipt.Hash
}

// append sends the entries, as many at once as a request takes.
func (b batchSubmission) append(ctx context.Context, c *client.Client, entries []sealedEntry) ([]place, error) {
	p := progress.New(b.progress, "filed", len(entries))
	defer p.Done()
	places := make([]place, 0, len(entries))
	for chunk := range slices.Chunk(entries, requestEntries) {
		data := make([][]byte, len(chunk))
		for i, e := range chunk {
			data[i] = e.data
		}
		index, err := c.SubmitBatch(ctx, data)
		if err != nil {
			return nil, fmt.Errorf("%d of %d entries are on file: %w", len(places), len(entries), err)
		}
		for i, e := range chunk {
			places = append(places, place{index[i], e.leaf})
		}
		p.Add(len(chunk))
	}
	return places, nil
}

// rangesOf sorts places by index and splits them where the indexes are not consecutive: entries that
// the log held already lie elsewhere, and others' entries may lie between those of two requests.
func rangesOf(places []place) (ranges [][]place, err error) {
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.index, b.index) })
	for start := 0; start < len(places); {
		end := start + 1
		for end < len(places) && end-start < rangeEntries && places[end].index == places[end-1].index+1 {
			end++
		}
		if end < len(places) && places[end].index == places[end-1].index {
			return nil, refutedError{fmt.Errorf("the log gave two different entries the index %d", places[end].index)}
		}
		ranges, start = append(ranges, places[start:end]), end
	}
	return ranges, nil
}

// fetch waits for the batch receipt of a range and verifies it.
func (b batchSubmission) fetch(ctx context.Context, c *client.Client, r []place) (batchFile, error) {
	start, end := r[0].index, r[len(r)-1].index+1
	f := batchFile{path: filepath.Join(b.out.path, fmt.Sprintf("%d-%d%s", start, end, batchSuffix))}
	text, err := c.BatchReceipt(ctx, start, end, b.wait)
	if errors.Is(err, fs.ErrNotExist) {
		return f, fmt.Errorf("the entries %d to %d are durable, but no quorum of witnesses cosigned them "+
			"within %v: run the same command again later, which is safe", start, end-1, b.wait)
	}
	if err != nil && !errors.Is(err, client.ErrNoReceipt) {
		return f, fmt.Errorf("the entries %d to %d are durable, their receipt is missing: %w", start, end-1, err)
	}
	for _, place := range r {
		f.leaves = append(f.leaves, place.leaf)
	}
	if err == nil {
		f.batch, err = receipt.ParseBatch(text)
	}
	if err == nil {
		err = b.check(f)
	}
	if err != nil {
		return f, refutedError{fmt.Errorf("the log's batch receipt does not verify, it was not written: %w", err)}
	}
	return f, nil
}

// print says of each batch receipt what it proves.
func (b batchSubmission) print(w io.Writer, files []batchFile) error {
	for _, f := range files {
		line := fmt.Sprintf("entries %d to %d: %s", f.batch.Start, f.batch.End-1, f.path)
		if t := b.policy.Examine(f.batch.Checkpoint).NoLaterThan; !t.IsZero() {
			line += ", on file no later than " + t.UTC().Format(time.RFC3339)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
