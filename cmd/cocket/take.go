// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"cocket.example/cmd/cocket/internal/bulk"
	"cocket.example/declaration"
	"cocket.example/internal/strict"
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
		Use:   "take FILE.openings.jsonl[.age]|DIR {--row N | --leaf HASH} --out DIR|FILE",
		Short: "Take one opening, and its receipt, out of a batch",
		Long: `Take one opening out of the openings that "cocket seal --csv" wrote, so that you
can give a trader his own and no other. It is found by its row in the sheet, as a
spreadsheet counts (the names of the columns are row 1), or by its leaf hash, in
one file or in the folder of all. Encrypted openings need the identity that they
are encrypted to.

With --batch its receipt is cut from the batch receipts of "cocket submit
--batch", and lies beside it: of row-17.opening.json it is row-17.tlog-proof.
The opening is secret, the receipt is not.`,
		Example: `  cocket take sealed --row 17 --batch filed --out for-trader
  cocket take rows-00002-10001.openings.jsonl.age --identity key.txt \
      --leaf AajnoDyNvch+mfrOLtz4ER38OQQtLS3j/5M0BTIS2Xw= --out cert.opening.json`,
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
	content, err := json.MarshalIndent(picked.Opening, "", "  ")
	if err != nil {
		return err
	}
	out := output{path: t.out, mode: 0o600, force: t.force}
	if filepath.Ext(t.out) != ".json" {
		if err := makeDir(t.out); err != nil {
			return err
		}
		out.path = filepath.Join(t.out, picked.Name+openingSuffix)
	}
	if err := out.write(append(content, '\n')); err != nil {
		return err
	}
	if err := t.cut(cmd, out.path); err != nil {
		if !t.force { // then it is new, and of no use without its receipt
			err = errors.Join(err, os.Remove(out.path))
		}
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "leaf %s\nopening %s\n",
		base64Hash(declaration.LeafHash(picked.Opening.Entry())), out.path)
	return err
}

func (t taking) pick(path string) (bulk.Picked, error) {
	identities, err := readIdentities(t.identity)
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

// cut cuts the receipt of the opening.
func (t taking) cut(cmd *cobra.Command, path string) error {
	if t.batch == "" {
		return nil
	}
	_, err := cutting{batch: t.batch, force: t.force}.cut(cmd.Context(), []string{path}, io.Discard)
	return err
}

// readIdentities reads a file of identities; without one there are none. Errors repeat nothing of it.
func readIdentities(path string) ([]age.Identity, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	identities, err := age.ParseIdentities(f)
	if err != nil {
		return nil, fmt.Errorf("%s: want an identity of age, as AGE-SECRET-KEY-1…, which age-keygen prints", path)
	}
	return identities, nil
}
