// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func newAcceptCommand(path *string) *cobra.Command {
	var size uint64
	cmd := &cobra.Command{
		Use:   "accept --config FILE --size N ORIGIN",
		Short: "Let cosignatures of a log go on, though the state has forgotten some",
		Long: `Let cosignatures of a log go on from the size that the state holds.

A state that was brought back from an older copy, or lost its journal, may have
forgotten what was cosigned last. While it says so (reason "doubt" in the metric
cocket_witness_waiting), nothing is cosigned for a log before enough peers have said
what they keep of it. Without peers, this command is the last resort.

It is your word that nothing larger than N was ever cosigned for the log. If that is
wrong, the log can get a fork cosigned, and the witness is worth nothing any more.
Compare N with the newest checkpoint of the log that has this witness's cosignature,
wherever there are copies: monitors, receipts, other witnesses. In doubt make a new
witness with new keys.

The witness must be stopped. N is the size that is held, 0 if it is none.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || !cmd.Flags().Changed("size") {
				return usageError{errors.New("want the ORIGIN of one log, and --size N")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			c, err := load(*path)
			if err != nil {
				return err
			}
			state, err := c.files().Open()
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, state.Close()) }()
			if err := state.Accept(args[0], size); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "accepted: %s goes on from size %d; if more was ever cosigned, a fork "+
				"can be cosigned now\n", args[0], size)
			return nil
		},
	}
	cmd.Flags().Uint64Var(&size, "size", 0, "the size that is held, `N`")
	return cmd
}

func newRenewCommand(path *string) *cobra.Command {
	return &cobra.Command{
		Use:   "renew --config FILE",
		Short: "Make a new journal for a state that has lost its own",
		Long: `Make a new journal for a state whose journal is lost, or older than the database.

The journal says what was cosigned last. If you have a newer one, put it back instead.
After this command nothing is cosigned for a log before enough peers have said what
they keep of it, or "accept" was said for it. A journal that is in the way is to be
moved away first, and kept.

A state of the format cocket-witness/1 is taken over in the same way.

The witness must be stopped.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(*path)
			if err != nil {
				return err
			}
			if err := c.files().Renew(); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "renewed %s\n", c.state())
			return nil
		},
	}
}
