// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"cocket.example/client"
	"cocket.example/client/fsck"
	"cocket.example/client/status"
	"cocket.example/declaration/form"
	"cocket.example/receipt"
)

// standing is what the flags of status say.
type standing struct {
	url, policy, mirror string
	scan                bool
	state, receipts     string
	on                  string
	json                bool
}

func newStatusCommand() *cobra.Command {
	var s standing
	cmd := &cobra.Command{
		Use:   "status --policy FILE {--url URL [--scan] | --mirror DIR} FILE|LEAF...",
		Short: "Say whether it is in force, superseded, withdrawn, expired or void",
		Long: `Say how a declaration stands in the log, given an opening, a disclosure, an
entry or a leaf hash: in force, superseded by an amendment, withdrawn, void, or
expired. The answer is for one tree of the log, which it names, and whose
checkpoint is verified under the policy. Several are answered for the same tree.

The log is asked what refers to the entry, and each entry that it names is
verified. It could leave one out. With --scan every entry is read and hashed to
the signed root, so that none can be left out; with --state FILE the next scan
reads only what is new. With --mirror a copy of the log in a directory is read,
such as a witness keeps, and no connection is made.

Exit status: 0 in force, 4 verified and not in force, 1 the log contradicts
itself or a file does not verify, 2 could not be tried, 3 the log has forked.`,
		Example: `  cocket status cert.disclosure.json --policy policy --url https://log.example
  cocket status *.opening.json --policy policy --url https://log.example \
      --scan --state log.scan
  cocket status cert.opening.json --policy policy --mirror /srv/cocket-mirror`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := s.ask(cmd.Context(), args, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if err := s.keep(found); err != nil {
				return err
			}
			if err := s.print(cmd.OutOrStdout(), found); err != nil {
				return err
			}
			return outcome(found)
		},
	}
	cmd.Flags().StringVar(&s.policy, "policy", "", "`FILE` of the policy")
	cmd.Flags().StringVar(&s.url, "url", "", "`URL` of the log")
	cmd.Flags().BoolVar(&s.scan, "scan", false, "read every entry, so that none can be left out")
	cmd.Flags().StringVar(&s.mirror, "mirror", "", "read a copy of the log in `DIR` instead")
	cmd.Flags().StringVar(&s.state, "state", "", "`FILE` that lets the next --scan read only what is new")
	cmd.Flags().StringVar(&s.receipts, "receipts", "", "write the receipts of all entries named to the folder `DIR`")
	cmd.Flags().StringVar(&s.on, "on", "", "`DATE` for what expires, as 2026-11-02; today if not given")
	cmd.Flags().BoolVar(&s.json, "json", false, "answer for programs")
	require(cmd, "policy")
	cmd.MarkFlagsOneRequired("url", "mirror")
	cmd.MarkFlagsMutuallyExclusive("url", "mirror")
	cmd.MarkFlagsMutuallyExclusive("scan", "mirror")
	return cmd
}

// ask answers about all that is given, in its order.
func (s standing) ask(ctx context.Context, args []string, stderr io.Writer) ([]standingOf, error) {
	if s.state != "" && !s.scan {
		return nil, errors.New("--state is for --scan")
	}
	if s.on == "" {
		s.on = time.Now().Format(time.DateOnly)
	} else if !form.Date.Normal(s.on) {
		return nil, fmt.Errorf("--on %.20q: want a date, as 2026-11-02", s.on)
	}
	policy, err := readPolicy(s.policy)
	if err != nil {
		return nil, err
	}
	c := status.Config{Policy: policy, Read: s.scan || s.mirror != "", State: s.state, Progress: showAs(stderr, "read entries")}
	if c.Source, err = s.source(); err != nil {
		return nil, err
	}
	subjects, err := readSubjects(args, policy)
	if err != nil {
		return nil, err
	}
	var leaves []receipt.Hash
	for _, x := range subjects {
		leaves = append(leaves, x.leaf)
		if x.known != nil {
			c.Known = append(c.Known, *x.known)
		}
	}
	answers, err := status.Ask(ctx, c, leaves...)
	switch {
	case errors.Is(err, client.ErrFork):
		return nil, forkedError{err}
	case errors.Is(err, status.ErrContradiction):
		return nil, refutedError{err}
	case err != nil:
		return nil, err
	}
	found := make([]standingOf, len(subjects))
	for i := range found {
		found[i] = standingOf{subjects[i], answers[i], subjects[i].expiry(s.on)}
	}
	return found, nil
}

// source is where the log is read.
func (s standing) source() (status.Source, error) {
	if s.mirror == "" {
		return client.New(client.Config{URL: s.url})
	}
	if _, err := os.Stat(filepath.Join(s.mirror, "checkpoint")); err != nil {
		return nil, fmt.Errorf("--mirror: this is no copy of a log: %w", err)
	}
	return fsck.Dir(s.mirror), nil
}

// outcome is the exit status: the worst of all.
func outcome(found []standingOf) error {
	standing := 0
	for _, x := range found {
		if n := len(x.Withheld); n > 0 {
			return refutedError{fmt.Errorf("the log withheld what refers to %s: it was asked, and did not tell of entry %s",
				x.name, indexes(x.Withheld))}
		}
		if x.kind() == status.InForce {
			standing++
		}
	}
	if standing == len(found) {
		return nil
	}
	if len(found) == 1 {
		return notInForceError{fmt.Errorf("%s is %s", found[0].name, found[0].kind())}
	}
	return notInForceError{fmt.Errorf("%d of %d are not in force", len(found)-standing, len(found))}
}

// keep writes the receipts, each under the index of its entry. One that is there already is kept, since an
// earlier receipt is as good or better.
func (s standing) keep(found []standingOf) error {
	if s.receipts == "" {
		return nil
	}
	if err := makeDir(s.receipts); err != nil {
		return err
	}
	for _, x := range found {
		for _, e := range x.named() {
			o := output{path: filepath.Join(s.receipts, fmt.Sprintf("%d.tlog-proof", e.Index)), mode: 0o644}
			if old, err := readFile(o.path); err == nil && client.Covers(e.Data, old) == nil {
				continue
			}
			if err := o.write(e.Receipt); err != nil {
				return err
			}
		}
	}
	return nil
}
