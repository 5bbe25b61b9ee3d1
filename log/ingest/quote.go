// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"cocket.example/declaration"
)

// quoted finds what a parser quotes in its errors: values, but also the keywords that it wants.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// keyword is what a quotation may be that says what would be right.
var keyword = regexp.MustCompile(
	`^(cocket-entry/v1|log|event|profile|submitter|fields|certifier|refers|tag|public|signed)$`)

// withoutValues is the text of a parser's error with an ellipsis for every value of the entry that
// it quotes. Answers end up in the logs of those who send, where values have no place.
func withoutValues(err error, entry []byte) string {
	text := quoted.ReplaceAllStringFunc(err.Error(), func(q string) string {
		value, err := strconv.Unquote(q)
		if err == nil && (keyword.MatchString(value) || !bytes.Contains(entry, []byte(value))) {
			return q
		}
		return "…"
	})
	return strings.TrimSuffix(text, ": "+declaration.ErrInvalid.Error())
}
