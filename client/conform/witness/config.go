// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"fmt"
	"slices"
	"strings"
)

// formats print what a witness must be told of logs, of which each is given by its vkeys. Where a log may
// have one key only, the second one of one log is left out, with what of W12 is about two keys.
var formats = map[string]struct {
	head   string
	second string // how the second key of a log is written; "" not at all
	line   string // %[1]s is the vkey, %[2]s the origin
}{
	"cocket":      {head: "logs:\n", line: "  - vkey: %[1]s\n", second: "  - vkey: %[1]s\n"},
	"list":        {head: "logs/v0\n\n", line: "vkey %[1]s\nqpd 2147483647\ncontact conformance suite\n\n"},
	"omniwitness": {head: "Logs:\n", line: "  - Origin: %[2]s\n    PublicKey: %[1]s\n    URL: \"\"\n    Feeder: none\n"},
	"litewitness": {
		line: "witnessctl add-log -origin %[2]s\n" +
			"witnessctl add-key -origin %[2]s -key %[1]s\n",
		second: "witnessctl add-key -origin %[2]s -key %[1]s\n",
	},
}

// Config prints what a witness must be told of the logs, in one of these forms:
//
//	cocket       a part of the configuration file of cocket-witness
//	list         a list of logs, "logs/v0", as c2sp.org/tlog-list has it
//	litewitness  commands that enter them into its database
//	omniwitness  a file for its --additional_logs
func (l Logs) Config(format string) (string, error) {
	f, ok := formats[format]
	if !ok {
		return "", fmt.Errorf("no format %.20q, want cocket, list, litewitness or omniwitness", format)
	}
	vkeys, err := l.VerifierKeys()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(f.head)
	seen := []string{}
	for _, vkey := range vkeys {
		origin, _, _ := strings.Cut(vkey, "+")
		line := f.line
		if slices.Contains(seen, origin) {
			line = f.second
		}
		seen = append(seen, origin)
		if line != "" {
			fmt.Fprintf(&b, line, vkey, origin)
		}
	}
	return b.String(), nil
}
