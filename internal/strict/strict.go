// SPDX-License-Identifier: Apache-2.0

// Package strict parses the primitives of the text formats, each in one place and each in one
// spelling only: what it accepts prints back to the very bytes that were read. It lies below every
// other package and does no I/O.
package strict

import (
	"encoding/base64"
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

// Decimal parses an ASCII decimal without sign or leading zero, at most 2^63−1 (CP-4).
func Decimal(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > math.MaxInt64 || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("%.40q is not a decimal from 0 to 2^63-1 without leading zeros", s)
	}
	return n, nil
}

// Base64 decodes standard base64 with padding (RFC 4648 section 4), canonical: no line breaks, no
// stray trailing bits (SN-13).
func Base64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || base64.StdEncoding.EncodedLen(len(b)) != len(s) {
		return nil, errors.New("not canonical standard base64 with padding (RFC 4648 section 4)")
	}
	return b, nil
}

// Hash decodes the base64 of 32 bytes: 44 characters.
func Hash(s string) (hash [32]byte, err error) {
	b, err := Base64(s)
	if err != nil {
		return hash, err
	}
	if len(b) != len(hash) {
		return hash, fmt.Errorf("%d bytes, want a hash of 32 in base64", len(b))
	}
	return [32]byte(b), nil
}

// HexHash decodes 64 lowercase hexadecimal digits.
func HexHash(s string) (hash [32]byte, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(hash) || hex.EncodeToString(b) != s {
		return hash, errors.New("want 64 lowercase hexadecimal digits")
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
	case !utf8.ValidString(s):
		return errors.New("name is not UTF-8")
	case strings.ContainsFunc(s, func(r rune) bool {
		return r == '+' || r < ' ' || unicode.IsSpace(r)
	}):
		return fmt.Errorf("name %q holds white space, a control character or a plus sign", s)
	}
	return nil
}

// Line cuts text at its first LF and returns the line without it. Text that does not end a line
// is an error, and so is a byte that the line formats forbid: a control character (CR and TAB
// among them) or invalid UTF-8 (SN-3).
func Line(text []byte) (line string, rest []byte, err error) {
	for i, b := range text {
		switch {
		case b == '\n':
			if !utf8.Valid(text[:i]) {
				return "", nil, errors.New("line is not UTF-8")
			}
			return string(text[:i]), text[i+1:], nil
		case b < 0x20:
			return "", nil, fmt.Errorf("control character 0x%02x: lines end in LF and hold no others", b)
		}
	}
	return "", nil, errors.New("line is not ended by LF")
}
