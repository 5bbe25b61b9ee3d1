// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	maxAge              time.Duration // of the tree; 0: any
	evidence            string        // file for what convicts a log
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
reads only what is new. Trust FILE as your own notes: it holds what you read
before, and the answer says what rests on it. With --mirror a copy of the log in
a directory is read, such as a witness keeps, and no connection is made.

Exit status: 0 in force, 4 verified and not in force, 1 the log contradicts
itself or a file does not verify, 2 could not be tried, not filed, not known or
older than --max-age, 3 the log has forked, and the evidence is kept.`,
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
			if err := s.print(cmd.OutOrStdout(), found); err != nil {
				return err
			}
			err = s.outcome(found, time.Now())
			if kept := s.keep(found); kept != nil && !errors.As(err, new(refutedError)) {
				return kept // the answer was given
			}
			return err
		},
	}
	cmd.Flags().StringVar(&s.policy, "policy", "", "`FILE` of the policy")
	cmd.Flags().StringVar(&s.url, "url", "", "`URL` of the log")
	cmd.Flags().BoolVar(&s.scan, "scan", false, "read every entry, so that none can be left out")
	cmd.Flags().StringVar(&s.mirror, "mirror", "", "read a copy of the log in `DIR` instead")
	cmd.Flags().StringVar(&s.state, "state", "", "`FILE` that lets the next --scan read only what is new")
	cmd.Flags().StringVar(&s.receipts, "receipts", "", "write the receipts of all entries named to the folder `DIR`")
	cmd.Flags().StringVar(&s.on, "on", "", "`DATE` for what expires, as 2026-11-02; today in UTC if not given")
	cmd.Flags().DurationVar(&s.maxAge, "max-age", 0, "how old the tree may be for \"in force\", a `DURATION` as 36h")
	cmd.Flags().StringVar(&s.evidence, "evidence", "", "`FILE` for the evidence, should the log have forked; named by its hash "+
		"if not given")
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
		s.on = time.Now().UTC().Format(time.DateOnly)
	} else if !form.Date.Normal(s.on) {
		return nil, fmt.Errorf("--on %.20q: want a date, as 2026-11-02", s.on)
	}
	policy, err := readPolicy(s.policy)
	if err != nil {
		return nil, err
	}
	c := status.Config{Policy: policy, Read: s.scan || s.mirror != "", State: s.state,
		At: make(map[receipt.Hash]uint64), Progress: showAs(stderr, "read entries"), Proving: showAs(stderr, "proven entries")}
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
			c.At[x.leaf] = x.index
		}
	}
	answers, err := status.Ask(ctx, c, leaves...)
	if answers == nil {
		return nil, s.trouble(err)
	}
	if len(answers) == 1 && err != nil {
		return nil, s.trouble(fmt.Errorf("%s: %w", args[0], answers[0].Err))
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

// trouble is the error of what could not be answered. What convicts a log is kept.
func (s standing) trouble(err error) error {
	var fork *status.ForkError
	switch {
	case errors.As(err, &fork):
		return forkedError{errors.Join(err, s.convict(fork))}
	case errors.Is(err, client.ErrFork):
		return forkedError{err}
	case errors.Is(err, status.ErrContradiction):
		return refutedError{err}
	case errors.Is(err, status.ErrDamaged):
		return fmt.Errorf("%w; \"cocket fsck %s\" names what is", err, s.mirror)
	}
	return err
}

// convict writes the evidence of a fork, and says where it is.
func (s standing) convict(fork *status.ForkError) error {
	evidence, path := fork.Evidence(), s.evidence
	if path == "" {
		sum := sha256.Sum256(evidence)
		path = fmt.Sprintf("%x.fork", sum[:4])
	}
	if old, err := readFile(path); err != nil || !bytes.Equal(old, evidence) {
		if err := (output{path: path, mode: 0o644}).write(evidence); err != nil {
			return fmt.Errorf("the evidence could not be kept, give another --evidence: %w", err)
		}
	}
	if !fork.Proven() {
		return fmt.Errorf("both checkpoints are in %s", path)
	}
	return fmt.Errorf("the evidence is in %s: \"cocket verify --policy %s %s\" convicts the log, wherever it is shown",
		path, s.policy, path)
}

// keep writes the receipts, each under the index of its entry. One that is there already and verifies is kept, since
// an earlier receipt is as good or better.
func (s standing) keep(found []standingOf) error {
	if s.receipts == "" {
		return nil
	}
	if err := makeDir(s.receipts); err != nil {
		return err
	}
	policy, err := readPolicy(s.policy)
	if err != nil {
		return err
	}
	var conflicts []error
	for _, x := range found {
		for _, e := range x.named() {
			o := output{path: filepath.Join(s.receipts, fmt.Sprintf("%d.tlog-proof", e.Index)), mode: 0o644}
			old, err := readFile(o.path)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				err = o.write(e.Receipt)
			case err == nil:
				if proves(policy, e, old) != nil {
					err = fmt.Errorf("%s is there, and does not verify as the receipt of entry %d: move it away, or choose "+
						"another folder", o.path, e.Index)
				}
			}
			conflicts = append(conflicts, err)
		}
	}
	return errors.Join(conflicts...)
}

// proves checks that a file is the receipt of an entry under the policy.
func proves(policy receipt.Policy, e status.Event, file []byte) error {
	r, err := receipt.Parse(file)
	if err != nil {
		return err
	}
	trusted, err := policy.Verify(r.Checkpoint)
	if err == nil && r.Index != e.Index {
		err = fmt.Errorf("it is of entry %d", r.Index)
	}
	return errors.Join(err, trusted.Includes(e.Leaf, r))
}
