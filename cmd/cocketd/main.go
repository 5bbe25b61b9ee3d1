// SPDX-License-Identifier: Apache-2.0

// Cocketd is the log server of an agency: it takes declarations from submitters, has witnesses
// cosign its checkpoints, and gives receipts and proofs to anyone.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run()) }

// run returns the exit status. The first signal drains and stops, a second one stops at once.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	if err := newCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "cocketd: %v\n", err)
		return 1
	}
	return 0
}
