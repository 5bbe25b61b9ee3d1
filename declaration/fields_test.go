// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"errors"
	"strings"
	"testing"
)

func TestParseFields(t *testing.T) {
	got, err := ParseFields([]byte(`{"a": {"b": "x"}, "goods": [{"hs": 870830}, {"hs": "1"}]}`))
	if err != nil || got["a.b"] != "x" || got["goods[0].hs"] != "870830" || got["goods.count"] != "2" {
		t.Fatalf("%v %v", got, err)
	}
	for _, bad := range []string{
		``, `[]`, `{"a": "x", "a": "y"}`, `{"a.b": "x", "a": {"b": "y"}}`, `{"a": true}`, `{"a": null}`, `{"a": "x"} 1`,
		`{"goods": {"count": "1"}}`, strings.Repeat(`{"a":`, 20) + `"x"` + strings.Repeat(`}`, 20), `{"a": "x"`,
		strings.Repeat(`[`, 100),
	} {
		if _, err := ParseFields([]byte(bad)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%.40q: %v", bad, err)
		}
	}
}
