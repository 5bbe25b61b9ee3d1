// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"cocket.example/declaration"
	"cocket.example/declaration/profile"
	"cocket.example/declaration/rule"
)

// profiling is what the flags of profile say.
type profiling struct {
	schema, hash bool
	event        string
	lang         tongue
}

func newProfileCommand() *cobra.Command {
	var p profiling
	cmd := &cobra.Command{
		Use:   "profile [PROFILE]",
		Short: "Show the fields and rules of a profile, or list the profiles",
		Long: `Show what a profile asks for: the fields of each event, the form of each value,
to whom it is usually shown, and the rules, each with its code, its level, its
source and what would be right. Without an argument, list the profiles.

With --schema, print a JSON Schema (2020-12) of the declaration that "cocket
seal" reads, for the system that writes it: nothing that is sealed breaks it,
and it says as much of what is not as a schema can.`,
		Example: `  cocket profile usmca/1
  cocket profile usmca/1 --lang es
  cocket profile usmca/1 --schema --event claim`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listProfiles(cmd.OutOrStdout())
			}
			return p.show(cmd.OutOrStdout(), args[0])
		},
	}
	f := cmd.Flags()
	f.BoolVar(&p.schema, "schema", false, "print the JSON Schema of an event")
	f.StringVar(&p.event, "event", "issue", "`EVENT` of the schema")
	f.BoolVar(&p.hash, "hash", false, "print the SHA-256 of the profile's tables")
	addTongue(cmd, &p.lang)
	cmd.MarkFlagsMutuallyExclusive("schema", "hash")
	return cmd
}

func listProfiles(w io.Writer) error {
	for _, p := range profile.All {
		if _, err := fmt.Fprintf(w, "%-12s %s\n", p.Name, p.Title); err != nil {
			return err
		}
	}
	return nil
}

func (p profiling) show(w io.Writer, name string) error {
	known := profile.Find(name)
	if known == nil {
		return fmt.Errorf("profile %.40q: want one of %s", name, strings.Join(declaration.Profiles(), ", "))
	}
	var text string
	switch {
	case p.hash:
		text = fmt.Sprintf("%x\n", known.Hash())
	case p.schema:
		schema, err := known.Schema(p.event)
		if err != nil {
			return err
		}
		text = string(schema) + "\n"
	default:
		text = profilePage(known, rule.Language(p.lang))
	}
	_, err := io.WriteString(w, text)
	return err
}
