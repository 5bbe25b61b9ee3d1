// SPDX-License-Identifier: Apache-2.0

package fuzz

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"cocket.example/receipt"
)

// FuzzLogList: what is accepted prints back, line by line, as what was read without comments, and is
// read again as the same.
func FuzzLogList(f *testing.F) {
	a, b := vkey(f, 1, receipt.Ed25519, "log.example/a"), vkey(f, 2, receipt.Ed25519, "log.example/b")
	f.Add([]byte("# c\nlogs/v0\n\nvkey " + a + "\nqpd 24\ncontact a@b\n vkey " + b +
		"\norigin go sum\n\tqpd 1\ncontact (b)"))
	f.Add([]byte("logs/v0\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		logs, err := receipt.ParseLogList(text)
		if err != nil {
			return
		}
		printed := "logs/v0\n"
		for _, l := range logs {
			printed += l.String()
		}
		if read := significant(text); read != printed {
			// One spelling is left: the origin may be said although it is the name of the key.
			for _, l := range logs {
				read = strings.Replace(read, "vkey "+l.Key.String()+"\norigin "+l.Key.Name+"\n",
					"vkey "+l.Key.String()+"\n", 1)
			}
			if read != printed {
				t.Fatalf("read %q, printed %q", read, printed)
			}
		}
		again, err := receipt.ParseLogList([]byte(printed))
		if err != nil || !reflect.DeepEqual(again, logs) {
			t.Fatalf("%q reads %v, %v", printed, again, err)
		}
	})
}

// significant returns the lines that count, each ended by LF.
func significant(text []byte) string {
	var b strings.Builder
	for line := range bytes.Lines(text) {
		line = bytes.Trim(bytes.TrimSuffix(line, []byte("\n")), " \t")
		if len(line) > 0 && line[0] != '#' {
			b.Write(append(line, '\n'))
		}
	}
	return b.String()
}
