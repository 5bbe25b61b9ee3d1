// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"strings"

	"cocket.example/internal/columns"
	"cocket.example/internal/strict"
)

// facts is a list of names and values, in order; a name may come several times.
type facts []struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (f *facts) add(name, value string) {
	*f = append(*f, struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}{name, value})
}

// MarshalJSON prints the list, so that order and repetition are kept.
func (f *facts) MarshalJSON() ([]byte, error) { return json.Marshal(*f) }

// maxNames is the widest column of names, so that values begin within 80 columns.
const maxNames = 28

// String prints one aligned line for each fact, of whole words and within 80 columns where the
// value allows it: hashes and keys are never broken, so that they can be copied.
func (f *facts) String() string {
	width := 0
	for _, x := range *f {
		width = max(width, min(columns.Cells(printable(x.Name)), maxNames))
	}
	var b strings.Builder
	for _, x := range *f {
		b.WriteString(columns.Hang(columns.Pad(printable(x.Name), width)+"  ", printable(x.Value)))
	}
	return b.String()
}

// printable is what is shown, on one line, of a file that may be a stranger's.
func printable(s string) string { return strict.Printable(strings.ReplaceAll(s, "\n", " "), "") }
