// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cocket.example/client/conform/verdict"
	"cocket.example/client/conform/witness"
	"cocket.example/cmd/internal/keyfile"
)

// witnessConformance is what the flags of conform witness say.
type witnessConformance struct {
	witness.Config
	logKey, restart, format string
	keys                    []string
	show, json              bool
}

func newConformWitnessCommand() *cobra.Command {
	var c witnessConformance
	cmd := &cobra.Command{
		Use:   "witness URL --log-key FILE --witness-key VKEY",
		Short: "Judge any witness from outside",
		Long: `Judge a witness from outside, ours or another's: whether it does what
c2sp.org/tlog-witness and tlog-cosignature ask of it. docs/conform.md explains
each case: what is asked, why, and how to mend it.

It plays some fifty logs, whose keys follow from the one of --log-key: make it
with "cocket keygen --type log" for this purpose alone. The witness must know
these logs before: --print-config prints what to enter into it. It remembers
them for ever, so that each run needs logs of a number of its own: --run 2 and
so on. Give it a test instance of a witness, never one that others rely on.

W17 needs --restart, a command that kills the witness with kill -9, starts it
again and then ends.

Exit status: 0 no case fails, 1 some do, 2 it could not be tried.`,
		Example: `  cocket conform witness --print-config --log-key conform.key \
      --format list > logs
  cocket conform witness http://127.0.0.1:2026 --log-key conform.key \
      --witness-key w1.vkey
  cocket conform witness https://witness.example/w --log-key conform.key \
      --run 2 --witness-key w.vkey --witness-key w-pq.vkey \
      --monitor https://monitor.example/w`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.run(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.DisableFlagsInUseLine = true
	c.flags(cmd)
	return cmd
}

func (c *witnessConformance) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&c.logKey, "log-key", "", "`FILE` of the secret key of a test log")
	flags.IntVar(&c.Logs.Run, "run", 1, "`N` of the run, for logs that the witness has not seen")
	flags.StringArrayVar(&c.keys, "witness-key", nil, "`VKEY` that must cosign, or its file; again for each")
	flags.StringVar(&c.Monitor, "monitor", "", "`URL` below which monitors read, if it is another")
	flags.BoolVar(&c.show, "print-config", false, "print the logs that the witness must know, and end")
	flags.StringVar(&c.format, "format", "cocket", "`FORMAT` of --print-config: cocket, list, litewitness or omniwitness")
	flags.StringVar(&c.restart, "restart", "", "`COMMAND` of the shell that does kill -9 and starts it again, for W17")
	flags.StringSliceVar(&c.Only, "only", nil, "`CASES` to judge, as W05,W11")
	flags.StringSliceVar(&c.Skip, "skip", nil, "`CASES` to leave out")
	flags.DurationVar(&c.Timeout, "timeout", 30*time.Second, "for one answer")
	flags.DurationVar(&c.Skew, "skew", 5*time.Minute, "between the clocks here and there")
	flags.DurationVar(&c.Slow, "slow", 40*time.Second, "within which a slow body is to be given up, for W22; negative: not tried")
	flags.BoolVar(&c.json, "json", false, "report for programs")
	require(cmd, "log-key")
}

func (c *witnessConformance) run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	if c.Logs.Key, err = keyfile.ReadSigner(c.logKey); err != nil {
		return fmt.Errorf("--log-key: %w", err)
	}
	if c.show {
		text, err := c.Logs.Config(c.format)
		if err != nil {
			return err
		}
		_, err = io.WriteString(stdout, text)
		return err
	}
	if err := c.load(args, stderr); err != nil {
		return err
	}
	shown := &cases{w: stderr}
	c.Progress = shown.update
	report, err := witness.Run(ctx, c.Config)
	shown.done()
	if len(report.Results) > 0 || err == nil {
		if err := c.print(stdout, report); err != nil {
			return err
		}
	}
	if n := report.Count(verdict.Fail); err == nil && n > 0 {
		return refutedError{fmt.Errorf("%d of %d cases fail", n, len(report.Results))}
	}
	return err
}

// load reads what the arguments and flags name.
func (c *witnessConformance) load(args []string, stderr io.Writer) error {
	if len(args) == 0 {
		return errors.New("the URL of the witness is missing")
	}
	c.URL = args[0]
	if len(c.keys) == 0 {
		return errors.New("--witness-key is missing: give the vkey of each key that is to cosign")
	}
	for _, vkey := range c.keys {
		key, err := keyfile.VerifierKey(vkey)
		if err != nil {
			return fmt.Errorf("--witness-key: %w", err)
		}
		c.Keys = append(c.Keys, key)
	}
	if c.restart != "" {
		c.Restart = func(ctx context.Context) error {
			cmd := exec.CommandContext(ctx, "/bin/sh", "-c", c.restart)
			cmd.Stdout, cmd.Stderr = stderr, stderr
			cmd.WaitDelay = time.Second // the witness may keep its output open
			if err := cmd.Run(); !errors.Is(err, exec.ErrWaitDelay) {
				return err
			}
			return nil
		}
	}
	return nil
}

func (c *witnessConformance) print(w io.Writer, r witness.Report) error {
	if c.json {
		return printJSON(w, r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: keys %s, logs %s run %d, %d requests in %.1f s\n\n", r.URL,
		printable(strings.Join(r.Keys, " ")), printable(r.Logs), r.Run, r.Requests, r.Elapsed.Seconds())
	printResults(&b, r.Results)
	_, err := io.WriteString(w, b.String())
	return err
}
