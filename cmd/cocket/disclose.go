// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cocket.example/client"
	"cocket.example/declaration"
	"cocket.example/declaration/profile"
)

// disclosing is what the flags of disclose say.
type disclosing struct {
	receipt   string
	fields    []string
	audience  string // for whom there is a fixed set of fields
	certifier bool
	out       output
}

func newDiscloseCommand() *cobra.Command {
	d := disclosing{out: output{mode: 0o600}}
	cmd := &cobra.Command{
		Use: `disclose OPENING --receipt FILE {--for WHOM | --fields PATH,PATH} \
      --out FILE`,
		Short: "Show some fields of an opening, and nothing of the others",
		Long: `Write a disclosure: the entry, its receipt, and the fields that you name, with
what proves that they are the ones committed to. Whoever gets it can verify it
without a connection, learns nothing of the other fields, and can pass it on. A
field that the declaration does not have is shown to be absent.

With --for the fields are those that the profile usually shows to somebody: the
importer never sees who produces, or where; customs sees everything; a carrier
sees what travels with the goods. "cocket profile" lists them. With --fields
besides, those are shown too.`,
		Example: `  cocket disclose cert.opening.json --receipt cert.tlog-proof \
      --fields goods[0].hs,goods[0].criterion --out cert.disclosure.json
  cocket disclose cert.opening.json --receipt cert.tlog-proof --for importer \
      --out importer.disclosure.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return d.disclose(args[0]) },
	}
	cmd.Flags().StringVar(&d.receipt, "receipt", "", "`FILE` of the receipt")
	cmd.Flags().StringSliceVar(&d.fields, "fields", nil, "`PATH`s of the fields to show, with commas")
	cmd.Flags().StringVar(&d.audience, "for", "",
		"`WHOM` to show the usual fields: "+strings.Join(profile.Audiences, ", "))
	cmd.Flags().BoolVar(&d.certifier, "certifier", false, "show the certifier's signature as well")
	cmd.Flags().StringVar(&d.out.path, "out", "", "`FILE` for the disclosure, such as cert.disclosure.json")
	cmd.Flags().BoolVar(&d.out.force, "force", false, "overwrite the file")
	require(cmd, "receipt", "out")
	cmd.MarkFlagsOneRequired("fields", "for")
	return cmd
}

// disclose checks what it wrote as a reader would, but for the policy, which is the reader's.
func (d disclosing) disclose(path string) error {
	if err := d.out.check(); err != nil {
		return err
	}
	if d.audience != "" && !slices.Contains(profile.Audiences, d.audience) {
		return fmt.Errorf("--for %q: want one of %s", d.audience, strings.Join(profile.Audiences, ", "))
	}
	opening, err := readOpening(path)
	if err != nil {
		return err
	}
	proof, err := readFile(d.receipt)
	if err != nil {
		return err
	}
	if err := client.Covers(opening.Entry(), proof); err != nil {
		return refutedError{fmt.Errorf("%s: %w", d.receipt, err)}
	}
	disclosure, err := opening.Disclose(proof, d.certifier, d.paths(opening)...)
	if err != nil {
		return err
	}
	if _, err := disclosure.Check(); err != nil {
		return refutedError{err}
	}
	content, err := json.MarshalIndent(disclosure, "", "  ")
	if err != nil {
		return err
	}
	return d.out.write(append(content, '\n'))
}

// paths are those of the fields to show.
func (d disclosing) paths(o declaration.Opening) []string {
	if d.audience == "" {
		return d.fields
	}
	return append(o.Shown(d.audience), d.fields...)
}

// readOpening reads an opening, which opens its entry or is refuted.
func readOpening(path string) (declaration.Opening, error) {
	b, err := readFile(path)
	if err != nil {
		return declaration.Opening{}, err
	}
	if kind := recognise(b); kind != kindOpening {
		return declaration.Opening{}, fmt.Errorf("%s is %s, want an opening", path, kind)
	}
	opening, err := declaration.ParseOpening(b)
	if err != nil {
		return opening, refutedError{fmt.Errorf("%s: %w", path, err)}
	}
	return opening, nil
}
