// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"cocket.example/cmd/internal/build"
	"github.com/spf13/cobra"
)

// newRootCommand returns the tree of all commands.
func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "cocket",
		Short: "File customs declarations in a transparency log, and prove what they said",
		Long: `Cocket files customs declarations in a transparency log without showing them,
and proves to whoever you choose what they said and when they were on file.

The way of a declaration:

  seal      turns it into an opening (yours, secret) with an entry (for the log)
  submit    files the entry and fetches the receipt that witnesses cosigned
  verify    checks an opening or a disclosure, without any connection
  disclose  shows some fields of an opening, and nothing of the others
  status    says whether it is in force, superseded, withdrawn or void

What follows it is made from an opening or a disclosure: amend, withdraw, claim,
correct, query, respond, determine. It is filed and shown in the same way.

Exit status: 0 all is well, 1 something does not verify, 2 could not be tried,
3 a log is proven to have forked, 4 verified, and not in force.`,
		Version:       build.Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	// Flags are wrapped at the width of a terminal.
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(),
		"FlagUsages |", "FlagUsagesWrapped 80 |"))
	root.AddCommand(
		newKeygenCommand(),
		newTokenCommand(),
		newPolicyCommand(),
		newProfileCommand(),
		newSealCommand(),
		newSubmitCommand(),
		newCutCommand(),
		newVerifyCommand(),
		newDiscloseCommand(),
		newStatusCommand(),
		newInspectCommand(),
		newFsckCommand(),
		newConformCommand(),
		newDemoCommand(),
	)
	for _, st := range stages {
		root.AddCommand(newFollowCommand(st))
	}
	for _, cmd := range root.Commands() {
		cmd.DisableFlagsInUseLine = true
	}
	return root
}

// require marks flags as required. The names are those just declared, so that an error can only
// be a slip of the pen, which the first run of the command would show.
func require(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
}
