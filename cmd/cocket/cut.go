// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"cocket.example/client"
	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/cmd/cocket/internal/progress"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// cutting is what the flags of cut say.
type cutting struct {
	batch string
	leaf  string
	out   string
	force bool
}

func newCutCommand() *cobra.Command {
	var c cutting
	cmd := &cobra.Command{
		Use: `cut --batch DIR|FILE [--out DIR] FILE...|DIR
  cocket cut --batch DIR|FILE --leaf HASH --out FILE`,
		Short: "Cut single receipts from batch receipts",
		Long: `Cut the receipt of every opening or entry named, or of all *.opening.json in a
folder, from the batch receipts that "cocket submit --batch" wrote. No
connection is needed. Of cert.opening.json the receipt is cert.tlog-proof, in
the folder of --out or else beside it: a receipt as any other, for "cocket
verify". It shows nothing of the batch; give it, and not the batch receipt, to
whom the entry concerns.

A batch receipt from elsewhere needs all entries of its range, named in the
order of their indexes, or their leaf hashes in that order, one a line in
base64, in the file START-END.leaves beside START-END.cocket-batch.

With --leaf the receipt of one entry of many is cut, by the leaf hash that its
holder names. Neither the entry nor its opening is needed.

Of several batch receipts that hold an entry, that of the smallest tree is
taken, which is the earliest, and none of another log than the entry is for. One
without leaf hashes beside it is tried last.
Receipts that are there already are kept. Signatures are for "cocket verify" to
check.`,
		Example: `  cocket cut openings --batch filed
  cocket cut cert.opening.json --batch filed/4096-14096.cocket-batch \
      --out receipts
  cocket cut --leaf mP2iKq0v3n5Ww1cJ6F1c2Yq0b8mH6vQ7dY3k2sL4hZE= --batch filed \
      --out cert.tlog-proof`,
		Args: func(cmd *cobra.Command, args []string) error {
			if c.leaf != "" {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.MinimumNArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.leaf != "" {
				return c.cutLeaf(cmd.OutOrStdout())
			}
			n, err := c.cut(cmd.Context(), args, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "receipts %d\n", n)
			return err
		},
	}
	cmd.Flags().StringVar(&c.batch, "batch", "", "`DIR` of batch receipts, or the file of one")
	cmd.Flags().StringVar(&c.leaf, "leaf", "", "`HASH` in base64 of the one entry whose receipt is wanted")
	cmd.Flags().StringVar(&c.out, "out", "",
		"`DIR` for the receipts; without it, beside the openings; with --leaf the file")
	cmd.Flags().BoolVar(&c.force, "force", false, "overwrite what is there")
	require(cmd, "batch")
	return cmd
}

// cutLeaf writes the receipt of one leaf hash.
func (c cutting) cutLeaf(w io.Writer) error {
	leaf, err := strict.Hash(c.leaf)
	if err != nil {
		return errors.New(`--leaf: want the leaf hash in base64, as "cocket inspect" shows it`)
	}
	if c.out == "" {
		return errors.New("--leaf needs --out FILE, such as cert.tlog-proof")
	}
	r, err := receiptOf(c.batch, leaf, "")
	if err != nil {
		return err
	}
	if err := (output{path: c.out, mode: 0o644, force: c.force}).write(r.Bytes()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "index %d\n", r.Index)
	return err
}

// cut returns the number of receipts that are there in the end.
func (c cutting) cut(ctx context.Context, args []string, w io.Writer) (int, error) {
	entries, err := readEntries(ctx, args, w)
	if err != nil {
		return 0, err
	}
	batches, err := batchesOf(c.batch, "")
	if err != nil {
		return 0, err
	}
	if err := c.checkPaths(entries); err != nil {
		return 0, err
	}
	if err := makeDir(c.out); c.out != "" && err != nil {
		return 0, err
	}
	p := progress.New(w, "cut", len(entries))
	defer p.Done()
	missing, err := c.cutAll(ctx, batches, entries, p)
	if err != nil {
		return 0, err
	}
	if err := c.sync(entries); err != nil {
		return 0, err
	}
	for _, e := range entries {
		if missing[e.leaf] != nil {
			return 0, c.notIn(e.path, len(missing)-1)
		}
	}
	return len(entries), nil
}

// notIn is the error of an entry, and of so many others, of which there is no batch receipt.
func (c cutting) notIn(path string, others int) error {
	if others > 0 {
		path = fmt.Sprintf("%s, and %d others,", path, others)
	}
	return fmt.Errorf("of %s there is no batch receipt in %s: file it with \"cocket submit --batch\", "+
		"or name the folder that it was filed into", path, c.batch)
}

// checkPaths refuses to write one receipt over another, or over an entry.
func (c cutting) checkPaths(entries []sealedEntry) error {
	inputs, outputs := make(map[string]bool), make(map[string]receipt.Hash)
	for _, e := range entries {
		inputs[filepath.Clean(e.path)] = true
	}
	for _, e := range entries {
		path := c.path(e)
		if leaf, ok := outputs[path]; ok && leaf != e.leaf {
			return fmt.Errorf("%s would be the receipt of two entries: name those of one folder at a time", path)
		}
		if inputs[path] {
			return fmt.Errorf("%s is an entry, its receipt would be written over one: choose another folder with --out", path)
		}
		outputs[path] = e.leaf
	}
	return nil
}

// cutAll cuts from one batch receipt after another until nothing is missing, and returns what is. One without leaf
// hashes comes last, and is taken to be of the entries that are given.
func (c cutting) cutAll(ctx context.Context, batches []batchFile, entries []sealedEntry, p *progress.Progress) (
	missing map[receipt.Hash][]sealedEntry, err error) {
	missing = make(map[receipt.Hash][]sealedEntry, len(entries))
	var given []receipt.Hash
	for _, e := range entries {
		missing[e.leaf], given = append(missing[e.leaf], e), append(given, e.leaf)
	}
	var bare []batchFile
	for _, f := range batches {
		if len(missing) == 0 {
			break
		}
		f.leaves, err = collectLeaves(f.path)
		if errors.Is(err, fs.ErrNotExist) {
			f.leaves = given
			bare = append(bare, f)
			continue
		}
		if err == nil {
			err = c.cutFrom(ctx, f, missing, p)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, f := range bare {
		if len(missing) == 0 {
			break
		}
		if err := c.cutFrom(ctx, f, missing, p); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

// cutFrom writes the receipts that a batch receipt gives, and takes their entries off missing.
func (c cutting) cutFrom(
	ctx context.Context, f batchFile, missing map[receipt.Hash][]sealedEntry, p *progress.Progress,
) error {
	receipts, err := f.batch.Cut(f.leaves)
	if err != nil {
		return refutedError{fmt.Errorf("%s: %w", f.path, err)}
	}
	for r := range receipts {
		leaf := f.leaves[r.Index-f.batch.Start]
		if len(missing[leaf]) == 0 || missing[leaf][0].log != f.origin {
			continue
		}
		for _, e := range missing[leaf] {
			if err := errors.Join(ctx.Err(), c.write(e, r)); err != nil {
				return err
			}
			p.Add(1)
		}
		delete(missing, leaf)
	}
	return nil
}

// write writes the receipt of an entry, unless there is one; with force that one is replaced.
func (c cutting) write(e sealedEntry, r receipt.Receipt) error {
	path := c.path(e)
	held, err := readFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case bytes.Equal(held, r.Bytes()), client.Covers(e.data, held) == nil && !c.force:
		return nil
	case !c.force:
		return fmt.Errorf("%s exists already and is no receipt of %s: choose another folder, "+
			"or give --force to overwrite it", path, e.path)
	}
	return output{path: path, mode: 0o644, force: c.force, later: true}.write(r.Bytes())
}

// path is where the receipt of an entry belongs.
func (c cutting) path(e sealedEntry) string {
	dir, name := filepath.Split(e.path)
	if c.out != "" {
		dir = c.out
	}
	base, opening := strings.CutSuffix(name, openings.One)
	if !opening {
		base = strings.TrimSuffix(name, filepath.Ext(name))
	}
	return filepath.Join(dir, base+".tlog-proof")
}

// sync makes all receipts durable.
func (c cutting) sync(entries []sealedEntry) error {
	synced := make(map[string]bool)
	for _, e := range entries {
		dir := filepath.Dir(c.path(e))
		if synced[dir] {
			continue
		}
		synced[dir] = true
		if err := syncAll(dir); err != nil {
			return err
		}
	}
	return nil
}
