// SPDX-License-Identifier: Apache-2.0

package strict_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"cocket.example/internal/strict"
)

// accepts runs a parser over inputs that are right and inputs that are wrong.
func accepts(t *testing.T, parse func(string) error, right, wrong []string) {
	t.Helper()
	for _, s := range right {
		if err := parse(s); err != nil {
			t.Errorf("%q refused: %v", s, err)
		}
	}
	for _, s := range wrong {
		if parse(s) == nil {
			t.Errorf("%q accepted", s)
		}
	}
}

func TestDecimal(t *testing.T) { // CP-4, TW-3
	accepts(t, func(s string) error { _, err := strict.Decimal(s); return err },
		[]string{"0", "1", "10", "9223372036854775807"},
		[]string{"", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "0x1", "١", "9223372036854775808", "1\n"})
	if n, _ := strict.Decimal("1203"); n != 1203 {
		t.Errorf("1203 parsed as %d", n)
	}
}

func TestPadded(t *testing.T) {
	accepts(t, func(s string) error { _, err := strict.Padded(s, 4); return err },
		[]string{"0000", "0012", "1234", "12345"},
		[]string{"", "0", "012", "00012", "012345", "+012", "12e4", " 012", "99999999999999999999"})
	if n, _ := strict.Padded("0120", 4); n != 120 {
		t.Errorf("0120 parsed as %d", n)
	}
}

func TestPrintable(t *testing.T) {
	got := strict.Printable("a\x1b[2J\r\n\t\u202eä\xff\x7f", "\n")
	if want := "a?[2J?\n??ä\ufffd?"; got != want {
		t.Errorf("shown as %q, want %q", got, want)
	}
}

func TestBase64(t *testing.T) { // SN-13
	accepts(t, func(s string) error { _, err := strict.Base64(s); return err },
		[]string{"", "AA==", "AAA=", "AAAA", "+/+/"},
		[]string{"A", "AA", "AB==", "AAB=", "A\nA==", "AA==\n", "AA==\r\n", "-_-_", "AA== "})
}

func TestHash(t *testing.T) { // CP-5
	good := base64.StdEncoding.EncodeToString(make([]byte, 32))
	accepts(t, func(s string) error { _, err := strict.Hash(s); return err },
		[]string{good}, []string{"", "AAAA", good[:43], good[:42] + "B=", good + "AAAA"})
	hex := strings.Repeat("0a", 32)
	accepts(t, func(s string) error { _, err := strict.HexHash(s); return err },
		[]string{hex}, []string{"", hex[2:], hex + "00", strings.ToUpper(hex), "zz" + hex[2:]})
}

func TestName(t *testing.T) { // SN-5, CP-2, CP-3
	accepts(t, strict.Name,
		[]string{"a", "log.example/a", "zoll–ä", strings.Repeat("n", 255)},
		[]string{"", "a b", "a+b", "a\u00a0b", "a\u0085", "a\tb", "a\x00", "\xff", strings.Repeat("n", 256)})
}

func TestLine(t *testing.T) { // SN-3
	line, rest, err := strict.Line([]byte("a\x7f\n\nb"))
	if err != nil || line != "a\x7f" || string(rest) != "\nb" {
		t.Errorf("got %q, %q, %v", line, rest, err)
	}
	accepts(t, func(s string) error { _, _, err := strict.Line([]byte(s)); return err },
		[]string{"\n", "ä\n"}, []string{"", "a", "a\r\n", "a\tb\n", "\xff\n", "\x00\n"})
}

func vkey(name string, typ byte, public []byte) string {
	typed := append([]byte{typ}, public...)
	v, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		panic(err)
	}
	if typ != 1 {
		return fmt.Sprintf("%s+%08x+%s", name, 0, base64.StdEncoding.EncodeToString(typed))
	}
	return v
}

func TestParseKey(t *testing.T) { // SN-15, SN-18 … SN-20
	public := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
	good := vkey("log.example/a", 1, public)
	k, err := strict.ParseKey(good)
	if err != nil || k.String() != good || k.Name != "log.example/a" || k.Public != string(public) {
		t.Fatalf("%s parsed as %v: %v", good, k, err)
	}
	verifier, err := note.NewVerifier(good)
	if err != nil || verifier.KeyHash() != k.ID {
		t.Errorf("id %08x, x/mod says %08x, %v", k.ID, verifier.KeyHash(), err)
	}
	c, err := strict.NewKey("w", strict.Cosignature, public)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := strict.ParseKey(c.String()); err != nil || again != c {
		t.Errorf("%v parsed back as %v: %v", c, again, err)
	}
	large := bytes.Repeat([]byte{7}, 1312)
	m, err := strict.NewKey("w", strict.MLDSA44, large)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := strict.ParseKey(m.String()); err != nil || again != m || len(again.Public) != 1312 {
		t.Errorf("%v parsed back as %v: %v", m, again, err)
	}
	mldsa := func(public []byte) string { // with an id that is asked for later
		return "a+00000000+" + base64.StdEncoding.EncodeToString(append([]byte{strict.MLDSA44}, public...))
	}
	id := fmt.Sprintf("%08x", k.ID)
	for want, wrong := range map[string]string{
		"name+id+base64":   "log.example/a",
		"base64":           good + "=",
		"holds no key":     "a+00000000+",
		"key of 32 bytes":  mldsa(public),
		"of 1311 bytes":    mldsa(large[:1311]),
		"of 1313 bytes":    mldsa(append(large, 0)),
		"anyone can sign":  mldsa(append(large[:32:32], make([]byte, 1280)...)),
		"not known":        vkey("a", 2, public),
		"name and key":     strings.Replace(good, id, "00000000", 1),
		"Ed25519 public":   "a+00000000+" + base64.StdEncoding.EncodeToString([]byte{1, 2, 3}),
		"has id":           vkey("a", 4, public),
		"key empty name":   good[len("log.example/a"):],
		"small order":      vkey("a", 4, append([]byte{1}, make([]byte, 31)...)),
		"not a canonical ": vkey("a", 4, append([]byte{0xee}, append([]byte(strings.Repeat("\xff", 30)), 0x7f)...)),
	} {
		if _, err := strict.ParseKey(wrong); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", wrong, err, want)
		}
	}
}
