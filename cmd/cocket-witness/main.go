// SPDX-License-Identifier: Apache-2.0

// Cocket-witness is the server of a third party that cosigns the checkpoints of logs, so that nobody
// can be shown another history than everybody else.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// Exit statuses.
const (
	statusFault = 1 // the configuration is refused, or the server cannot go on
	statusUsage = 2 // the command line is wrong
)

// usageError is an error of the command line.
type usageError struct{ error }

// run runs one command and returns the exit status. The first signal drains and stops, a second
// one stops at once.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	root := newCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "cocket-witness: %v\n", err)
	if errors.As(err, new(usageError)) {
		return statusUsage
	}
	return statusFault
}
