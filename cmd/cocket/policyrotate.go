// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"cocket.example/receipt"
)

// rotation is what the flags of policy rotate say.
type rotation struct {
	policy, checkpoint string
	keys               []string
	until              string
}

func newPolicyRotateCommand() *cobra.Command {
	var r rotation
	cmd := &cobra.Command{
		Use:   "rotate --checkpoint FILE --log KEY ... FILE",
		Short: "Print a policy for a log that goes on with another key",
		Long: `Print the policy FILE for a log that goes on with another key. The checkpoint is
the last one that the log published before it was stopped, the file "checkpoint"
of its directory. It must satisfy the policy as it is. Its size is the last for
which the keys so far are good and the first for which the new ones are.

The keys so far are good until the time of its quorum and an hour more, for
witnesses whose clocks differ; --until says another time. Receipts of the old
keys stay good, and nobody can sign anything new with them. Without witnesses
there is no time, and only the size bounds.

--log names every key that the log signs with from now on; one that stands in
FILE already stays as it is.`,
		Example: `  cocket policy rotate --checkpoint log/checkpoint --log log2.vkey \
      policy > policy2`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.policy = args[0]
			policy, err := r.rotate()
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), policy)
			return err
		},
	}
	cmd.Flags().StringVar(&r.checkpoint, "checkpoint", "", "`FILE` of the last checkpoint of the keys so far")
	cmd.Flags().StringArrayVar(&r.keys, "log", nil, "`KEY` of the log from now on, or KEY,URL; again for each")
	cmd.Flags().StringVar(&r.until, "until", "", "`TIME` until which the keys so far are good, as 2031-01-01T00:00:00Z")
	require(cmd, "checkpoint", "log")
	return cmd
}

// rotate makes the new policy and reads it back, so that the rules stand in one place.
func (r rotation) rotate() (receipt.Policy, error) {
	p, err := readPolicy(r.policy)
	if err != nil {
		return p, err
	}
	note, err := readFile(r.checkpoint)
	if err != nil {
		return p, err
	}
	trusted, err := p.Verify(note)
	if err != nil {
		return p, refutedError{fmt.Errorf("%s does not satisfy %s: %w", r.checkpoint, r.policy, err)}
	}
	last := trusted.Report()
	if last.Checkpoint.Size == 0 {
		return p, errors.New("the log is empty: no receipt is under its key, so make a policy with the new one alone")
	}
	until, err := r.end(last.NoLaterThan)
	if err != nil {
		return p, err
	}
	next, err := r.next(last.Checkpoint)
	if err != nil {
		return p, fmt.Errorf("--log: %w", err)
	}
	p.Logs = replaceKeys(p.Logs, next, receipt.Period{To: last.Checkpoint.Size, Until: until})
	return receipt.ParsePolicy([]byte(p.String()))
}

// end is the time at which the old keys end; zero without witnesses.
func (r rotation) end(quorum time.Time) (time.Time, error) {
	switch {
	case r.until == "" && quorum.IsZero():
		return quorum, nil
	case r.until == "":
		return quorum.Add(time.Hour), nil
	}
	until, err := time.Parse(time.RFC3339, r.until)
	if err != nil {
		return until, fmt.Errorf("--until %.40q: want a time such as 2031-01-01T00:00:00Z", r.until)
	}
	if until.Before(quorum) {
		return until, fmt.Errorf("--until %s: the last checkpoint is of %s, and would not be good",
			r.until, quorum.Format(time.RFC3339))
	}
	return until.UTC().Truncate(time.Second), nil
}

// next is the keys that the log signs with from its last checkpoint on.
func (r rotation) next(last receipt.Checkpoint) (next []receipt.Log, err error) {
	for _, s := range r.keys {
		key, url, err := keyAndURL(s)
		if err != nil {
			return nil, err
		}
		if key.Name != last.Origin {
			return nil, fmt.Errorf("key %s: its name must be the log's, %s", key.Name, last.Origin)
		}
		next = append(next, receipt.Log{Key: key, URL: url, Period: receipt.Period{From: last.Size}})
	}
	return next, nil
}

// replaceKeys ends the keys of a log that have no end yet and are not among the next ones, and puts
// the next ones, if they are new, behind them.
func replaceKeys(logs, next []receipt.Log, end receipt.Period) []receipt.Log {
	has := func(list []receipt.Log, l receipt.Log) bool {
		return slices.ContainsFunc(list, func(other receipt.Log) bool { return other.Key == l.Key })
	}
	at, url := 0, ""
	for i, l := range logs {
		if l.Key.Name != next[0].Key.Name {
			continue
		}
		at, url = i+1, l.URL
		if l.Period.To == 0 && !has(next, l) {
			logs[i].Period.To = end.To
			if l.Period.Until.IsZero() {
				logs[i].Period.Until = end.Until
			}
		}
	}
	for _, l := range next {
		if has(logs, l) {
			continue
		}
		l.URL = cmp.Or(l.URL, url)
		logs = slices.Insert(logs, at, l)
		at++
	}
	return logs
}
