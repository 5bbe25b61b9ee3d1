// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/declaration"
	"cocket.example/internal/strict"
)

// sealing is what the flags of seal say.
type sealing struct {
	declaration  declaration.Declaration
	refers       string
	certifierKey string
	submitterKey string
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
Values are checked and brought into the one form that the profile prescribes;
every rule that is broken is named with its field.`,
		Example: `  cocket seal declaration.json --profile usmca/1 --log customs.example/log \
      --submitter broker.example --out cert.opening.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			leaf, err := s.seal(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "leaf %s\n", leaf)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&d.Profile, "profile", "", "profile and version, such as usmca/1")
	f.StringVar(&d.Log, "log", "", "`ORIGIN` of the log that the entry is for")
	f.StringVar(&d.Submitter, "submitter", "", "`NAME` of the submitter, as the log knows him")
	f.StringVar(&d.Event, "event", "issue", "issue, amend, withdraw …, as the profile allows")
	f.StringVar(&s.refers, "refers", "", "leaf hash of what is amended or withdrawn, in base64")
	f.StringSliceVar(&d.Public, "public", nil, "`PATH`s of fields to show in clear, with commas")
	f.IntVar(&d.Width, "width", 0, "width of the commitment tree, a power of two; 0 is the least")
	f.StringVar(&s.certifierKey, "certifier-key", "", "key `FILE` of the certifier, who then signs")
	f.StringVar(&s.submitterKey, "submitter-key", "", "key `FILE` of the submitter, who then signs")
	f.StringVar(&s.out.path, "out", "", "file for the opening, such as cert.opening.json")
	f.BoolVar(&s.out.force, "force", false, "overwrite the file: an opening lost cannot be made again")
	require(cmd, "profile", "log", "submitter", "out")
	return cmd
}

// seal writes the opening and returns the leaf hash of its entry.
func (s sealing) seal(path string) (leaf string, err error) {
	if err := s.out.check(); err != nil {
		return "", err
	}
	b, err := readFile(path)
	if err != nil {
		return "", err
	}
	if s.declaration.Fields, err = declaration.ParseFields(b); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if s.declaration.Refers, err = parseRefers(s.refers); err != nil {
		return "", err
	}
	opening, err := s.declaration.Seal(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if opening, err = s.sign(opening); err != nil {
		return "", err
	}
	content, err := json.MarshalIndent(opening, "", "  ")
	if err != nil {
		return "", err
	}
	return base64Hash(declaration.LeafHash(opening.Entry())), s.out.write(append(content, '\n'))
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
