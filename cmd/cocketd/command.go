// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
)

// newCommand returns the command line.
func newCommand() *cobra.Command {
	var path string
	root := &cobra.Command{
		Use:   "cocketd --config FILE",
		Short: "Run a transparency log for customs declarations",
		Long: `Run a transparency log for customs declarations.

The log must exist: "cocketd init" creates it, once. SIGTERM or an interrupt lets
running requests finish, publishes what was accepted, and stops.`,
		Example: `  cocketd init --config log.yaml
  cocketd --config log.yaml`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(path)
			if err != nil {
				return err
			}
			logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			return serveLog(cmd.Context(), c, logger)
		},
	}
	root.PersistentFlags().StringVar(&path, "config", "", "configuration `FILE` (YAML)")
	_ = root.MarkPersistentFlagRequired("config") // fails for an unknown name only
	_ = root.MarkPersistentFlagFilename("config", "yaml", "yml")
	root.AddCommand(newInitCommand(&path))
	return root
}

func newInitCommand(path *string) *cobra.Command {
	return &cobra.Command{
		Use:   "init --config FILE",
		Short: "Create the log that the configuration describes",
		Long: `Create the log that the configuration describes, and sign the head of the empty tree.

A directory that holds a log already is left alone. What the log takes for entries
is fixed from here on.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(*path)
			if err != nil {
				return err
			}
			if err := createLog(cmd.Context(), c); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "created log %s in %s\n", c.Origin, c.Dir)
			return nil
		},
	}
}
