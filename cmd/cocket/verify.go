// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"cocket.example/client"
	"cocket.example/cmd/internal/keyfile"
)

// verification is what the flags of verify say.
type verification struct {
	policy, receipt        string
	certifiers, submitters []string
	logKeys                []string
	json                   bool
}

func newVerifyCommand() *cobra.Command {
	var v verification
	cmd := &cobra.Command{
		Use:   "verify --policy FILE [--receipt FILE] FILE",
		Short: "Check an opening with its receipt, a disclosure, or a fork",
		Long: `Check an opening with its receipt, or a disclosure, which holds its receipt. No
connection is needed, and none is made. Every fact is reported by itself: what
the entry says, which log and which witnesses signed and when, whether the entry
is in the log, and every value shown.

What is believed is the policy alone, and the keys given by --certifier and
--submitter: get them from someone else than from who shows you the declaration.

A fork is a file by which a witness shows that a log has signed two trees that
contradict each other ("cocket-witness evidence ID --out FILE"). The keys of the
log are those of the policy that are good for these sizes, or those of
--log-key.

Exit status: 0 verified, 1 does not verify, 2 could not be tried, 3 the file is
a fork and proves what it says. A fork never ends with 0, so that no program
takes it for a declaration that is good.`,
		Example: `  cocket verify --policy policy cert.disclosure.json
  cocket verify --policy policy --receipt cert.tlog-proof cert.opening.json
  cocket verify --log-key log.vkey customs.fork`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			verifier, err := v.verifier()
			if err != nil {
				return err
			}
			file, err := readFile(args[0])
			if err != nil {
				return err
			}
			if recognise(file) == kindFork {
				return v.convict(cmd.OutOrStdout(), file, verifier.Policy.Logs)
			}
			report, err := v.verify(verifier, args[0], file)
			if err != nil {
				return err
			}
			if err := v.print(cmd.OutOrStdout(), report); err != nil {
				return err
			}
			if err := report.Err(); err != nil {
				return refutedError{fmt.Errorf("%s does not verify: %w", args[0], err)}
			}
			return nil
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
	cmd.MarkFlagsOneRequired("policy", "log-key")
	return cmd
}

// verify returns the report; an error is only what kept it from being tried.
func (v verification) verify(verifier client.Verifier, path string, file []byte) (client.Report, error) {
	switch kind := recognise(file); {
	case v.logKeys != nil:
		return client.Report{}, fmt.Errorf("--log-key is for forks, and %s is %s", path, kind)
	case kind == kindDisclosure && v.receipt != "":
		return client.Report{}, errors.New("--receipt is for openings: a disclosure holds its receipt itself")
	case kind == kindDisclosure:
		return verifier.VerifyDisclosure(file), nil
	case kind == kindOpening && v.receipt == "":
		return client.Report{}, errors.New("an opening is verified with its receipt: give --receipt FILE")
	case kind == kindOpening:
		proof, err := readFile(v.receipt)
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
		if verifier.Policy, err = readPolicy(v.policy); err != nil {
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

func (v verification) print(w io.Writer, report client.Report) error {
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
