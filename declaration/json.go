// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// marshal prints JSON in the one form that unmarshal reads, but for white space.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// unmarshal parses JSON strictly: it prints back and compares, white space and escapes aside, which
// other JSON writers choose otherwise. Unknown, repeated, misspelt and misplaced members, and data
// behind the value, are errors.
func unmarshal(b []byte, limit int, into any) error {
	if len(b) > limit {
		return fmt.Errorf("%d bytes, want at most %d", len(b), limit)
	}
	if !utf8.Valid(b) {
		return errors.New("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	printed, err := marshal(into)
	if err != nil {
		return err
	}
	return sameTokens(b, printed)
}

// sameTokens compares two JSON texts word by word.
func sameTokens(got, want []byte) error {
	g, w := json.NewDecoder(bytes.NewReader(got)), json.NewDecoder(bytes.NewReader(want))
	g.UseNumber()
	w.UseNumber()
	for {
		a, err := g.Token()
		b, end := w.Token()
		switch {
		case err == io.EOF && end == io.EOF:
			return nil
		case err != nil && err != io.EOF:
			return err
		case err != end || a != b:
			line := 1 + bytes.Count(got[:g.InputOffset()], []byte("\n"))
			return fmt.Errorf("line %d: a member is repeated, misspelt, missing, empty or out of order, "+
				"or something stands behind the end", line)
		}
	}
}
