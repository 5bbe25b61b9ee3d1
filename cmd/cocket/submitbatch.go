// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"cocket.example/receipt"
)

// batchSubmission files many entries into a folder of batch receipts:
//
//	survey all entries ▸ leave out what the folder proves already
//	▸ for each request, in order: append, sort the indexes into ranges
//	▸ behind it, for each range: wait for its batch receipt, verify it, write it
//
// It can be broken off anywhere and run again: appending gives the same indexes again, and what is
// written is left out. Memory does not grow with the entries but for a few bytes of each.
type batchSubmission struct {
	submission
	policy   receipt.Policy
	progress io.Writer
	entries  *survey
	held     *filedIndex

	mu    sync.Mutex
	filed batchTally // what is on file
}

// submitBatch files the entries of all files, and says what is on file then.
func (s submission) submitBatch(ctx context.Context, args []string, out, w io.Writer) (err error) {
	b := batchSubmission{submission: s, progress: w, held: new(filedIndex)}
	if b.policy, err = readPolicy(s.policy); err != nil {
		return err
	}
	sources, err := findSources(args, toSubmit)
	if err != nil {
		return err
	}
	if err := b.run(ctx, sources); err != nil && ctx.Err() != nil {
		return errors.New("interrupted: run the same command again to go on, which files nothing twice")
	} else if err != nil {
		return err
	}
	return b.print(out)
}

func (b *batchSubmission) run(ctx context.Context, sources []source) (err error) {
	if b.entries, err = newSurvey(ctx, sources, b.out.path, b.progress); err != nil {
		return err
	}
	defer b.entries.close()
	defer b.held.close()
	if err := knows(b.policy, b.entries.origin); err != nil {
		return err
	}
	if err := b.readHeld(); err != nil {
		return err
	}
	return b.file(ctx)
}

// readHeld reads the batch receipts that the folder holds already, and makes it if there is none. They
// are kept, since those fetched later may prove a later time only.
func (b *batchSubmission) readHeld() error {
	if err := makeDir(b.out.path); err != nil {
		return err
	}
	paths, err := batchPaths(b.out.path)
	if err != nil {
		return err
	}
	for _, path := range paths {
		f, err := b.held.add(path, b.policy)
		if err == nil && f.origin != b.entries.origin {
			err = fmt.Errorf("the entries are for %s, the receipt is of %s", b.entries.origin, f.origin)
		}
		if err != nil && !b.out.force {
			return fmt.Errorf("%s exists already and does not verify (%w): choose another folder, "+
				"or give --force to leave it out", path, err)
		}
	}
	return nil
}

// isHeld reports whether the folder held a batch receipt of the leaf when it was read.
func (b *batchSubmission) isHeld(leaf receipt.Hash) (bool, error) {
	f, err := b.held.find(leaf, b.entries.origin)
	if err != nil || f == nil || f.origin != b.entries.origin {
		return false, err
	}
	if f.used++; f.used == 1 {
		b.count(f.noLaterThan)
	}
	return true, nil
}

func (b *batchSubmission) count(noLaterThan time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.filed.add(noLaterThan)
}

// print says what is on file in the end.
func (b *batchSubmission) print(w io.Writer) error {
	n := len(b.entries.prefixes)
	lines := fmt.Sprintf("entries on file %d\n", n)
	if again := b.entries.given - n; again > 0 {
		lines += fmt.Sprintf("given again %d\n", again)
	}
	if t := b.filed.onFile(); !t.IsZero() {
		lines += "no later than " + t.UTC().Format(time.RFC3339) + "\n"
	}
	_, err := fmt.Fprintf(w, "%sbatch receipts %d in %s\n", lines, b.filed.batches, printable(b.out.path))
	return err
}
