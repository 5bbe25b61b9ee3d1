// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"cocket.example/client"
	"cocket.example/declaration"
)

// aboutFlags are those by which a command verifies the declaration that it is about.
type aboutFlags struct{ policy, receipt string }

func (a *aboutFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.policy, "policy", "", "`FILE` of the policy, under which its receipt must verify")
	cmd.Flags().StringVar(&a.receipt, "receipt", "", "`FILE` of the receipt, if it is an opening")
}

// target reads an opening or a disclosure, which holds, and says how its being on file stands.
func (a aboutFlags) target(path string) (t declaration.Target, held string, err error) {
	file, err := readFile(path)
	if err != nil {
		return t, "", err
	}
	switch kind := recognise(file); kind {
	case kindOpening:
		var o declaration.Opening
		if o, err = declaration.ParseOpening(file); err == nil {
			t = o.Target()
		}
	case kindDisclosure:
		var x declaration.Disclosure
		if x, err = declaration.ParseDisclosure(file); err == nil {
			t, err = x.Target()
		}
	default:
		return t, "", fmt.Errorf("%s is %s, want the opening or a disclosure of what it is about", path, kind)
	}
	if err != nil {
		return t, "", refutedError{fmt.Errorf("%s: %w", path, err)}
	}
	held, err = a.onFile(path, file)
	return t, held, err
}

// onFile verifies the receipt, if there is a policy to do it under.
func (a aboutFlags) onFile(path string, file []byte) (held string, err error) {
	opening := recognise(file) == kindOpening
	switch {
	case a.policy == "" && a.receipt != "":
		return "", errors.New("--receipt is verified under a policy: give --policy FILE")
	case a.policy == "" && opening:
		return "not verified to be on file: --policy and --receipt do it", nil
	case a.policy == "":
		return "not verified to be on file: --policy does it", nil
	}
	v := verification{policy: a.policy, receipt: a.receipt}
	verifier, err := v.verifier()
	if err != nil {
		return "", err
	}
	report, err := v.verify(verifier, path, file)
	if err != nil {
		return "", err
	}
	if err := report.Err(); err != nil {
		return "", refutedError{fmt.Errorf("%s does not verify: %w", path, err)}
	}
	return onFileSince(report), nil
}

func onFileSince(r client.Report) string {
	held := fmt.Sprintf("on file at index %d", r.Index)
	if !r.NoLaterThan.IsZero() {
		held += " no later than " + r.NoLaterThan.UTC().Format(time.RFC3339)
	}
	return held
}
