// SPDX-License-Identifier: Apache-2.0

package fuzz

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"cocket.example/internal/strict"
)

// FuzzDecimal: a number prints back, and the standard library reads the same.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "17", "017", "+1", "9223372036854775807", "9223372036854775808", "0000000000000017"} {
		f.Add(s, 16)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		if n, err := strict.Decimal(s); err == nil {
			theirs, err := strconv.ParseInt(s, 10, 64)
			if err != nil || uint64(theirs) != n || strconv.FormatUint(n, 10) != s {
				t.Fatalf("%q is read as %d, and as %d by others (%v)", s, n, theirs, err)
			}
		}
		if width < 1 || width > 30 {
			return
		}
		if n, err := strict.Padded(s, width); err == nil && fmt.Sprintf("%0*d", width, n) != s {
			t.Fatalf("%q is read as %d", s, n)
		}
	})
}

// FuzzBytes: base64 and hexadecimal digits print back.
func FuzzBytes(f *testing.F) {
	f.Add("AAA=")
	f.Add("AAB=")
	f.Add("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
	f.Add("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
	f.Fuzz(func(t *testing.T, s string) {
		b, err := strict.Base64(s)
		if err == nil && base64.StdEncoding.EncodeToString(b) != s {
			t.Fatalf("base64 prints back as %q", base64.StdEncoding.EncodeToString(b))
		}
		h, hashErr := strict.Hash(s)
		if (hashErr == nil) != (err == nil && len(b) == 32) || hashErr == nil && !bytes.Equal(h[:], b) {
			t.Fatalf("a hash is read as %x, %v", h, hashErr)
		}
		if appended, err2 := strict.AppendBase64([]byte("x"), []byte(s)); (err == nil) != (err2 == nil) ||
			err == nil && !bytes.Equal(appended[1:], b) {
			t.Fatalf("appended it is %x, %v", appended, err2)
		}
		if h, err := strict.HexHash(s); err == nil && hex.EncodeToString(h[:]) != s {
			t.Fatalf("hexadecimal prints back as %x", h)
		}
	})
}

// FuzzLine: a line and what follows are the text, with one LF between; a name holds nothing that a
// note's line cannot.
func FuzzLine(f *testing.F) {
	f.Add([]byte("log.example/a\n0\n"))
	f.Add([]byte("a\r\n"))
	f.Add([]byte("\xff\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		line, rest, err := strict.Line(b)
		if err != nil {
			return
		}
		if string(b) != line+"\n"+string(rest) || !utf8.ValidString(line) {
			t.Fatalf("cut into %q and %q", line, rest)
		}
		for _, r := range line {
			if r < ' ' {
				t.Fatalf("a line holds %q", r)
			}
			if strict.Name(line) == nil && (unicode.IsSpace(r) || r == '+') {
				t.Fatalf("a name holds %q", r)
			}
		}
	})
}

// FuzzPrintable: what is shown of a stranger's text prints, and text that prints stays as it is.
func FuzzPrintable(f *testing.F) {
	f.Add("\x1b[2J\u202e\n\t", "\n\t")
	f.Fuzz(func(t *testing.T, s, keep string) {
		shown := strict.Printable(s, "")
		for _, r := range shown {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q is shown as %q", s, shown)
			}
		}
		if again := strict.Printable(shown, keep); again != shown {
			t.Fatalf("%q is shown as %q", shown, again)
		}
	})
}

// FuzzMoment: a time prints back in the zone that it names.
func FuzzMoment(f *testing.F) {
	for _, s := range []string{"2026-05-04T10:00:00Z", "2026-05-04T10:00:00-06:00", "2026-05-04T10:00:00+00:00", "2026-05-04",
		"2026-05-04T10:00:00-00:00", "2026-05-04t10:00:00z", "2026-05-04T10:00:00.5Z", "2026-02-29T00:00:00Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		moment, err := strict.Moment(s)
		if err != nil {
			return
		}
		again, err := strict.Moment(moment.Format(time.RFC3339))
		if err != nil || !again.Equal(moment) || moment.Nanosecond() != 0 || len(s) != len("2026-05-04T10:00:00Z") &&
			len(s) != len("2026-05-04T10:00:00-06:00") {
			t.Fatalf("%q is read as %v, and that as %v (%v)", s, moment, again, err)
		}
	})
}
