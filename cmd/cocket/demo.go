// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"cocket.example/cmd/cocket/internal/demo"
)

func newDemoCommand() *cobra.Command {
	var c demo.Config
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a log with three witnesses here, and file declarations in it",
		Long: `Starts a log server and three witnesses on the loopback interface, seals
declarations, submits them, waits for receipts that witnesses cosigned, and
verifies every one offline. Rows that break a rule are counted and named.
Everything is kept in --dir; a demonstration that was broken off goes on there
with the same entries.

It ends with lines that a program can read, one "name value" a line.`,
		Example: `  cocket demo
  cocket demo --input declarations.csv --entries 1000 --exit`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.Entries < 1 {
				return fmt.Errorf("--entries %d: want at least 1", c.Entries)
			}
			self, err := os.Executable()
			if err != nil {
				return err
			}
			c.Bin, c.Out, c.Err = filepath.Dir(self), cmd.OutOrStdout(), cmd.ErrOrStderr()
			return demo.Run(cmd.Context(), c)
		},
	}
	cmd.Flags().StringVar(&c.Dir, "dir", "demo", "`FOLDER` for keys, configurations, openings and the log")
	cmd.Flags().StringVar(&c.Input, "input", "", "CSV `FILE` of import declarations (default: made up)")
	cmd.Flags().IntVar(&c.Entries, "entries", 1000, "`N` rows to take, or declarations to make up")
	cmd.Flags().BoolVar(&c.Exit, "exit", false, "do not stay up at the end")
	return cmd
}
