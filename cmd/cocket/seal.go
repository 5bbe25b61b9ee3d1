// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/declaration"
	"cocket.example/declaration/profile"
	"cocket.example/declaration/rule"
	"cocket.example/internal/strict"
)

// sealing is what the flags of seal say.
type sealing struct {
	declaration  declaration.Declaration
	refers       string
	certifierKey string
	submitterKey string
	tariffs      []string // EDITION=FILE
	strict       bool
	lang         tongue
	out          output
}

func newSealCommand() *cobra.Command {
	s := sealing{out: output{mode: 0o600}}
	d := &s.declaration
	cmd := &cobra.Command{
		Use:   "seal FILE --profile P --log ORIGIN --submitter NAME --out FILE",
		Short: "Turn a declaration into an opening, whose entry is fit for a log",
		Long: `Turn a declaration into an opening. The opening holds all values and the secret
that hides them: keep it, only you can show what was declared. The entry in it,
which goes to the log, holds commitments to the values and none of them, but for
those that you make public.

The declaration is JSON: objects nest, lists are lists, as in
  {"certifier": {"role": "PRODUCER"}, "goods": [{"hs": "870322"}]}
Values are checked and brought into the one form that the profile prescribes.
Every rule that is broken is named with its code and field, all at once;
"cocket profile" lists them. Errors refuse the declaration (exit status 1),
warnings do not, unless --strict is given.`,
		Example: `  cocket seal declaration.json --profile usmca/1 --log customs.example/log \
      --submitter broker.example --out cert.opening.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			leaf, warnings, err := s.seal(args[0])
			if err != nil {
				return err
			}
			s.warn(cmd.ErrOrStderr(), warnings)
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "leaf %s\n", leaf)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&d.Profile, "profile", "", "`PROFILE` and version, such as usmca/1")
	f.StringVar(&d.Log, "log", "", "`ORIGIN` of the log that the entry is for")
	f.StringVar(&d.Submitter, "submitter", "", "`NAME` of the submitter, as the log knows him")
	f.StringVar(&d.Event, "event", "issue", "`EVENT`: issue, amend, withdraw …, as the profile allows")
	f.StringVar(&s.refers, "refers", "", "leaf `HASH` of what is amended or withdrawn, in base64")
	s.addFlags(cmd)
	require(cmd, "profile", "log", "submitter", "out")
	return cmd
}

// addFlags adds those of every command that seals.
func (s *sealing) addFlags(cmd *cobra.Command) {
	f, d := cmd.Flags(), &s.declaration
	f.StringSliceVar(&d.Public, "public", nil, "`PATH`s of fields to show in clear, with commas")
	f.IntVar(&d.Width, "width", 0, "width `N` of the commitment tree, a power of two; 0 is the least")
	f.StringVar(&s.certifierKey, "certifier-key", "", "key `FILE` of the certifier, who then signs")
	f.StringVar(&s.submitterKey, "submitter-key", "", "key `FILE` of the submitter, who then signs")
	f.StringArrayVar(&s.tariffs, "hs-table", nil, "table of codes of goods, as 2022=`FILE`; can be repeated")
	f.BoolVar(&s.strict, "strict", false, "refuse what there are warnings about, too")
	addTongue(cmd, &s.lang)
	f.StringVar(&s.out.path, "out", "", "`FILE` for the opening, such as cert.opening.json")
	f.BoolVar(&s.out.force, "force", false, "overwrite the file: an opening lost cannot be made again")
}

// warn says what there is to warn of.
func (s sealing) warn(w io.Writer, warnings rule.Findings) {
	for _, f := range warnings {
		io.WriteString(w, shown(w, "cocket: warning "+strict.Printable(s.lang.describe(f), "")+"\n"))
	}
}

// seal writes the opening and returns the leaf hash of its entry, and what there is to warn of.
func (s sealing) seal(path string) (leaf string, warnings rule.Findings, err error) {
	opening, err := s.open(path)
	if err != nil {
		return "", nil, err
	}
	leaf = base64Hash(declaration.LeafHash(opening.Entry()))
	return leaf, opening.Findings(), s.write(opening)
}

func (s sealing) write(opening declaration.Opening) error {
	content, err := json.MarshalIndent(opening, "", "  ")
	if err != nil {
		return err
	}
	return s.out.write(append(content, '\n'))
}

// open seals and signs the declaration in a file.
func (s sealing) open(path string) (o declaration.Opening, err error) {
	if err := s.out.check(); err != nil {
		return o, err
	}
	b, err := readFile(path)
	if err != nil {
		return o, err
	}
	if s.declaration.Fields, err = declaration.ParseFields(b); err != nil {
		return o, fmt.Errorf("%s: %w", path, err)
	}
	if s.declaration.Refers, err = parseRefers(s.refers); err != nil {
		return o, err
	}
	return s.close(path)
}

// close seals and signs the declaration, which errors call by this name.
func (s sealing) close(name string) (o declaration.Opening, err error) {
	if s.declaration.Tariffs, err = readTariffs(s.tariffs); err != nil {
		return o, err
	}
	o, err = s.declaration.Seal(rand.Reader)
	if err == nil && s.strict && len(o.Findings()) > 0 {
		err = declaration.RefusedError{Findings: o.Findings()}
	}
	if err != nil {
		return o, s.refused(name, err)
	}
	return s.sign(o)
}

// refused lists what is wrong with a declaration, in the language asked for.
func (s sealing) refused(name string, err error) error {
	var broken declaration.RefusedError
	if !errors.As(err, &broken) {
		return fmt.Errorf("%s: %w", name, err)
	}
	list := broken.Findings
	return refutedError{fmt.Errorf("%s is refused, errors: %d, warnings: %d%s",
		name, len(list.Of(rule.Error)), len(list.Of(rule.Warning)), s.lang.list(list))}
}

// readTariffs reads tables of codes of goods, each given as EDITION=FILE.
func readTariffs(list []string) (tariffs []profile.Tariff, err error) {
	for _, s := range list {
		edition, path, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fmt.Errorf("--hs-table %q: want the edition and the file as 2022=FILE", s)
		}
		b, err := readFile(path)
		if err != nil {
			return nil, err
		}
		t, err := profile.ParseTariff(edition, b)
		if err != nil {
			return nil, fmt.Errorf("--hs-table %s: %w", path, err)
		}
		tariffs = append(tariffs, t)
	}
	return tariffs, nil
}

// sign adds the signatures that were asked for: the submitter's last, since it covers the other.
func (s sealing) sign(o declaration.Opening) (declaration.Opening, error) {
	if s.certifierKey != "" {
		signer, err := keyfile.ReadSigner(s.certifierKey)
		if err != nil {
			return o, fmt.Errorf("--certifier-key: %w", err)
		}
		if o, err = o.Certify(signer.VerifierKey(), signer); err != nil {
			return o, err
		}
	}
	if s.submitterKey == "" {
		return o, nil
	}
	signer, err := keyfile.ReadSigner(s.submitterKey)
	if err != nil {
		return o, fmt.Errorf("--submitter-key: %w", err)
	}
	if signer.Name() != s.declaration.Submitter {
		return o, fmt.Errorf("--submitter-key is of %s, the submitter is %s", signer.Name(), s.declaration.Submitter)
	}
	return o.Sign(signer)
}

func parseRefers(s string) (*declaration.Hash, error) {
	if s == "" {
		return nil, nil
	}
	leaf, err := strict.Hash(s)
	if err != nil {
		return nil, errors.New(`--refers: want the leaf hash in base64, as "cocket inspect" shows it`)
	}
	return &leaf, nil
}
