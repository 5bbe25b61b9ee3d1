// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/receipt"
)

func newPolicyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Make and check policies: which log and which witnesses are believed",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPolicyNewCommand(), newPolicyCheckCommand(), newPolicyRotateCommand())
	return cmd
}

func newPolicyNewCommand() *cobra.Command {
	var logs, witnesses []string
	var quorum string
	cmd := &cobra.Command{
		Use:   "new --log KEY --witness NAME=KEY[,URL] ... --quorum K",
		Short: "Print a policy (c2sp.org/tlog-policy)",
		Long: `Print a policy: whose checkpoints are believed, and how many of which witnesses
must have cosigned them. KEY is a vkey or a file that holds one. The log itself
needs the URLs of its witnesses, who verifies does not.

Other quorums than "K of all" can be written by hand, with groups of groups; see
https://c2sp.org/tlog-policy.`,
		Example: `  cocket policy new --log log.vkey --witness w1=w1.vkey --quorum 1 > policy
  cocket policy new --log log.vkey --witness w1=w1.vkey,https://w1.example \
      --witness w2=w2.vkey,https://w2.example --quorum 2 > policy`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			policy, err := newPolicy(logs, witnesses, quorum)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), policy.String())
			return err
		},
	}
	cmd.Flags().StringArrayVar(&logs, "log", nil, "`KEY` of the log; again for each log")
	cmd.Flags().StringArrayVar(&witnesses, "witness", nil, "`NAME=KEY[,URL]` of a witness; again for each")
	cmd.Flags().StringVar(&quorum, "quorum", "", "how many of the witnesses, the name of one, or none")
	require(cmd, "log", "quorum")
	return cmd
}

// newPolicy puts a policy together and reads it back, so that the rules stand in one place.
func newPolicy(logs, witnesses []string, quorum string) (receipt.Policy, error) {
	var p receipt.Policy
	for _, s := range logs {
		key, url, err := keyAndURL(s)
		if err != nil {
			return p, fmt.Errorf("--log: %w", err)
		}
		p.Logs = append(p.Logs, receipt.Log{Key: key, URL: url})
	}
	for _, s := range witnesses {
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			return p, fmt.Errorf("--witness %.80q: want NAME=KEY or NAME=KEY,URL", s)
		}
		key, url, err := keyAndURL(rest)
		if err != nil {
			return p, fmt.Errorf("--witness %s: %w", name, err)
		}
		p.Witnesses = append(p.Witnesses, receipt.Witness{Name: name, Key: key, URL: url})
	}
	if err := setQuorum(&p, quorum); err != nil {
		return p, fmt.Errorf("--quorum: %w", err)
	}
	return receipt.ParsePolicy([]byte(p.String()))
}

// keyAndURL splits KEY[,URL]. A vkey holds no comma.
func keyAndURL(s string) (receipt.VerifierKey, string, error) {
	keyText, url, _ := strings.Cut(s, ",")
	key, err := keyfile.VerifierKey(keyText)
	return key, url, err
}

// setQuorum turns "K" into a group of K of all witnesses.
func setQuorum(p *receipt.Policy, quorum string) error {
	k, err := strconv.Atoi(quorum)
	if err != nil {
		p.Quorum = quorum
		return nil
	}
	switch {
	case len(p.Witnesses) == 0:
		return errors.New("there is no witness: give --witness, or --quorum none")
	case k < 1 || k > len(p.Witnesses):
		return fmt.Errorf("%d of %d witnesses cannot be, want 1 to %d", k, len(p.Witnesses), len(p.Witnesses))
	}
	g := receipt.Group{Name: "witnesses", Threshold: k}
	for _, w := range p.Witnesses {
		g.Members = append(g.Members, w.Name)
	}
	p.Groups, p.Quorum = append(p.Groups, g), g.Name
	return nil
}
