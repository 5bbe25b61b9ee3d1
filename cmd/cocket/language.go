// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"cocket.example/declaration/rule"
)

// tongue is the flag --lang: the language of messages about rules. Codes are the same in all.
type tongue rule.Language

// addTongue adds the flag, whose default is the language of the environment, or English.
func addTongue(cmd *cobra.Command, l *tongue) {
	env := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	found, _ := rule.LanguageOf(env)
	*l = tongue(found)
	cmd.Flags().Var(l, "lang", "`LANGUAGE` of messages about rules: en, es or fr")
	cmd.Flags().Lookup("lang").DefValue = "" // help is the same everywhere
}

func (l *tongue) Set(s string) error {
	for _, known := range rule.Languages {
		if s == string(known) {
			*l = tongue(known)
			return nil
		}
	}
	return fmt.Errorf("want one of en, es, fr")
}

func (l *tongue) String() string { return string(*l) }

func (l *tongue) Type() string { return "LANGUAGE" }

// describe is a finding on one line: code, field, what would be right.
func (l tongue) describe(f rule.Finding) string {
	return f.Code + " " + f.Field + ": " + f.Message(rule.Language(l))
}

// list is a line for each finding, its level in front.
func (l tongue) list(findings rule.Findings) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "\n%-7s %s", f.Level, l.describe(f))
	}
	return b.String()
}
