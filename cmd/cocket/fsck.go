// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"cocket.example/client"
	"cocket.example/client/fsck"
	"cocket.example/cmd/cocket/internal/progress"
	"cocket.example/cmd/internal/keyfile"
	"cocket.example/log/local"
)

// examination is what the flags of fsck say.
type examination struct {
	vkey, policy string
	from, resume string
	repair, json bool
}

func newFsckCommand() *cobra.Command {
	var x examination
	cmd := &cobra.Command{
		Use:   "fsck DIR|URL",
		Short: "Check every byte of a log, and repair a directory",
		Long: `Check every byte of a log against its signed checkpoint: every bundle is hashed
again, every tile compared with what lies below it, and the root with the
checkpoint. A damaged place is named, and the check goes on behind it.

With --repair, in a directory whose server is stopped, tiles are rebuilt from
bundles, and damaged bundles from the write-ahead log, or fetched from a mirror
given with --from. Only what gives the signed root is installed, and what it
replaces is kept beside it as NAME.damaged. Checkpoint, journal and write-ahead
log are never changed.

Of a directory whose server is stopped, write-ahead log, state, journal, kept
checkpoints and index are checked as well.

It ends with lines that a program can read, one "name value" a line.`,
		Example: `  cocket fsck log --vkey log.vkey
  cocket fsck https://log.example --policy policy --resume fsck.marks
  cocket fsck log --vkey log.vkey --repair --from https://mirror.example/log`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := x.run(cmd.Context(), args[0], cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if err := x.print(cmd.OutOrStdout(), result); err != nil {
				return err
			}
			if !result.good() {
				return refutedError{fmt.Errorf("%s is damaged: %d resources%s", args[0], result.damaged(), x.advice(args[0]))}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&x.vkey, "vkey", "", "`VKEY` of the log, or its file")
	cmd.Flags().StringVar(&x.policy, "policy", "", "`FILE` of the policy, for the witnesses as well")
	cmd.Flags().StringVar(&x.resume, "resume", "", "`FILE` that lets a check that was broken off go on")
	cmd.Flags().BoolVar(&x.repair, "repair", false, "replace what is damaged by what the signed tree says")
	cmd.Flags().StringVar(&x.from, "from", "", "`DIR|URL` of a mirror that has the bundles")
	cmd.Flags().BoolVar(&x.json, "json", false, "report for programs")
	cmd.MarkFlagsMutuallyExclusive("vkey", "policy")
	cmd.MarkFlagsMutuallyExclusive("repair", "resume")
	return cmd
}

// checked is the result of all that fsck looks at.
type checked struct {
	fsck.Report
	Repaired []fsck.Repaired `json:"repaired"`
	// Examined says whether a directory's write-ahead log, state and journal were read: they are
	// not while its server runs, and are not there in a mirror.
	Examined bool            `json:"examined"`
	Findings []local.Finding `json:"findings"`
}

func (c checked) good() bool { return c.Good() && len(c.Findings) == 0 }

func (c checked) damaged() uint64 { return c.Damaged + uint64(len(c.Findings)) }

// examine reads what lies beside tiles and bundles. The caller holds the writer's lock.
func (c *checked) examine(ctx context.Context, dir string) (err error) {
	c.Examined = true
	c.Findings, err = local.Examine(ctx, local.Dir(dir))
	return err
}

// run checks, and repairs if it is to.
func (x examination) run(ctx context.Context, where string, stderr io.Writer) (result checked, err error) {
	config, err := x.config(stderr)
	if err != nil {
		return result, err
	}
	if x.repair {
		return x.runRepair(ctx, where, config)
	}
	if x.from != "" {
		return result, errors.New("--from is for --repair")
	}
	if config.Source, err = openLog(where); err != nil {
		return result, err
	}
	if isURL(where) {
		config.Parallel = requests
	}
	if lock := lockWriter(where); lock != nil {
		defer lock.Close()
		if err := result.examine(ctx, where); err != nil {
			return result, err
		}
	}
	result.Report, err = fsck.Check(ctx, config)
	return result, err
}

// lockWriter takes the writer's lock of a log's directory; nil if its server runs, or there is none.
func lockWriter(where string) io.Closer {
	if isURL(where) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(where, "format")); err != nil {
		return nil
	}
	lock, err := local.Dir(where).Lock("lock")
	if err != nil {
		return nil
	}
	return lock
}

// requests is how many are sent to a server at a time.
const requests = 16

func (x examination) config(stderr io.Writer) (config fsck.Config, err error) {
	switch {
	case x.policy != "":
		policy, err := readPolicy(x.policy)
		if err != nil {
			return config, err
		}
		config.Policy = &policy
	case x.vkey != "":
		key, err := keyfile.VerifierKey(x.vkey)
		if err != nil {
			return config, fmt.Errorf("--vkey: %w", err)
		}
		config.Key = &key
	}
	config.Resume, config.Progress = x.resume, showAs(stderr, "checked entries")
	return config, nil
}

// showAs turns the counts of one check or reading, or of several after another, into a bar each.
func showAs(w io.Writer, what string) func(done, total uint64) {
	var p *progress.Progress
	var shown uint64
	return func(done, total uint64) {
		if p == nil || done < shown {
			p, shown = progress.New(w, what, int(total)), done
			p.Skip(int(done)) // the first call says where it begins
		}
		p.Add(int(done - shown))
		if shown = done; done == total {
			p.Done()
			p = nil
		}
	}
}

// runRepair repairs under the writer's lock, so that no server writes meanwhile.
func (x examination) runRepair(ctx context.Context, dir string, config fsck.Config) (result checked, err error) {
	if isURL(dir) {
		return result, errors.New("--repair is for a directory: run it where the log lies")
	}
	repair := fsck.Repair{Dir: fsck.Dir(dir), Check: config}
	if x.from != "" {
		if repair.Mirror, err = openLog(x.from); err != nil {
			return result, fmt.Errorf("--from: %w", err)
		}
	}
	if _, err := repair.Dir.Checkpoint(ctx); err != nil {
		return result, fmt.Errorf("%s is no log that can be repaired: %w", dir, err)
	}
	lock, err := local.Dir(dir).Lock("lock")
	if err != nil {
		return result, fmt.Errorf("stop the server first: %w", err)
	}
	defer lock.Close()
	if repair.Remains, err = local.OpenRemains(local.Dir(dir)); err != nil {
		return result, fmt.Errorf("write-ahead log: %w", err)
	}
	result.Report, result.Repaired, err = repair.Run(ctx)
	return result, errors.Join(err, result.examine(ctx, dir))
}

func isURL(where string) bool { return strings.Contains(where, "://") }

func openLog(where string) (fsck.Source, error) {
	if !isURL(where) {
		return fsck.Dir(where), nil
	}
	return client.New(client.Config{URL: where})
}

// advice says what to do about damage.
func (x examination) advice(where string) string {
	switch {
	case isURL(where):
		return ""
	case !x.repair:
		return "; stop the server and give --repair"
	case x.from == "":
		return "; give a mirror with --from that has what is missing"
	}
	return "; the mirror has not what the signed tree says"
}

// print prints damages and repairs, then the names and values.
func (x examination) print(w io.Writer, c checked) error {
	if x.json {
		return printJSON(w, c)
	}
	var b strings.Builder
	for _, d := range c.Damages {
		fmt.Fprintf(&b, "%s: %s\n", printable(d.Path), printable(d.Problem))
	}
	if more := c.Damaged - uint64(len(c.Damages)); more > 0 {
		fmt.Fprintf(&b, "and %d more\n", more)
	}
	for _, f := range c.Findings {
		fmt.Fprintf(&b, "%s: %s\n", printable(f.Path), printable(f.Problem))
	}
	for _, r := range c.Repaired {
		fmt.Fprintf(&b, "%s: repaired from the %s\n", r.Path, r.From)
	}
	if c.Signature == fsck.NotChecked {
		b.WriteString("No signature was checked, only that all agrees: give --vkey or --policy.\n")
	}
	fmt.Fprintf(&b, "origin %s\nsignature %s\nsize %d\nroot %x\nentries %d\nresumed %d\nbundles %d\ntiles %d\n",
		printable(c.Origin), c.Signature, c.Size, c.Root, c.Entries, c.Resumed, c.Bundles, c.Tiles)
	fmt.Fprintf(&b, "examined %t\ndamaged %d\nrepaired %d\n", c.Examined, c.damaged(), len(c.Repaired))
	_, err := io.WriteString(w, b.String())
	return err
}
