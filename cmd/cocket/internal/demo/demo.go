// SPDX-License-Identifier: Apache-2.0

// Package demo runs a whole log on one machine: a log server and three witnesses as processes of
// their own, declarations sealed, submitted, cosigned and verified offline.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Config of a demonstration. The zero value of every optional field means its default.
type Config struct {
	Dir     string // where everything is kept; a broken demonstration goes on from there
	Bin     string // folder of the programs cocketd and cocket-witness
	Input   string // CSV file of import declarations; "" makes declarations up
	Entries int    // rows taken from it, or made up
	Exit    bool   // do not stay up
	Out     io.Writer
	Err     io.Writer // progress
}

const (
	origin    = "customs.example/demo"
	submitter = "broker.example"
	witnesses = 3
)

// Run runs the demonstration and prints what came of it, one "name value" a line.
func Run(ctx context.Context, c Config) error {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	s, err := Prepare(dir, c.Bin)
	if err != nil {
		return err
	}
	sealed, err := seal(ctx, c, s)
	if err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return errors.Join(err, s.Stop())
	}
	result, err := load(ctx, c, s, sealed)
	if err == nil {
		result.print(c.Out, s, sealed)
		err = result.judge(sealed)
	}
	if err == nil && !c.Exit {
		fmt.Fprintf(c.Out, "\nThe log is up: open %s in a browser; Ctrl-C ends it.\n", s.LogURL)
		<-ctx.Done()
	}
	return errors.Join(err, s.Stop())
}
