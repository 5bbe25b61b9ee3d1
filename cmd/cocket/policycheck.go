// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cocket.example/cmd/cocket/internal/policycheck"
	"cocket.example/receipt"
)

func newPolicyCheckCommand() *cobra.Command {
	var checkpoint string
	var programs bool
	cmd := &cobra.Command{
		Use:   "check [--checkpoint FILE] FILE",
		Short: "Say what a policy means, what is wrong and what is risky",
		Long: `Say what a policy means: which logs and witnesses it believes, how many of them
must agree, how many can be lost, and what is risky about it. What is wrong is
named with its line and with what would be right, and makes the exit status 1.

With --checkpoint, also say what the policy makes of a checkpoint, or of the
checkpoint of a receipt: every fact by itself.`,
		Example: `  cocket policy check policy
  cocket policy check --checkpoint cert.tlog-proof policy`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := checkPolicy(args[0], checkpoint)
			if err != nil {
				return err
			}
			if programs {
				err = printJSON(cmd.OutOrStdout(), c)
			} else {
				err = c.print(cmd.OutOrStdout())
			}
			if err == nil {
				err = c.verdict()
			}
			return err
		},
	}
	cmd.Flags().StringVar(&checkpoint, "checkpoint", "", "`FILE` of a checkpoint or receipt to hold against the policy")
	cmd.Flags().BoolVar(&programs, "json", false, "report for programs")
	return cmd
}

// policyCheck is what was found of a policy.
type policyCheck struct {
	Policy     string              `json:"policy"` // its file
	Good       bool                `json:"good"`
	Faults     []policyFault       `json:"faults"`
	Meaning    *policycheck.Report `json:"meaning,omitempty"` // of a policy without faults
	Checkpoint *checkpointCheck    `json:"checkpoint,omitempty"`
}

type policyFault struct {
	Line  int    `json:"line,omitempty"`
	Fault string `json:"fault"`
}

// checkpointCheck is what a policy makes of a checkpoint.
type checkpointCheck struct {
	Satisfies bool   `json:"satisfies"`
	Error     string `json:"error,omitempty"`
	Facts     *facts `json:"facts"`
}

// checkPolicy returns the findings; an error is only what kept it from being tried.
func checkPolicy(path, checkpoint string) (c policyCheck, err error) {
	b, err := readFile(path)
	if err != nil {
		return c, err
	}
	c = policyCheck{Policy: path, Faults: []policyFault{}}
	for _, f := range receipt.FindFaults(b) {
		c.Faults = append(c.Faults, policyFault{f.Line, f.Err.Error()})
	}
	policy, err := receipt.ParsePolicy(b)
	if err != nil {
		return c, nil // it is among the faults
	}
	c.Good = true
	meaning := policycheck.Examine(policy)
	c.Meaning = &meaning
	if checkpoint == "" {
		return c, nil
	}
	note, err := readCheckpoint(checkpoint)
	if err != nil {
		return c, err
	}
	c.Checkpoint = newCheckpointCheck(policy, note)
	return c, nil
}

// readCheckpoint reads a checkpoint, or that of a receipt.
func readCheckpoint(path string) ([]byte, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	if recognise(b) != kindReceipt {
		return b, nil
	}
	r, err := receipt.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r.Checkpoint, nil
}

func newCheckpointCheck(p receipt.Policy, note []byte) *checkpointCheck {
	report := p.Examine(note)
	c := &checkpointCheck{Satisfies: report.Err() == nil, Facts: &facts{}}
	if err := report.Err(); err != nil {
		c.Error = err.Error()
	}
	if report.SyntaxErr != nil {
		return c
	}
	f := c.Facts
	f.add("checkpoint", fmt.Sprintf("%s, size %d", report.Checkpoint.Origin, report.Checkpoint.Size))
	f.add("log", saysOr(report.LogErr, "signed by "+keyID(report.Log)))
	if report.Period.Bounded() {
		f.add("key period", saysOr(report.PeriodErr, "good for "+report.Period.String()))
	}
	for _, w := range report.Witnesses {
		f.add("witness "+w.Witness.Name, saysOr(w.Err, "cosigned "+stamp(w.Time)))
	}
	f.add("quorum", saysOr(report.QuorumErr, "satisfied"))
	switch {
	case report.Err() != nil:
	case report.NoLaterThan.IsZero():
		f.add("on file", "no time is proven: too few cosignatures state one, or the policy asks for none")
	default:
		f.add("on file", "no later than "+stamp(report.NoLaterThan))
	}
	return c
}

// saysOr is what a fact says, or why it does not hold.
func saysOr(err error, says string) string {
	if errors.Is(err, receipt.ErrNoCosignature) {
		return "did not cosign this checkpoint"
	}
	if err != nil {
		return "FAILS: " + err.Error()
	}
	return says
}

// stamp prints the time of a cosignature; there may be none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "at no time that it states"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func keyID(k receipt.VerifierKey) string { return fmt.Sprintf("%s+%08x", k.Name, k.ID) }

// print prints the findings for people.
func (c policyCheck) print(w io.Writer) error {
	var f facts
	for _, fault := range c.Faults {
		where := "policy"
		if fault.Line > 0 {
			where = fmt.Sprintf("line %d", fault.Line)
		}
		f.add(where, fault.Fault)
	}
	if c.Meaning != nil {
		f.meaning(*c.Meaning)
	}
	if _, err := fmt.Fprint(w, &f); err != nil || c.Checkpoint == nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s", c.Checkpoint.Facts)
	return err
}

// meaning adds what a policy says.
func (f *facts) meaning(m policycheck.Report) {
	for _, l := range m.Logs {
		f.add("log", l.Words())
	}
	for _, w := range m.Witnesses {
		words := w.VKey
		if w.URL != "" {
			words += " at " + w.URL
		}
		f.add("witness "+w.Name, words)
	}
	for _, g := range m.Groups {
		f.add("group "+g.Name, fmt.Sprintf("%d of %s", g.Threshold, strings.Join(g.Members, ", ")))
	}
	f.add("quorum", m.Quorum.Words())
	if m.Quorum.Time {
		f.add("time", "receipts prove that an entry was on file no later than when the quorum was reached")
	}
	for _, warning := range m.Warnings {
		f.add("warning", warning)
	}
}

// verdict is the error of what does not hold.
func (c policyCheck) verdict() error {
	switch {
	case len(c.Faults) == 1:
		return refutedError{fmt.Errorf("%s is no good policy: 1 fault", c.Policy)}
	case len(c.Faults) > 1:
		return refutedError{fmt.Errorf("%s is no good policy: %d faults", c.Policy, len(c.Faults))}
	case c.Checkpoint != nil && !c.Checkpoint.Satisfies:
		return refutedError{fmt.Errorf("the checkpoint does not satisfy %s: %s", c.Policy, c.Checkpoint.Error)}
	}
	return nil
}
