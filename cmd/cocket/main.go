// SPDX-License-Identifier: Apache-2.0

// Cocket is the tool of people: it makes keys, seals and submits declarations, verifies what
// others show, and shows some fields of what one holds.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/spf13/cobra"

	"cocket.example/internal/strict"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// Exit statuses.
const (
	statusRefuted = 1 // what was given does not verify
	statusUntried = 2 // could not be tried: bad flags, a missing file, no connection
	statusForked  = 3 // a log is proven to have forked
	statusEnded   = 4 // verified, and not in force
)

// refutedError is the error of something that was checked and does not hold.
type refutedError struct{ err error }

func (e refutedError) Error() string { return e.err.Error() }
func (e refutedError) Unwrap() error { return e.err }

// notInForceError is the outcome of a question about what is verified and not in force.
type notInForceError struct{ error }

// forkedError is that of two trees that a log has signed and that contradict each other.
type forkedError struct{ error }

// run runs one command and returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := interruptible(stderr)
	defer stop()
	// What Go's HTTP client says of a strange server goes to the standard logger, and would end up here.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	root := newRootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	begun := false
	noteBegin(root, &begun)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	// Errors may repeat what a file or a server said.
	io.WriteString(stderr, shown(stderr, "cocket: "+strict.Printable(err.Error(), "\n\t")+"\n"))
	if !begun && cmd.HasParent() {
		fmt.Fprintf(stderr, "Usage:\n  %s\n", cmd.UseLine())
	}
	if !begun {
		fmt.Fprintf(stderr, "See \"%s --help\".\n", cmd.CommandPath())
	}
	if errors.As(err, new(refutedError)) {
		return statusRefuted
	}
	if errors.As(err, new(convictedError)) || errors.As(err, new(forkedError)) {
		return statusForked
	}
	if errors.As(err, new(notInForceError)) {
		return statusEnded
	}
	return statusUntried
}

// interruptible returns a context that SIGINT and SIGTERM end. A command that has looked at it has time to clean up,
// until a second signal; any other, which would not notice, is ended at once. Files are whole or not there even so.
func interruptible(stderr io.Writer) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	seen := &watched{Context: ctx}
	forget := context.AfterFunc(ctx, func() {
		stop() // the next signal does what it does by default
		if !seen.looked.Load() {
			io.WriteString(stderr, "cocket: interrupted\n")
			os.Exit(statusUntried)
		}
	})
	return seen, func() {
		forget()
		stop()
	}
}

// watched is a context that knows whether anybody looks when it ends.
type watched struct {
	context.Context
	looked atomic.Bool
}

func (w *watched) Done() <-chan struct{} {
	w.looked.Store(true)
	return w.Context.Done()
}

func (w *watched) Err() error {
	w.looked.Store(true)
	return w.Context.Err()
}

// noteBegin notes when a command begins: an error before is of how it was called.
func noteBegin(cmd *cobra.Command, begun *bool) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			*begun = true
			return run(cmd, args)
		}
	}
	for _, c := range cmd.Commands() {
		noteBegin(c, begun)
	}
}
