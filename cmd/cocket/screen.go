// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"cocket.example/internal/columns"
)

// shown is a message as w shows it. On a terminal its lines are of whole words, and hang below the head, such
// as "cocket: " or "warning ", all of eight cells. Elsewhere a message stays on its line, for programs.
func shown(w io.Writer, message string) string {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return message
	}
	var b strings.Builder
	for line := range strings.Lines(message) {
		line = strings.ReplaceAll(strings.TrimSuffix(line, "\n"), "\t", "        ")
		head := line[:min(len(line), 8)]
		if !strings.HasSuffix(head, " ") {
			head = line[:len(line)-len(strings.TrimLeft(line, " "))]
		}
		b.WriteString(columns.Hang(head, line[len(head):]))
	}
	return b.String()
}
