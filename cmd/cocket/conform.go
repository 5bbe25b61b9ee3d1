// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cocket.example/client/conform"
	"cocket.example/client/conform/verdict"
	"cocket.example/cmd/cocket/internal/progress"
	"cocket.example/cmd/internal/keyfile"
)

func newConformCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "conform",
		Short: "Judge a server of anybody's against the specifications",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConformLogCommand(), newConformWitnessCommand())
	return cmd
}

// conformance is what the flags of conform log say.
type conformance struct {
	conform.Config
	vkeys         []string
	policy, token string
	json          bool
}

func newConformLogCommand() *cobra.Command {
	var c conformance
	cmd := &cobra.Command{
		Use:   "log URL --vkey VKEY",
		Short: "Judge any log of tiles from outside",
		Long: `Judge a log from outside, ours or another's: whether it serves what
c2sp.org/tlog-tiles, tlog-checkpoint and signed-note ask for, and what caches,
monitors and witnesses rely on beyond that. docs/conform.md explains each case:
what is asked, why, and how to mend it.

It only reads, and takes about ten seconds. A log has to grow before all of it
can be seen: with --add, entries are appended with POST /add below that URL,
which answers the index, up to --max-entries. They stay in the log for ever, so
give it a new log that is made for the purpose, and give it before anything else
is added.

A problem is of what the specifications say must or should be, or of practice:
what they leave open, and logs and their readers have been hurt by.

Exit status: 0 no case fails, 1 some do, 2 it could not be tried.`,
		Example: `  cocket conform log https://log.example/2027 --vkey log.vkey
  cocket conform log http://127.0.0.1:8080 --vkey log.vkey --policy policy \
      --add http://127.0.0.1:8080 --token-file token --large
  cocket conform log http://127.0.0.1:2025 --vkey log.vkey --only L07,L11 --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.URL = args[0]
			return c.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.DisableFlagsInUseLine = true
	c.flags(cmd)
	return cmd
}

func (c *conformance) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&c.vkeys, "vkey", nil, "`VKEY` that must have signed, or its file; again for each")
	flags.StringVar(&c.policy, "policy", "", "`FILE` of the policy, to judge the cosignatures too")
	flags.StringVar(&c.Add, "add", "", "`URL` below which POST /add appends; as a rule the log's own")
	flags.StringVar(&c.token, "token-file", "", "`FILE` that holds the token for it")
	flags.Int64Var(&c.MaxEntries, "max-entries", 0, "`N` entries that may be added (default 1000, with --large 75000)")
	flags.BoolVar(&c.Large, "large", false, "grow past 65,536 entries, where a third level begins")
	flags.StringSliceVar(&c.Only, "only", nil, "`CASES` to judge, as L07,L11")
	flags.StringSliceVar(&c.Skip, "skip", nil, "`CASES` to leave out")
	flags.DurationVar(&c.Interval, "interval", 100*time.Millisecond, "between the 100 polls of the checkpoint")
	flags.DurationVar(&c.Timeout, "timeout", 30*time.Second,
		"for one answer, and for a checkpoint that covers what was added")
	flags.DurationVar(&c.Grace, "grace", 0, "from signature to publication, for L08 (default 500ms, cosigned 10s)")
	flags.BoolVar(&c.json, "json", false, "report for programs")
	cmd.MarkFlagsOneRequired("vkey", "policy")
}

func (c *conformance) run(ctx context.Context, stdout, stderr io.Writer) error {
	if err := c.load(); err != nil {
		return err
	}
	shown := &cases{w: stderr}
	c.Progress = shown.update
	report, err := conform.Run(ctx, c.Config)
	shown.done()
	if len(report.Results) > 0 || err == nil {
		if err := c.print(stdout, report); err != nil {
			return err
		}
	}
	if n := report.Count(verdict.Fail); err == nil && n > 0 {
		return refutedError{fmt.Errorf("%d of %d cases fail", n, len(report.Results))}
	}
	return err
}

// load reads the files that flags name.
func (c *conformance) load() error {
	for _, vkey := range c.vkeys {
		key, err := keyfile.VerifierKey(vkey)
		if err != nil {
			return fmt.Errorf("--vkey: %w", err)
		}
		c.Keys = append(c.Keys, key)
	}
	if c.policy != "" {
		policy, err := readPolicy(c.policy)
		if err != nil {
			return err
		}
		c.Policy = &policy
	}
	if c.token != "" && c.Add == "" {
		return errors.New("--token-file is for --add")
	}
	if c.token == "" {
		return nil
	}
	var err error
	if c.Token, err = keyfile.Read(c.token); err != nil {
		return fmt.Errorf("--token-file: %w", err)
	}
	return nil
}

// cases shows how many are judged.
type cases struct {
	w     io.Writer
	bar   *progress.Progress
	shown int
}

func (c *cases) update(done, total int) {
	if c.bar == nil {
		c.bar = progress.New(c.w, "judged cases", total)
	}
	c.bar.Add(done - c.shown)
	c.shown = done
}

func (c *cases) done() {
	if c.bar != nil {
		c.bar.Done()
	}
}

func (c *conformance) print(w io.Writer, r conform.Report) error {
	if c.json {
		return printJSON(w, r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: origin %s, size %d", r.URL, printable(r.Origin), r.From)
	if r.To > r.From {
		fmt.Fprintf(&b, " to %d (%d added here)", r.To, r.Added)
	}
	fmt.Fprintf(&b, ", %d requests in %.1f s\n\n", r.Requests, r.Elapsed.Seconds())
	printResults(&b, r.Results)
	_, err := io.WriteString(w, b.String())
	return err
}

func printResults(b *strings.Builder, r verdict.Results) {
	for _, result := range r {
		printResult(b, result)
	}
	fmt.Fprintf(b, "\n%d cases: %d pass, %d fail, %d not applicable. Problems: %d must, %d should, %d practice.\n",
		len(r), r.Count(verdict.Pass), r.Count(verdict.Fail), r.Count(verdict.NotApplicable),
		r.Problems(verdict.Must), r.Problems(verdict.Should), r.Problems(verdict.Practice))
	b.WriteString("docs/conform.md explains each case.\n")
}

// printResult prints a case, and below it what is wrong and what could not be seen:
//
//	FAIL  L11  Tiles and bundles may be kept for ever, refusals never  TT-5 TT-14
//	           must TT-5: has Content-Type "text/plain", want "application/octet-stream"
//	               GET /tile/0/000
func printResult(b *strings.Builder, r verdict.Result) {
	verdict := map[verdict.Verdict]string{verdict.Pass: "pass", verdict.Fail: "FAIL", verdict.NotApplicable: "n/a"}
	fmt.Fprintf(b, "%-4s  %s  %s  (%s)\n", verdict[r.Verdict], r.ID, r.Title, strings.Join(r.Items, " "))
	if r.Checked != "" {
		printWrapped(b, "           ", "seen: "+r.Checked)
	}
	for _, p := range r.Problems {
		printWrapped(b, "           ", fmt.Sprintf("%s %s: %s", p.Force, p.Item, printable(p.Text)))
		printWrapped(b, "               ", namesOf(p))
	}
	for _, why := range r.Untried {
		printWrapped(b, "           ", "not seen: "+printable(why))
	}
}

// namesOf lists the first requests that showed a problem, the method only where it changes.
func namesOf(p verdict.Problem) string {
	const most = 6
	shown := p.Requests[:min(len(p.Requests), most)]
	names := make([]string, len(shown))
	last := ""
	for i, request := range shown {
		method, path, _ := strings.Cut(request, " ")
		if names[i] = request; method == last {
			names[i] = path
		}
		last = method
	}
	list := printable(strings.Join(names, ", "))
	if more := p.Count - len(shown); more > 0 {
		list += fmt.Sprintf(", and %d more", more)
	}
	return list
}

// printWrapped prints words in lines of at most 100 columns, as far as the words allow.
func printWrapped(b *strings.Builder, indent, text string) {
	line := indent
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > 100 && line != indent {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent + "  "
		}
		line += word + " "
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
