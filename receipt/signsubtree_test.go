// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"cocket.example/receipt"
)

// TestParseSignSubtree: one spelling is accepted and prints back (TW-21, TW-22).
func TestParseSignSubtree(t *testing.T) {
	w := newWorld()
	note := string(w.signed(11))
	hash := strings.Repeat("A", 43) + "=\n"
	good := "subtree 4 8\n" + hash + hash + "\n" + note
	r, err := receipt.ParseSignSubtree([]byte(good))
	if err != nil || r.Start != 4 || r.End != 8 || len(r.Proof) != 1 || string(r.Checkpoint) != note {
		t.Fatalf("%+v, %v", r, err)
	}
	if !bytes.Equal(r.Bytes(), []byte(good)) {
		t.Errorf("prints back as %q", r.Bytes())
	}
	rest := "\n" + hash + "\n" + note
	for name, body := range map[string]string{
		"nothing":            "",
		"no keyword":         "4 8" + rest,
		"another keyword":    "Subtree 4 8" + rest,
		"one number":         "subtree 4" + rest,
		"three numbers":      "subtree 4 8 9" + rest,
		"two spaces":         "subtree 4  8" + rest,
		"a space more":       "subtree 4 8 " + rest,
		"a leading zero":     "subtree 04 8" + rest,
		"a sign":             "subtree 4 +8" + rest,
		"2^63":               "subtree 0 9223372036854775808" + rest,
		"CR":                 "subtree 4 8\r" + rest,
		"no hash":            "subtree 4 8\n\n" + note,
		"a hash of 31 bytes": "subtree 4 8\n" + strings.Repeat("A", 42) + "==\n\n" + note,
		"base64 with a tail": "subtree 4 8\n" + strings.Repeat("A", 42) + "B=\n\n" + note,
		"64 of the proof":    "subtree 4 8\n" + strings.Repeat(hash, 65) + "\n" + note,
		"no checkpoint":      "subtree 4 8\n" + hash + "\n",
		"no empty line":      "subtree 4 8\n" + hash + note,
		"empty":              "subtree 4 4" + rest,
		"upside down":        "subtree 8 4" + rest,
		"unaligned":          "subtree 3 5" + rest,
		"beyond the tree":    "subtree 8 12" + rest,
		"extension line": "subtree 4 8" + strings.Replace(rest, "\n\n\u2014", "\nmore\n\n\u2014",
			1),
	} {
		if _, err := receipt.ParseSignSubtree([]byte(body)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	full := "subtree 4 8\n" + strings.Repeat(hash, 64) + "\n" + note
	if _, err := receipt.ParseSignSubtree([]byte(full)); err != nil {
		t.Errorf("63 of the proof: %v", err)
	}
	strange := strings.Replace(good, "\nlog.example/a\n", "\nlog example\n", 1)
	if _, err := receipt.ParseSignSubtree([]byte(strange)); !errors.Is(err, receipt.ErrOrigin) {
		t.Errorf("an origin with a space: %v", err)
	}
}
