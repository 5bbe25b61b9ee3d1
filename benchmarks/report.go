// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// write prints the table, and writes what the flags ask for.
func (o options) write(out io.Writer, r results) error {
	if len(r.figures) == 0 {
		return errors.New("nothing was measured")
	}
	err := writeTable(out, r.figures)
	if o.json != "" {
		err = errors.Join(err, writeFile(o.json, func(w io.Writer) error { return writeJSON(w, r.figures) }))
	}
	if o.out == "" {
		return err
	}
	if err := errors.Join(err, os.MkdirAll(o.out, 0o755)); err != nil {
		return err
	}
	err = errors.Join(
		writeFile(filepath.Join(o.out, "figures.json"), func(w io.Writer) error { return writeJSON(w, r.figures) }),
		writeFile(filepath.Join(o.out, "table.txt"), func(w io.Writer) error { return writeTable(w, r.figures) }))
	for _, p := range r.plots {
		err = errors.Join(err, p.save(filepath.Join(o.out, p.Name+".png")))
	}
	return err
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// writeJSON writes {"figures": [{"name": …, "value": …, "want": …, "parts": {…}}]}.
func writeJSON(w io.Writer, figures []Figure) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Figures []Figure `json:"figures"`
	}{figures})
}

// writeTable writes one line for each figure, and its parts below it.
func writeTable(w io.Writer, figures []Figure) error {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "figure\tvalue\twant\t\twhat") // Flush reports the error
	for _, f := range figures {
		t, _ := findTarget(f.Name)
		sign, verdict := "≥", "met"
		if t.atMost {
			sign = "≤"
		}
		if !t.met(f.Value) {
			verdict = "not met"
		}
		fmt.Fprintf(table, "%s\t%.3g\t%s %g\t%s\t%s\n", f.Name, f.Value, sign, f.Want, verdict, t.what)
		fmt.Fprintf(table, "\t\t\t\t%s\n", formatParts(f.Parts))
	}
	return table.Flush()
}

func formatParts(parts map[string]float64) string {
	var list []string
	for name, value := range parts {
		list = append(list, fmt.Sprintf("%s %s", name, formatNumber(value)))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func formatNumber(n float64) string {
	if n >= 1000 {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.3g", n)
}
