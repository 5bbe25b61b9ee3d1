// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"cocket.example/cmd/internal/keyfile"
)

func newTokenCommand() *cobra.Command {
	var submitter, out string
	cmd := &cobra.Command{
		Use:   "token --submitter NAME [--out FILE]",
		Short: "Make a token for a submitter, and its hash for the log",
		Long: `Make a random bearer token, by which the log knows a submitter. What is printed
stands below "submitters:" in the log's configuration; it holds only the token's
hash. The token itself goes to the submitter: into a new file that only you can
read with --out, otherwise once to standard error.`,
		Example: `  cocket token --submitter broker.example --out token >> log.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkSubmitter(submitter); err != nil {
				return err
			}
			token := newToken()
			if out != "" {
				if err := keyfile.Write(out, token); err != nil {
					return err
				}
			} else {
				fmt.Fprintf(cmd.ErrOrStderr(), "The token, shown only now; give it to %s:\n%s\n", submitter, token)
			}
			hash := sha256.Sum256([]byte(token))
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "  - name: %q\n    token_sha256: \"%x\"\n", submitter, hash)
			return err
		},
	}
	cmd.Flags().StringVar(&submitter, "submitter", "", "`NAME` of the submitter, as in the submitter line of the entries")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` for the token; it must not exist yet")
	require(cmd, "submitter")
	return cmd
}

// newToken is 32 random bytes in characters that a header may hold.
func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// checkSubmitter applies the rule of the submitter line (entry format section 2).
func checkSubmitter(name string) error {
	bad := func(r rune) bool { return r < 0x21 || r > 0x7E || r == '+' }
	if name == "" || len(name) > 128 || strings.ContainsFunc(name, bad) {
		return fmt.Errorf("--submitter %.130q: want 1 to 128 visible ASCII characters without a plus sign", name)
	}
	return nil
}
