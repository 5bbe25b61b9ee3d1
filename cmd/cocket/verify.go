// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"cocket.example/client"
	"cocket.example/cmd/cocket/internal/page"
	"cocket.example/cmd/internal/keyfile"
	"cocket.example/internal/strict"
)

// verification is what the flags of verify say.
type verification struct {
	policy, receipt        string
	certifiers, submitters []string
	logKeys                []string
	before                 string // a moment
	json                   bool
	batch, identity        string
	claimed                basing
	report                 *reporting // nil remembers and writes nothing
}

func newVerifyCommand() *cobra.Command {
	v := verification{report: new(reporting)}
	cmd := &cobra.Command{
		Use: `verify --policy FILE [--receipt FILE] FILE [--about CERTIFICATION]
  cocket verify --policy FILE --batch DIR FILE...|DIR`,
		Short: "Check an opening and its receipt, a disclosure, claim or fork",
		Long: `Check an opening with its receipt, or a disclosure, which holds its receipt. No
connection is needed, and none is made but to a --url. Every fact is reported by
itself: what the entry says, which log and which witnesses signed and when,
whether the entry is in the log, and every value shown.

What is believed is the policy alone, and the keys given by --certifier and
--submitter: get them from someone else than from who shows you the declaration.

With --before it must be proven to have been on file before a moment. With
--about FILE is a claim, and the question is whether the certification that it
rests on was on file before it, bears it, and was in force then. The last needs
the log read: --url asks the log, --scan reads all of it, --mirror a copy. What
is hidden never makes a Yes: the answer is then Not proven. Of what else follows
a declaration, as a response follows a query, the question is whether it is
about the one that --about names, and keeps the rules on both.

With --batch many entries are checked at once against the batch receipts in a
folder, as "cocket submit --batch" wrote them: all openings in the files or
folders named, that they open their entries, or the entries alone where there is
no more; that every one is in a tree that log and witnesses signed; and since
when all of them are on file. Openings that are encrypted need --identity.

--report writes a page that can be printed and filed: the answer, every fact
with its evidence, what is not proven, and how to check it again. It holds the
values that are shown.

A fork is a file by which a witness shows that a log has signed two trees that
contradict each other ("cocket-witness evidence ID --out FILE"). The keys of the
log are those of the policy that are good for these sizes, or those of
--log-key.

Exit status: 0 verified, 1 does not verify, 2 could not be tried, 3 a log is
proven to have forked. A fork never ends with 0, so that no program takes it for
a declaration that is good.`,
		Example: `  cocket verify --policy policy cert.disclosure.json
  cocket verify --policy policy --receipt cert.tlog-proof cert.opening.json
  cocket verify --policy policy --before 2026-05-04T10:00:00Z \
      cert.disclosure.json
  cocket verify --policy policy claim.disclosure.json \
      --about cert.disclosure.json --url https://log.example --scan \
      --report proof.html
  cocket verify --policy policy --batch filed sealed
  cocket verify --log-key log.vkey customs.fork`,
		Args: func(cmd *cobra.Command, args []string) error {
			if v.batch != "" {
				return cobra.MinimumNArgs(1)(cmd, args)
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if v.batch != "" {
				return v.verifyBatch(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			if v.identity != "" {
				return errors.New("--identity is for --batch: want --batch DIR, the folder of batch receipts")
			}
			v.report.command = cmd
			return v.run(cmd.Context(), args[0])
		},
	}
	cmd.Flags().StringVar(&v.policy, "policy", "", "`FILE` of the policy")
	cmd.Flags().StringVar(&v.receipt, "receipt", "", "`FILE` of the receipt of an opening")
	cmd.Flags().StringArrayVar(&v.certifiers, "certifier", nil,
		"vkey of a certifier whose name you know, or its `FILE`; again for each")
	cmd.Flags().StringArrayVar(&v.submitters, "submitter", nil,
		"vkey of the submitter, or its `FILE`: the entry must then be signed by him")
	cmd.Flags().BoolVar(&v.json, "json", false, "report for programs")
	cmd.Flags().StringArrayVar(&v.logKeys, "log-key", nil,
		"of a fork: vkey of the log, or its `FILE`; again for each")
	cmd.Flags().StringVar(&v.batch, "batch", "", "`DIR` of batch receipts, or the file of one, for many entries")
	cmd.Flags().StringVar(&v.identity, "identity", "", "`FILE` of the age identities that openings are encrypted to")
	cmd.Flags().StringVar(&v.before, "before", "",
		"`MOMENT` before which it must be proven on file, as 2026-05-04T10:00:00Z")
	v.claimed.flags(cmd)
	v.report.flags(cmd)
	cmd.MarkFlagsOneRequired("policy", "log-key")
	for _, one := range []string{"receipt", "certifier", "submitter", "log-key", "before", "report", "force", "about",
		"about-receipt", "about-policy", "url", "scan", "state", "mirror"} {
		cmd.MarkFlagsMutuallyExclusive("batch", one)
	}
	return cmd
}

// finding is a report on what was verified.
type finding interface {
	fmt.Stringer
	json.Marshaler
	Err() error
}

// run verifies, prints what was found, and writes the page. What does not verify is a refutedError.
func (v verification) run(ctx context.Context, path string) error {
	moment, err := v.check()
	if err != nil {
		return err
	}
	verifier, err := v.verifier()
	if err != nil {
		return err
	}
	file, err := v.report.read(path)
	if err != nil {
		return err
	}
	stdout := v.report.command.OutOrStdout()
	if recognise(file) == kindFork {
		if v.before != "" || v.claimed.about != "" || v.report.out.path != "" {
			return fmt.Errorf("%s is %s: --before, --about and --report are for declarations", path, kindFork)
		}
		return v.convict(stdout, file, verifier.Policy.Logs)
	}
	report, err := v.verify(verifier, path, file)
	if err != nil {
		return err
	}
	if v.claimed.about != "" {
		return v.judge(ctx, verifier, report, moment)
	}
	asked := page.Asked{}
	if !moment.IsZero() {
		report.AddBefore(&report.Facts, moment)
		asked.Before = client.Stamp(moment)
	}
	return v.tell(report, page.Of(report, asked), path+" does not verify")
}

// check looks at the flags before anything is read.
func (v verification) check() (moment time.Time, err error) {
	if err := errors.Join(v.claimed.check(), v.report.check()); err != nil {
		return moment, err
	}
	if v.before == "" {
		return moment, nil
	}
	if moment, err = strict.Moment(v.before); err != nil {
		return moment, fmt.Errorf("--before: %w", err)
	}
	return moment, nil
}

// tell prints what was found and writes the page, whether it verifies or not.
func (v verification) tell(found finding, p page.Page, otherwise string) error {
	if err := v.print(v.report.command.OutOrStdout(), found); err != nil {
		return err
	}
	if err := v.report.write(p); err != nil {
		return err
	}
	if err := found.Err(); err != nil {
		return refutedError{fmt.Errorf("%s: %w", otherwise, err)}
	}
	return nil
}

// verify returns the report; an error is only what kept it from being tried.
func (v verification) verify(verifier client.Verifier, path string, file []byte) (client.Report, error) {
	switch kind := recognise(file); {
	case v.logKeys != nil:
		return client.Report{}, fmt.Errorf("--log-key is for forks, and %s is %s", path, kind)
	case kind == kindDisclosure && v.receipt != "":
		return client.Report{}, fmt.Errorf("%s is a disclosure, which holds its receipt itself: "+
			"--receipt and --about-receipt are for openings", path)
	case kind == kindDisclosure:
		return verifier.VerifyDisclosure(file), nil
	case kind == kindOpening && v.receipt == "":
		return client.Report{}, fmt.Errorf("%s is an opening, which is verified with its receipt: give --receipt FILE, "+
			"or --about-receipt FILE for that of --about", path)
	case kind == kindOpening:
		proof, err := v.report.read(v.receipt)
		if err != nil {
			return client.Report{}, err
		}
		if recognise(proof) == kindBatch {
			return client.Report{}, fmt.Errorf("%s is a batch receipt: cut the opening's own receipt from it "+
				"with \"cocket cut\"", v.receipt)
		}
		return verifier.VerifyOpening(file, proof), nil
	default:
		return client.Report{}, fmt.Errorf("%s is %s, want an opening or a disclosure, or a fork", path, kind)
	}
}

func (v verification) verifier() (verifier client.Verifier, err error) {
	if v.policy != "" {
		if verifier.Policy, err = v.report.readPolicy(v.policy); err != nil {
			return verifier, err
		}
	}
	if verifier.Certifiers, err = vkeys(v.certifiers); err != nil {
		return verifier, fmt.Errorf("--certifier: %w", err)
	}
	if verifier.Submitters, err = vkeys(v.submitters); err != nil {
		return verifier, fmt.Errorf("--submitter: %w", err)
	}
	return verifier, nil
}

// vkeys reads keys given literally or as files.
func vkeys(list []string) ([]string, error) {
	var out []string
	for _, s := range list {
		key, err := keyfile.VerifierKey(s)
		if err != nil {
			return nil, err
		}
		out = append(out, key.String())
	}
	return out, nil
}

func (v verification) print(w io.Writer, report finding) error {
	if !v.json {
		_, err := fmt.Fprint(w, report)
		return err
	}
	return printJSON(w, report)
}

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
