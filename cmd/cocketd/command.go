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
	root.AddCommand(newInitCommand(&path), newStanzaCommand(&path))
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

func newStanzaCommand(path *string) *cobra.Command {
	var qpd uint32
	var contact string
	cmd := &cobra.Command{
		Use:   "stanza --config FILE --contact TEXT",
		Short: "Print the lines of this log for a list of logs",
		Long: `Print what a list of logs (c2sp.org/tlog-list) says of this log, for witnesses to read:
its verifier key, how often a day it asks, and whom to contact.

A list has one key of each log. Of two, it is the Ed25519 key. Without --qpd, the
number is what the intervals of the configuration come to at most.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(*path)
			if err != nil {
				return err
			}
			text, err := c.stanza(qpd, contact)
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), text)
			return nil
		},
	}
	cmd.Flags().Uint32Var(&qpd, "qpd", 0, "checkpoints a day `N` (default: of the intervals)")
	cmd.Flags().StringVar(&contact, "contact", "", "how to reach the operator, one line of `TEXT`")
	_ = cmd.MarkFlagRequired("contact") // fails for an unknown name only
	return cmd
}
