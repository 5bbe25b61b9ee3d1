// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"cocket.example/cmd/cocket/internal/bulk"
	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/declaration"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// taking is what the flags of take say.
type taking struct {
	row      int
	leaf     string
	identity string
	batch    string
	out      string
	force    bool
}

func newTakeCommand() *cobra.Command {
	var t taking
	cmd := &cobra.Command{
		Use:   "take {DIR | FILE.openings.jsonl[.age]} {--row N|--leaf HASH} --out OUT",
		Short: "Take one opening, and its receipt, out of a batch",
		Long: `Take one opening out of the openings that "cocket seal --csv" wrote, so that you
can give a trader his own and no other. It is found by its row in the sheet, as
a spreadsheet counts (the names of the columns are row 1), or by its leaf hash,
in one file or in the folder of all. Encrypted openings need the identity that
they are encrypted to.

With --batch its receipt is cut from the batch receipts of "cocket submit
--batch", and lies beside it: of row-17.opening.json it is row-17.tlog-proof.
The opening is secret, the receipt is not.`,
		Example: `  cocket take sealed --row 17 --batch filed --out for-trader
  cocket take rows-00002-10001.openings.jsonl.age --identity key.txt \
      --leaf AajnoDyNvch+mfrOLtz4ER38OQQtLS3j/5M0BTIS2Xw= \
      --out cert.opening.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.take(cmd, args[0])
		},
	}
	f := cmd.Flags()
	f.IntVar(&t.row, "row", 0, "number of the `ROW` in the sheet, or of one of its rows")
	f.StringVar(&t.leaf, "leaf", "", "leaf `HASH` of the entry, in base64")
	f.StringVar(&t.identity, "identity", "", "`FILE` of an identity of age, for openings that are encrypted")
	f.StringVar(&t.batch, "batch", "", "`DIR` of batch receipts, or the file of one")
	f.StringVar(&t.out, "out", "", "`DIR` to write to, or a file whose name ends in .json")
	f.BoolVar(&t.force, "force", false, "overwrite what is there")
	cmd.MarkFlagsOneRequired("row", "leaf")
	cmd.MarkFlagsMutuallyExclusive("row", "leaf")
	require(cmd, "out")
	return cmd
}

// take writes the opening and, if there are batch receipts, its receipt.
func (t taking) take(cmd *cobra.Command, path string) error {
	picked, err := t.pick(path)
	if err != nil {
		return err
	}
	e, err := t.entry(picked)
	if err != nil {
		return err
	}
	var r receipt.Receipt
	if t.batch != "" {
		if r, err = receiptOf(t.batch, e.leaf, e.log); err != nil {
			return err
		}
	}
	content, err := json.MarshalIndent(picked.Opening, "", "  ")
	if err != nil {
		return err
	}
	if err := (output{path: e.path, mode: 0o600, force: t.force}).write(append(content, '\n')); err != nil {
		return err
	}
	if t.batch != "" {
		if err := t.writeReceipt(e, r); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "leaf %s\nopening %s\n", base64Hash(e.leaf), printable(e.path))
	return err
}

// entry returns the entry of an opening, with the path that the opening is for.
func (t taking) entry(picked bulk.Picked) (e sealedEntry, err error) {
	e.path, e.data = t.out, picked.Opening.Entry()
	parsed, err := declaration.Parse(e.data)
	if err != nil {
		return e, refutedError{err}
	}
	e.log, e.leaf = parsed.Log, declaration.LeafHash(e.data)
	if filepath.Ext(t.out) == ".json" {
		return e, nil
	}
	e.path = filepath.Join(t.out, picked.Name+openings.One)
	return e, makeDir(t.out)
}

// writeReceipt writes the receipt beside the opening, which without it is removed if it is new.
func (t taking) writeReceipt(e sealedEntry, r receipt.Receipt) error {
	c := cutting{force: t.force}
	err := c.write(e, r)
	if err == nil {
		err = c.sync([]sealedEntry{e})
	}
	if err != nil && !t.force {
		err = errors.Join(err, os.Remove(e.path))
	}
	return err
}

func (t taking) pick(path string) (bulk.Picked, error) {
	identities, err := openings.Identities(t.identity)
	if err != nil {
		return bulk.Picked{}, err
	}
	want := bulk.Wanted{Row: t.row}
	if t.leaf != "" {
		if want.Leaf, err = strict.Hash(t.leaf); err != nil {
			return bulk.Picked{}, errors.New(`--leaf: want the leaf hash in base64, as "cocket inspect" shows it`)
		}
	} else if t.row < 1 {
		return bulk.Picked{}, fmt.Errorf("--row %d: want the number of a row, as a spreadsheet counts", t.row)
	}
	return bulk.Pick(path, want, identities)
}
