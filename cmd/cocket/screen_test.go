// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cocket.example/declaration/profile"
	"cocket.example/declaration/rule"
	"cocket.example/internal/columns"
)

// TestHelp: the help of every command fits a terminal and has an example, and every command of the first level
// stands below a heading. The scripts for completion are cobra's.
func TestHelp(t *testing.T) {
	root := newRootCommand()
	for _, cmd := range root.Commands() {
		if cmd.GroupID == "" {
			t.Errorf("%s is in no group", cmd.CommandPath())
		}
	}
	eachCommand(root, func(cmd *cobra.Command) {
		path := strings.Fields(cmd.CommandPath())[1:]
		var out, stderr bytes.Buffer
		if status := run(append(path, "--help"), &out, &stderr); status != 0 || stderr.Len() > 0 {
			t.Errorf("%s --help: status %d, %s", cmd.CommandPath(), status, &stderr)
		}
		for line := range strings.Lines(out.String()) {
			if n := columns.Cells(strings.TrimSuffix(line, "\n")); n > columns.Width {
				t.Errorf("%s --help: %d cells: %s", cmd.CommandPath(), n, line)
			}
		}
		if !cmd.HasSubCommands() && !strings.Contains(out.String(), "\nExamples:\n  cocket "+strings.Join(path, " ")) {
			t.Errorf("%s --help has no example", cmd.CommandPath())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if name, _ := pflag.UnquoteUsage(f); slices.Contains([]string{"string", "strings", "int", "uint"}, name) {
				t.Errorf("%s --%s asks for a %q, want a word for what it is", cmd.CommandPath(), f.Name, name)
			}
		})
	})
}

// TestProfilePages: every profile fits a terminal, in every language.
func TestProfilePages(t *testing.T) {
	for _, p := range profile.All {
		for _, l := range rule.Languages {
			for line := range strings.Lines(profilePage(p, l)) {
				if n := columns.Cells(strings.TrimSuffix(line, "\n")); n > columns.Width {
					t.Errorf("%s in %s: %d cells: %s", p.Name, l, n, line)
				}
			}
		}
	}
}

func eachCommand(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, c := range cmd.Commands() {
		eachCommand(c, f)
	}
}
