// SPDX-License-Identifier: Apache-2.0

// Package strict parses the primitives of the text formats, each in one place and each in one
// spelling only: what it accepts prints back to the very bytes that were read. It lies below every
// other package and does no I/O.
package strict

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the longest key name or origin in bytes. The length goes into one byte of the
// structure that an ML-DSA-44 cosignature signs (CS-12, CP-3).
const MaxName = 255

// Decimal parses an ASCII decimal without sign or leading zero, at most 2^63−1 (CP-4). It keeps no
// hold of s, which then may be a conversion that is not allocated.
func Decimal(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > math.MaxInt64 || len(s) > 1 && s[0] == '0' {
		return 0, fmt.Errorf("%.40q is not a decimal from 0 to 2^63-1 without leading zeros", strings.Clone(s))
	}
	return n, nil
}

// Padded parses a decimal that zeros fill up to width digits, as names of files have them; with more
// digits it has no leading zeros.
func Padded(s string, width int) (uint64, error) {
	digits := strings.TrimLeft(s, "0")
	if digits == "" && s != "" {
		digits = "0"
	}
	n, err := Decimal(digits)
	if err != nil || fmt.Sprintf("%0*d", width, n) != s {
		return 0, fmt.Errorf("%.40q is not a decimal of %d digits", s, width)
	}
	return n, nil
}

// base64Strict refuses stray trailing bits, but skips line breaks.
var base64Strict = base64.StdEncoding.Strict()

// Base64 decodes standard base64 with padding (RFC 4648 section 4), canonical: no line breaks, no
// stray trailing bits (SN-13).
func Base64(s string) ([]byte, error) { return AppendBase64(nil, []byte(s)) }

// AppendBase64 appends to dst what Base64 would decode.
func AppendBase64(dst, text []byte) ([]byte, error) {
	b, err := base64Strict.AppendDecode(dst, text)
	if err != nil || base64.StdEncoding.EncodedLen(len(b)-len(dst)) != len(text) {
		return nil, errors.New("not canonical standard base64 with padding (RFC 4648 section 4)")
	}
	return b, nil
}

// Hash decodes the base64 of 32 bytes: 44 characters.
func Hash(s string) (hash [32]byte, err error) { return HashBytes([]byte(s)) }

// HashBytes is Hash of text that is no string.
func HashBytes(text []byte) (hash [32]byte, err error) {
	var room [36]byte
	b, err := AppendBase64(room[:0], text)
	if err != nil {
		return hash, err
	}
	if len(b) != len(hash) {
		return hash, fmt.Errorf("%d bytes, want a hash of 32 in base64", len(b))
	}
	return [32]byte(b), nil
}

// Hex decodes lowercase hexadecimal digits of size bytes. Its errors repeat nothing, since a secret
// may stand where a hash should.
func Hex(s string, size int) ([]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != size || hex.EncodeToString(b) != s {
		return nil, fmt.Errorf("want %d lowercase hexadecimal digits", 2*size)
	}
	return b, nil
}

// HexHash decodes 64 lowercase hexadecimal digits.
func HexHash(s string) (hash [32]byte, err error) {
	b, err := Hex(s, len(hash))
	if err != nil {
		return hash, err
	}
	return [32]byte(b), nil
}

// Name checks a key name or origin: 1 to 255 bytes of UTF-8 without white space, control
// characters or "+" (SN-5, CP-2).
func Name(s string) error {
	switch {
	case s == "":
		return errors.New("empty name")
	case len(s) > MaxName:
		return fmt.Errorf("name of %d bytes, want at most %d", len(s), MaxName)
	case Visible(s):
		return nil
	case !utf8.ValidString(s):
		return errors.New("name is not UTF-8")
	case strings.ContainsFunc(s, func(r rune) bool {
		return r == '+' || r < ' ' || unicode.IsSpace(r)
	}):
		return fmt.Errorf("name %q holds white space, a control character or a plus sign", s)
	}
	return nil
}

// Visible reports whether s is visible ASCII without "+": 0x21 to 0x7E.
func Visible(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x21 || c > 0x7e || c == '+' {
			return false
		}
	}
	return true
}

// Line cuts text at its first LF and returns the line without it. Text that does not end a line
// is an error, and so is a byte that the line formats forbid: a control character (CR and TAB
// among them) or invalid UTF-8 (SN-3).
func Line(text []byte) (line string, rest []byte, err error) {
	b, rest, err := Cut(text)
	return string(b), rest, err
}

// Cut is Line without a copy: the line aliases text.
func Cut(text []byte) (line, rest []byte, err error) {
	end := bytes.IndexByte(text, '\n')
	if line = text; end >= 0 {
		line = text[:end]
	}
	if !plain(line) {
		for _, b := range line {
			if b < 0x20 {
				return nil, nil, fmt.Errorf("control character 0x%02x: lines end in LF and hold no others", b)
			}
		}
		if !utf8.Valid(line) {
			return nil, nil, errors.New("line is not UTF-8")
		}
	}
	if end < 0 {
		return nil, nil, errors.New("line is not ended by LF")
	}
	return line, text[end+1:], nil
}

// plain reports whether all bytes are from 0x20 to 0x7f, looking at eight at a time. Of a word whose
// bytes are all below 0x80, subtracting 0x20 from each borrows at the first that is below 0x20, and
// sets its highest bit.
func plain(b []byte) bool {
	const highest, lowest = 0x8080808080808080, 0x2020202020202020
	for ; len(b) >= 8; b = b[8:] {
		if x := binary.LittleEndian.Uint64(b); (x|(x-lowest))&highest != 0 {
			return false
		}
	}
	for _, c := range b {
		if c < 0x20 || c >= 0x80 {
			return false
		}
	}
	return true
}
