// SPDX-License-Identifier: Apache-2.0

// Benchmarks measures this project's log against its peers and against what the machine can do, all
// in one run, and writes a table, JSON and plots.
//
//	go run ./benchmarks --quick --json FILE     all figures on smaller trees, in a few minutes
//	go run ./benchmarks --only rss_mib,rss_growth
//
// Everything that is measured under load runs in processes of its own, so that the load generator is not
// counted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"cocket.example/benchmarks/internal/peer"
)

// childArgument makes the program one of the processes that are measured.
const childArgument = "peer"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	if len(args) == 1 && args[0] == childArgument {
		return peer.Run(ctx, os.Stdin, out)
	}
	o, err := parseOptions(args, progress)
	if err != nil {
		return err
	}
	b, err := newBench(o, progress)
	if err != nil {
		return err
	}
	results, err := b.measure(ctx)
	err = errors.Join(err, b.close())
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return errors.Join(err, o.write(out, results))
}

// options are the flags.
type options struct {
	quick bool
	json  string
	only  map[string]bool // empty: all
	out   string
	dir   string
}

func parseOptions(args []string, usage io.Writer) (options, error) {
	var o options
	var only string
	flags := flag.NewFlagSet("benchmarks", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.BoolVar(&o.quick, "quick", false, "measure on smaller trees, in less than five minutes")
	flags.StringVar(&o.json, "json", "", "write the figures to `FILE` as JSON")
	flags.StringVar(&only, "only", "", "measure only the figures `NAME,...`")
	flags.StringVar(&o.out, "out", "", "write table, JSON and plots to the folder `DIR`")
	flags.StringVar(&o.dir, "dir", "", "put the logs below `DIR`, on the disk to be measured (default: the system's\n"+
		"temporary folder, or the working directory where that is in memory)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q, see --help", flags.Arg(0))
	}
	o.only = make(map[string]bool)
	for name := range strings.SplitSeq(only, ",") {
		if name == "" {
			continue
		}
		if _, ok := findTarget(name); !ok {
			return o, fmt.Errorf("--only: no figure %q, want some of %s", name, targetNames())
		}
		o.only[name] = true
	}
	return o, nil
}

// wants reports whether one of the figures is asked for.
func (o options) wants(names ...string) bool {
	for _, name := range names {
		if o.only[name] || len(o.only) == 0 {
			return true
		}
	}
	return false
}
