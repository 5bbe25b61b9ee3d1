// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"cocket.example/client"
	"cocket.example/cmd/internal/keyfile"
	"cocket.example/declaration"
	"cocket.example/receipt"
)

// submission is what the flags of submit say.
type submission struct {
	url, token, policy string
	wait               time.Duration
	batch              bool
	out                output
}

func newSubmitCommand() *cobra.Command {
	s := submission{out: output{mode: 0o644}}
	cmd := &cobra.Command{
		Use: `submit OPENING --url URL --token-file FILE --policy FILE --out FILE
  cocket submit --batch FILE...|DIR --url URL --token-file FILE --policy FILE \
      --out DIR`,
		Short: "File the entries of openings, and fetch their receipts",
		Long: `File the entry of an opening in the log, wait until witnesses have cosigned that
it is there, and write the receipt. Only the entry is sent, never the opening.
The receipt is verified under the policy before it is written.

It can be repeated: the log gives the same entry the same index, and a receipt
that verifies is kept as it is.

With --batch many entries are filed together: those of the openings and of the
files of many, .entries or .openings.jsonl, that are named or lie in a folder.
All are looked at before the first is sent. They go in requests of up to 32,768,
in their order, and into the folder of --out goes one batch receipt for each,
START-END.cocket-batch, with the leaf hashes of its entries beside it; entries
that the log held already lie elsewhere, and get others. "cocket verify --batch"
checks all of it, "cocket cut" cuts the receipt of one. If it is broken off, run
it again: entries whose batch receipt is there are left out, and of the others
none is filed twice.`,
		Example: `  cocket submit cert.opening.json --url https://log.example --token-file token \
      --policy policy --out cert.tlog-proof
  cocket submit --batch sealed --url https://log.example --token-file token \
      --policy policy --out filed`,
		Args: func(cmd *cobra.Command, args []string) error {
			if s.batch {
				return cobra.MinimumNArgs(1)(cmd, args)
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.batch {
				return s.submitBatch(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			return s.submit(cmd.Context(), args[0], cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&s.url, "url", "", "`URL` of the log")
	cmd.Flags().StringVar(&s.token, "token-file", "", "`FILE` that holds your token")
	cmd.Flags().StringVar(&s.policy, "policy", "", "`FILE` of the policy")
	cmd.Flags().DurationVar(&s.wait, "wait", 2*time.Minute, "how long to wait for the cosigned receipt")
	cmd.Flags().StringVar(&s.out.path, "out", "",
		"`FILE` for the receipt, such as cert.tlog-proof, or folder for batch receipts")
	cmd.Flags().BoolVar(&s.out.force, "force", false, "overwrite a file that is no receipt of these entries")
	cmd.Flags().BoolVar(&s.batch, "batch", false, "file many entries together")
	require(cmd, "url", "token-file", "policy", "out")
	return cmd
}

// submit files the entry and writes its verified receipt.
func (s submission) submit(ctx context.Context, path string, w io.Writer) error {
	opening, err := readOpening(path)
	if err != nil {
		return err
	}
	policy, err := readPolicy(s.policy)
	if err != nil {
		return err
	}
	entry, err := declaration.Parse(opening.Entry())
	if err != nil {
		return err
	}
	if err := knows(policy, entry.Log); err != nil {
		return err
	}
	done, err := s.held(policy, opening.Entry())
	if err != nil {
		return err
	}
	if done == nil {
		if done, err = s.send(ctx, policy, opening.Entry()); err != nil {
			return err
		}
		if err := s.out.write(done.proof); err != nil {
			return err
		}
	}
	return done.print(w)
}

// knows refuses a policy that does not know the log, before anything is sent there.
func knows(policy receipt.Policy, origin string) error {
	for _, log := range policy.Logs {
		if log.Key.Name == origin {
			return nil
		}
	}
	return fmt.Errorf("the entry is for %s, which is no log of the policy: nothing was sent", origin)
}

// filed is an entry that is on file, with the receipt that says so.
type filed struct {
	proof  []byte
	index  uint64
	report receipt.Report
}

func (f *filed) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "index %d\n", f.index)
	if t := f.report.NoLaterThan; err == nil && !t.IsZero() {
		_, err = fmt.Fprintf(w, "on file no later than %s\n", t.UTC().Format(time.RFC3339))
	}
	return err
}

// held returns the receipt that the output file holds already, or nil. It is kept, since one
// fetched later may prove a later time only.
func (s submission) held(policy receipt.Policy, entry []byte) (*filed, error) {
	proof, err := readFile(s.out.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.out.check()
	}
	if err != nil {
		return nil, err
	}
	done, err := check(policy, entry, proof)
	if err == nil {
		return done, nil
	}
	if s.out.force {
		return nil, nil
	}
	return nil, fmt.Errorf("%s exists already and is no receipt of this entry (%w): "+
		"choose another name, or give --force to overwrite it", s.out.path, err)
}

// send appends the entry, waits for its receipt and verifies it.
func (s submission) send(ctx context.Context, policy receipt.Policy, entry []byte) (*filed, error) {
	token, err := keyfile.Read(s.token)
	if err != nil {
		return nil, fmt.Errorf("--token-file: %w", err)
	}
	c, err := client.New(client.Config{URL: s.url, Token: token})
	if err != nil {
		return nil, err
	}
	index, err := c.Submit(ctx, entry)
	if err != nil {
		return nil, err
	}
	proof, err := c.Receipt(ctx, index, s.wait)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the entry is durable at index %d, but no quorum of witnesses cosigned it "+
			"within %v: run the same command again later, which is safe", index, s.wait)
	}
	if err != nil && !errors.Is(err, client.ErrNoReceipt) {
		return nil, fmt.Errorf("the entry is durable at index %d, its receipt is missing: %w", index, err)
	}
	var done *filed
	if err == nil {
		done, err = check(policy, entry, proof)
	}
	if err != nil {
		return nil, refutedError{fmt.Errorf("the log's receipt does not verify, it was not written: %w", err)}
	}
	return done, nil
}

// check verifies a receipt of an entry: signatures, quorum, inclusion, and that the entry is for
// this log.
func check(policy receipt.Policy, entry, proof []byte) (*filed, error) {
	r, err := receipt.Parse(proof)
	if err != nil {
		return nil, err
	}
	trusted, err := policy.Verify(r.Checkpoint)
	if err != nil {
		return nil, err
	}
	if err := trusted.Includes(declaration.LeafHash(entry), r); err != nil {
		return nil, err
	}
	e, err := declaration.Parse(entry)
	if err != nil {
		return nil, err
	}
	report := trusted.Report()
	if e.Log != report.Checkpoint.Origin {
		return nil, fmt.Errorf("the entry is for %s, the receipt of %s", e.Log, report.Checkpoint.Origin)
	}
	return &filed{proof, r.Index, report}, nil
}
