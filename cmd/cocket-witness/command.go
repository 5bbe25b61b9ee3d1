// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"log/slog"

	"cocket.example/cmd/internal/build"
	"github.com/spf13/cobra"
)

// manual is the help of the server itself.
const manual = `Cosign the checkpoints of logs that only grow (c2sp.org/tlog-witness), and with an
ML-DSA-44 key subtrees of what was cosigned.

The witness must exist: "cocket-witness init" makes its state, once. SIGTERM or an
interrupt lets running requests finish and stops.

The state says what was cosigned. Never run two witnesses with the same keys: a log
could then have two histories cosigned. The same goes for an older copy of the
state; docs/witness-state.md says what a witness sees of one by itself, from its
logs and from its peers. A witness whose state is lost gets new keys.

The configuration, with paths relative to its folder:

  listen: 127.0.0.1:8081     # submission and monitoring
  admin: 127.0.0.1:9081      # optional: /metrics, /health, /evidence, /debug/pprof
  dir: w1                    # state, made by init
  keys: [w1.key, w1-pq.key]  # from "cocket keygen --type cosignature", mode 0600;
                             # Ed25519, ML-DSA-44 or one of each; of an encrypted one
                             # {file: w1.key.age, passphrase_file: w1.pass}
  tls: {certificate: cert.pem, key: key.pem}   # optional
  bastion:                   # optional: a reverse proxy that the witness dials, so that
    address: bastion.example:443               # it needs no open port and no listen
    key: bastion.key         # from "openssl genpkey -algorithm ed25519", mode 0600
    roots: roots.pem         # optional: what its certificate leads to
  logs:
    - vkey: customs.example/log+…              # a key of a log, or
      url: https://log.customs.example         # optional: where the log publishes; asked
                                               # at each start what was cosigned before
      watch: true                              # read and check the entries as well
      mirror: mirror                           # optional: keep them in this folder
    - vkey_file: log-pq.vkey                   # a file that holds one; qpd beside it
                                               # bounds its checkpoints a day
  log_lists: [network.list]  # optional: c2sp.org/tlog-list files with more logs
  journal: /other/disk/w1.journal              # optional: not beside the database
  peers: [https://w2.example]                  # optional: they keep what is cosigned
  keeps: [{vkey_file: w2.vkey}]                # optional: and this one for them

and, seldom needed: peer_write (how many peers must have what is answered, more than
half), addr_file (gets the address, for port 0), drain (how long requests may finish,
15s), clock_step (how far the clock may be behind the latest cosignature, 1m),
watch_lag (how long the entries of a watched log may be out of reach before nothing
larger is cosigned for it, 1h), reload (how often the lists are looked at, 1m; a
SIGHUP reads them and logs again at once), limits, trusted_proxies and
client_address_header (what clients may take: docs/witness.md).

Exit status: 0 stopped by a signal, 1 the configuration is refused or the server
cannot go on, 2 the command line is wrong.`

// newCommand returns the command line.
func newCommand() *cobra.Command {
	var path string
	var verbose bool
	root := &cobra.Command{
		Use:   "cocket-witness --config FILE",
		Short: "Cosign the checkpoints of logs that only grow",
		Long:  manual,
		Example: `  cocket-witness init --config w1.yaml
  cocket-witness --config w1.yaml`,
		Version:       build.Version(),
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(path)
			if err != nil {
				return err
			}
			return c.serve(cmd.Context(), newLogger(cmd, verbose))
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().StringVar(&path, "config", "", "configuration `FILE` (YAML)")
	_ = root.MarkPersistentFlagFilename("config", "yaml", "yml") // fails for an unknown name only
	root.Flags().BoolVar(&verbose, "verbose", false, "log every request of a known log")
	root.AddCommand(newInitCommand(&path), newEvidenceCommand(&path), newAcceptCommand(&path), newRenewCommand(&path))
	return root
}

func newInitCommand(path *string) *cobra.Command {
	return &cobra.Command{
		Use:   "init --config FILE",
		Short: "Make the state of a new witness",
		Long: `Make the state of a new witness in the directory that the configuration names.

A state that exists is left alone. Make one once only: a witness that has forgotten
what it cosigned can be brought to cosign another history.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(*path)
			if err != nil {
				return err
			}
			if err := c.create(); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "created %s\n", c.state())
			return nil
		},
	}
}

func noArgs(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return usageError{err}
	}
	return nil
}

func load(path string) (Config, error) {
	if path == "" {
		return Config{}, usageError{errors.New("--config FILE is missing")}
	}
	return loadConfig(path)
}

func newLogger(cmd *cobra.Command, verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	options := &slog.HandlerOptions{Level: level}
	return slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), options))
}
