// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

func newPolicyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Make and check policies: which logs and witnesses are believed",
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

A witness with two keys is given twice, under two names of your choice. Keys
with one key name or one URL count once, in a group of their own.

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
	cmd.Flags().StringVar(&quorum, "quorum", "", "how many of the witnesses, `K`; or the name of one, or none")
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

// setQuorum turns "K" into a group of K of all witnesses, of which each counts once.
func setQuorum(p *receipt.Policy, quorum string) error {
	k, err := strict.Decimal(quorum)
	if err != nil {
		p.Quorum = quorum
		return nil
	}
	members := joinKeys(p)
	switch n := len(members); {
	case n == 0:
		return errors.New("there is no witness: give --witness, or --quorum none")
	case k < 1 || k > uint64(n):
		return fmt.Errorf("%d of %d witnesses cannot be, want 1 to %d", k, n, n)
	}
	g := receipt.Group{Name: "witnesses", Threshold: int(k), Members: members}
	p.Groups, p.Quorum = append(p.Groups, g), g.Name
	return nil
}

// joinKeys puts keys that seem to be of one witness, having one name or one URL, into an "any" group,
// so that one witness with two keys does not make a quorum of two. It returns who counts.
func joinKeys(p *receipt.Policy) (members []string) {
	var all [][]receipt.Witness
	for _, w := range p.Witnesses {
		i := slices.IndexFunc(all, func(keys []receipt.Witness) bool {
			return keys[0].Key.Name == w.Key.Name || w.URL != "" && keys[0].URL == w.URL
		})
		if i < 0 {
			i, all = len(all), append(all, nil)
		}
		all[i] = append(all[i], w)
	}
	for _, keys := range all {
		name := keys[0].Name
		if len(keys) > 1 {
			g := receipt.Group{Name: name + "-any", Threshold: 1}
			for _, w := range keys {
				g.Members = append(g.Members, w.Name)
			}
			name, p.Groups = g.Name, append(p.Groups, g)
		}
		members = append(members, name)
	}
	return members
}
