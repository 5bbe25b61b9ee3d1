// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cocket.example/internal/strict"
	"cocket.example/witness"
)

const (
	// maxAnswer bounds what is read of a running witness: far more than a log that forks leaves.
	maxAnswer = 256 << 20
	// askTimeout bounds asking the server.
	askTimeout = 30 * time.Second
)

func newEvidenceCommand(path *string) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "evidence --config FILE [ID --out FILE]",
		Short: "List what convicts logs, and export it",
		Long: `List the checkpoints that logs have signed and that conflict with what this witness
has cosigned: for each an ID, its kind, the time when it was kept, the log, and the
sizes and roots that disagree.

  fork      offered to the witness: the log has signed two trees that contradict
            each other
  unproven  a checkpoint whose consistency proof does not hold. It proves nothing
            against the log: whoever sent it may have spoilt the proof
  served    entries that the log served for a checkpoint, and that do not hash to its
            root. It signs nothing about them, so this is the witness's word
  contradiction  two cosignatures of this witness, or of one that it keeps for, of
            which only one can have been made: it runs twice, or forgot

With an ID, the proof of a fork goes to a new file. Anyone checks it with the log's
key alone: "cocket verify FILE --log-key VKEY". Only forks are exported.

While the witness runs it holds the state, and is asked at its address "admin".`,
		Example: `  cocket-witness evidence --config w1.yaml
  cocket-witness evidence --config w1.yaml 5d0c9a31b7e2 --out customs.fork`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || (len(args) == 1) != (out != "") {
				return usageError{errors.New("want nothing more, or one ID and --out FILE")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := load(*path)
			if err != nil {
				return err
			}
			all, err := c.evidence(cmd.Context())
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return export(all, args[0], out)
			}
			return printEvidence(cmd.OutOrStdout(), all)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "new `FILE` for the proof")
	return cmd
}

// evidence reads the state or, while the witness holds it, asks the witness.
func (c Config) evidence(ctx context.Context) ([]witness.Evidence, error) {
	all, err := witness.EvidenceIn(c.state())
	if !errors.Is(err, witness.ErrInUse) {
		return all, err
	}
	host, port, splitErr := net.SplitHostPort(c.Admin)
	if splitErr != nil || port == "0" {
		return nil, fmt.Errorf("%w, and the configuration names no address \"admin\" with a port where to ask it: "+
			"want one, or the witness stopped", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	all, err = ask(ctx, "http://"+net.JoinHostPort(host, port)+"/evidence")
	if err != nil {
		return nil, fmt.Errorf("asking the witness, which runs: %w", err)
	}
	return all, nil
}

// ask reads the evidence, one JSON object a line, from a running witness.
func ask(ctx context.Context, url string) (all []witness.Evidence, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, answer.Status)
	}
	for lines := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)); ; {
		var e witness.Evidence
		if err := lines.Decode(&e); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", url, err)
		}
		all = append(all, e)
	}
}

// printEvidence prints a line for each piece, and below it one for each of its checkpoints.
func printEvidence(w io.Writer, all []witness.Evidence) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, "none: no log has signed anything that conflicts with what was cosigned")
		return err
	}
	var b strings.Builder
	for _, e := range all {
		fmt.Fprintf(&b, "%s  %-8s  %s  %s\n", e.ID, e.Kind, e.Time.UTC().Format(time.RFC3339), e.Origin)
		heads, err := e.Checkpoints()
		if err != nil {
			fmt.Fprintf(&b, "%14scannot be read: %v\n", "", err)
		}
		for _, c := range heads {
			fmt.Fprintf(&b, "%14ssize %d root %s\n", "", c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
		}
	}
	_, err := io.WriteString(w, strict.Printable(b.String(), "\n"))
	return err
}

// export writes the proof of the piece with that ID to a new file.
func export(all []witness.Evidence, id, out string) error {
	for _, e := range all {
		if e.ID != id {
			continue
		}
		f, err := e.Fork()
		if err != nil {
			return fmt.Errorf("evidence %s is of the kind %q: %w", id, e.Kind, err)
		}
		return writeNew(out, f.Bytes())
	}
	return fmt.Errorf("there is no evidence %.40q: want an ID from the list", id)
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path)) // ours, and not whole
	}
	return nil
}
