// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cocket.example/cmd/cocket/internal/bulk"
	"cocket.example/cmd/internal/config"
	"cocket.example/cmd/internal/keyfile"
	"cocket.example/declaration"
	"cocket.example/declaration/rule"
	"cocket.example/declaration/sheet"
	"cocket.example/internal/strict"
)

// sheetFlags are the flags of seal for a sheet of declarations.
type sheetFlags struct {
	csv, mapping  string
	recipients    []string
	recipientFile string
	batch         int
}

func (s *sheetFlags) add(f *pflag.FlagSet) {
	f.StringVar(&s.csv, "csv", "", "sheet `FILE` of declarations, one or more rows each")
	f.StringVar(&s.mapping, "map", "", "mapping `FILE`: which column is which field")
	f.StringArrayVar(&s.recipients, "recipient", nil, "`RECIPIENT` of age, as age1…, that openings are encrypted to; can be repeated")
	f.StringVarP(&s.recipientFile, "recipients-file", "R", "", "`FILE` of recipients, one a line")
	f.IntVar(&s.batch, "batch-size", 10_000, "declarations whose openings share a file")
}

// args wants a file or a sheet, with the flags of each.
func (s *sealing) args(cmd *cobra.Command, args []string) error {
	only := func(names ...string) error {
		for _, name := range names {
			if cmd.Flags().Changed(name) {
				return fmt.Errorf("--%s does not go with this: see cocket seal --help", name)
			}
		}
		return nil
	}
	if s.sheet.csv == "" {
		if err := cobra.ExactArgs(1)(cmd, args); err != nil {
			return fmt.Errorf("%w: a declaration in JSON, or --csv with a sheet of many", err)
		}
		return only("map", "recipient", "recipients-file", "batch-size")
	}
	if len(args) > 0 {
		return fmt.Errorf("%s and --csv: want one of the two", args[0])
	}
	if s.sheet.mapping == "" {
		return errors.New("--csv: want --map with the mapping of its columns, see docs/bulk.md")
	}
	if e := s.declaration.Event; e == "amend" || e == "withdraw" {
		return fmt.Errorf("--event %s is about one entry each: seal it from a file of its own", e)
	}
	return only("refers", "force", "add")
}

// sealSheet seals the rows of a sheet and says what became of them.
func (s sealing) sealSheet(cmd *cobra.Command) error {
	c, err := s.bulk()
	if err != nil {
		return err
	}
	c.Progress = cmd.ErrOrStderr()
	sum, err := bulk.Seal(cmd.Context(), c)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(cmd.OutOrStdout(), sum); err != nil || sum.RefusedRows == 0 {
		return err
	}
	return refutedError{fmt.Errorf("%d of %d rows are refused: mend them in %s, where each has its reasons, "+
		"and seal that sheet with the same mapping into another folder",
		sum.RefusedRows, sum.Rows, filepath.Join(s.out.path, "refused.csv"))}
}

// bulk reads what the flags name.
func (s sealing) bulk() (c bulk.Config, err error) {
	c = bulk.Config{Source: s.sheet.csv, Dir: s.out.path, Form: s.declaration, Batch: s.sheet.batch,
		Describe: func(f rule.Finding) string { return f.Message(rule.Language(s.lang)) }}
	if c.Map, err = s.readMap(); err != nil {
		return c, err
	}
	c.Form.Profile = c.Map.Profile
	if err := declaration.CheckSubmitter(c.Form.Submitter); err != nil {
		return c, err
	}
	if err := strict.Name(c.Form.Log); err != nil {
		return c, fmt.Errorf("--log: %w", err)
	}
	if c.Form.Tariffs, err = readTariffs(s.tariffs); err != nil {
		return c, err
	}
	if c.Recipients, err = s.sheet.readRecipients(); err != nil {
		return c, err
	}
	if s.strict {
		c.Refuse = []rule.Level{rule.Error, rule.Warning}
	}
	if c.Sign, err = s.signers(); err != nil {
		return c, err
	}
	c.Options, err = s.options()
	return c, err
}

func (s sealing) readMap() (m sheet.Map, err error) {
	path := s.sheet.mapping
	if err := config.Load(path, &m); err != nil {
		return m, err
	}
	if p := s.declaration.Profile; m.Profile == "" {
		m.Profile = p
	} else if p != "" && p != m.Profile {
		return m, fmt.Errorf("--profile %s: %s is for %s", p, path, m.Profile)
	}
	if err := m.Check(s.declaration.Event); err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func (s sheetFlags) readRecipients() (list []age.Recipient, err error) {
	for _, text := range s.recipients {
		r, err := age.ParseRecipients(strings.NewReader(text + "\n"))
		if err != nil {
			return nil, errors.New("--recipient: want a recipient of age, as age1…, which age-keygen prints")
		}
		list = append(list, r...)
	}
	if s.recipientFile == "" {
		return list, nil
	}
	b, err := readFile(s.recipientFile)
	if err != nil {
		return nil, err
	}
	r, err := age.ParseRecipients(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w: want recipients of age, as age1…, one a line", s.recipientFile, err)
	}
	return append(list, r...), nil
}

// options are lines for the manifest: keys and tables, which belong to the openings.
func (s sealing) options() (lines []string, err error) {
	for _, k := range []struct{ name, path string }{
		{"certifier-key", s.certifierKey}, {"submitter-key", s.submitterKey},
	} {
		if k.path == "" {
			continue
		}
		key, err := keyfile.ReadSigner(k.path)
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", k.name, err)
		}
		lines = append(lines, k.name+" "+key.VerifierKey())
	}
	for _, t := range s.tariffs {
		edition, path, _ := strings.Cut(t, "=")
		b, err := readFile(path)
		if err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("hs-table %s %s", edition, base64Hash(sha256.Sum256(b))))
	}
	return lines, nil
}
