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
	"cocket.example/declaration/w3c"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// sealing is what the flags of seal say.
type sealing struct {
	declaration  declaration.Declaration
	refers       string
	certifierKey string
	submitterKey string
	tariffs      []string // EDITION=FILE
	added        []string // FIELD=VALUE
	strict       bool
	lang         tongue
	out          output
	sheet        sheetFlags

	draft w3c.Draft // what was read
}

func newSealCommand() *cobra.Command {
	s := sealing{out: output{mode: 0o600}}
	d := &s.declaration
	cmd := &cobra.Command{
		Use: `seal FILE [--profile P] --log ORIGIN --submitter NAME --out FILE
  cocket seal --csv FILE --map FILE --log ORIGIN --submitter NAME --out DIR`,
		Short: "Turn a declaration into an opening, whose entry is fit for a log",
		Long: `Turn a declaration into an opening. The opening holds all values and the secret
that hides them: keep it, only you can show what was declared. The entry in it,
which goes to the log, holds commitments to the values and none of them, but for
those that you make public.

The declaration is JSON: objects nest, lists are lists, as in
  {"certifier": {"role": "PRODUCER"}, "goods": [{"hs": "870322"}]}
or a credential of the W3C traceability vocabulary that certifies origin, enters
goods or names an importer; then its type tells the profile, what has no field
in it is listed, and --add says what the vocabulary has no word for.

Values are checked and brought into the one form that the profile prescribes.
Every rule that is broken is named with its code and field, all at once;
"cocket profile" lists them. Errors refuse the declaration (exit status 1),
warnings do not, unless --strict is given.

With --csv every row of a sheet is sealed, or refused into refused.csv, by a
mapping of its columns (docs/bulk.md): openings, encrypted to each --recipient,
and entries, which "cocket submit --batch" takes, in batches of files in DIR.
Broken off, the same command goes on; no row is sealed twice.`,
		Example: `  cocket seal declaration.json --profile usmca/1 --log customs.example/log \
      --submitter broker.example --out cert.opening.json
  cocket seal credential.json --add statement=USMCA-5-A \
      --log customs.example/log --submitter broker.example --out cert.opening.json
  cocket seal --csv rows.csv --map map.yaml --log customs.example/log \
      --submitter broker.example --recipient age1... --out sealed`,
		Args: s.args,
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.sheet.csv != "" {
				return s.sealSheet(cmd)
			}
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
	f.StringVar(&d.Profile, "profile", "", "`PROFILE` and version, such as usmca/1; a credential may tell it")
	f.StringVar(&d.Log, "log", "", "`ORIGIN` of the log that the entry is for")
	f.StringVar(&d.Submitter, "submitter", "", "`NAME` of the submitter, as the log knows him")
	f.StringVar(&d.Event, "event", "issue", "`EVENT`: issue, amend, withdraw …, as the profile allows")
	f.StringVar(&s.refers, "refers", "", "leaf `HASH` of what is amended or withdrawn, in base64")
	f.StringArrayVar(&s.added, "add", nil,
		"`FIELD=VALUE` that the file lacks, as statement=USMCA-5-A; can be repeated")
	s.addFlags(cmd)
	s.sheet.add(f)
	f.Lookup("out").Usage = "`FILE` for the opening, such as cert.opening.json; folder with --csv"
	require(cmd, "log", "submitter", "out")
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
	if err := s.out.check(); err != nil {
		return "", nil, err
	}
	if s.draft, err = readDraft(path); err != nil {
		return "", nil, err
	}
	if err := add(s.draft, s.added); err != nil {
		return "", nil, err
	}
	opening, err := s.open(path)
	if err != nil {
		return "", nil, err
	}
	leaf = base64Hash(declaration.LeafHash(opening.Entry()))
	return leaf, placed(s.draft, opening.Findings()), s.write(opening)
}

func (s sealing) write(opening declaration.Opening) error {
	content, err := json.MarshalIndent(opening, "", "  ")
	if err != nil {
		return err
	}
	return s.out.write(append(content, '\n'))
}

// open seals and signs what was read from a file.
func (s sealing) open(path string) (o declaration.Opening, err error) {
	if s.declaration.Profile, err = s.profileOf(path); err != nil {
		return o, err
	}
	s.declaration.Fields = s.draft.Fields
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
	if err == nil && s.strict && len(placed(s.draft, o.Findings())) > 0 {
		err = declaration.RefusedError{Findings: o.Findings()}
	}
	if err != nil {
		return o, s.refused(name, err)
	}
	sign, err := s.signers()
	if err != nil {
		return o, err
	}
	return sign(o)
}

// refused lists what is wrong with a declaration, in the language asked for.
func (s sealing) refused(name string, err error) error {
	var broken declaration.RefusedError
	if !errors.As(err, &broken) {
		return fmt.Errorf("%s: %w", name, err)
	}
	list := placed(s.draft, broken.Findings)
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

// signers reads the keys of who signs, and returns what adds their signatures: the submitter's last, since it
// covers the other.
func (s sealing) signers() (func(declaration.Opening) (declaration.Opening, error), error) {
	var certifier, submitter *receipt.Signer
	var err error
	if s.certifierKey != "" {
		if certifier, err = keyfile.ReadSigner(s.certifierKey); err != nil {
			return nil, fmt.Errorf("--certifier-key: %w", err)
		}
	}
	if s.submitterKey != "" {
		if submitter, err = keyfile.ReadSigner(s.submitterKey); err != nil {
			return nil, fmt.Errorf("--submitter-key: %w", err)
		}
		if submitter.Name() != s.declaration.Submitter {
			return nil, fmt.Errorf("--submitter-key is of %s, the submitter is %s",
				submitter.Name(), s.declaration.Submitter)
		}
	}
	return func(o declaration.Opening) (_ declaration.Opening, err error) {
		if certifier != nil {
			o, err = o.Certify(certifier.VerifierKey(), certifier)
		}
		if submitter != nil && err == nil {
			o, err = o.Sign(submitter)
		}
		return o, err
	}, nil
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
