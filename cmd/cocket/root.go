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

A declaration is sealed into an opening, which is yours and secret, with an
entry for the log. The log gives a receipt for it, which witnesses cosigned.
Whoever you show the declaration to, or some of its fields, verifies it with the
receipt and without a connection.

What follows it is made from an opening or a disclosure, and is filed and shown
in the same way.

Exit status: 0 all is well, 1 something does not verify, 2 could not be tried,
3 a log is proven to have forked, 4 verified, and not in force.`,
		Version:       build.Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	// Flags are wrapped at the width of a terminal.
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(),
		"FlagUsages |", "FlagUsagesWrapped 80 |"))
	addGroup(root, "A declaration, in the order of its way:",
		newProfileCommand(), newSealCommand(), newSubmitCommand(), newVerifyCommand(), newDiscloseCommand(),
		newInspectCommand(), newStatusCommand())
	var follow []*cobra.Command
	for _, st := range stages {
		follow = append(follow, newFollowCommand(st))
	}
	addGroup(root, "What follows it:", follow...)
	addGroup(root, "Many declarations at once:", newTakeCommand(), newCutCommand())
	addGroup(root, "Keys and trust:", newKeygenCommand(), newTokenCommand(), newPolicyCommand())
	addGroup(root, "Logs and witnesses:", newFsckCommand(), newConformCommand())
	addGroup(root, "To try it:", newDemoCommand())
	const others = "Besides:"
	addGroup(root, others)
	root.SetHelpCommandGroupID(others)
	root.SetCompletionCommandGroupID(others)
	plainUsage(root)
	return root
}

// addGroup adds commands below a heading of the help.
func addGroup(root *cobra.Command, heading string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: heading, Title: heading})
	for _, cmd := range commands {
		cmd.GroupID = heading
	}
	root.AddCommand(commands...)
}

// plainUsage keeps "[flags]" out of the usage of commands whose usage names them.
func plainUsage(cmd *cobra.Command) {
	cmd.DisableFlagsInUseLine = true
	for _, c := range cmd.Commands() {
		plainUsage(c)
	}
}

// init keeps the commands of a group in their order.
func init() { cobra.EnableCommandSorting = false }

// require marks flags as required. The names are those just declared, so that an error can only
// be a slip of the pen, which the first run of the command would show.
func require(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
}
