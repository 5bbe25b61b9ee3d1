// SPDX-License-Identifier: Apache-2.0

package strict_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"cocket.example/internal/strict"
)

// printer prints what it takes, a line each.
type printer struct {
	out  *bytes.Buffer
	path string
}

func (p *printer) String() string { return p.path }

func (p *printer) Take(value json.Token) error {
	return json.NewEncoder(p.out).Encode(value)
}

func (p *printer) Member(name string, index int) (strict.Taker, error) {
	if index < 0 {
		json.NewEncoder(p.out).Encode(name)
	}
	return &printer{out: p.out, path: fmt.Sprintf("%s/%s%d", p.path, name, index)}, nil
}

var small = strict.Limits{Bytes: 100, Depth: 2, Values: 6, Name: 3, Text: 4}

func TestParseObject(t *testing.T) {
	parse := func(s string) error {
		return strict.ParseObject([]byte(s), small, &printer{out: new(bytes.Buffer)})
	}
	accepts(t, parse, []string{`{}`, " {\n} ", `{"a":1,"b":{"a":[]}}`, `{"a":[1,2,3,4]}`, `{"abc":"wxyz"}`, `{"a":-1.0,"":null}`,
		`{` + strings.Repeat(" ", 98) + `}`}, nil)
	for s, want := range map[string]string{
		"": "line 1: unexpected EOF", `{"a":`: "unexpected EOF", `[]`: "want an object", `1`: "want an object",
		"{} \n{}": "line 2: there is something behind", `{} x`: "behind", `{"a":1,}`: "line 1", `{"a":[}`: "line 1", `{"a":1]`: "line 1",
		"{\"a\":1,\n\"b\":2,\"a\":3}": "line 2: /a-1 stands there twice", `{"a":{"b":[[]]}}`: "/a-1/b-1/0: nested deeper than 2",
		`{"a":[1,2,3,4,5]}`: "/a-1/4: want at most 6 values", `{"a":{"abcd":1}}`: `"abcd"…: a name of 4 bytes, want at most 3`,
		`{"a":"vwxyz"}`: "/a-1: a text of 5 bytes, want at most 4", `{"a":12345}`: "a text of 5", "{\"a\":\"\xff\"}": "not UTF-8",
		`{` + strings.Repeat(" ", 99) + `}`: "101 bytes, want at most 100",
	} {
		if err := parse(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", s, err, want)
		}
	}
}

// FuzzObject: what is accepted is what encoding/json reads, value by value and in its order, with no name twice.
func FuzzObject(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":true,"c":[]}],"d":"\ud800"}`, `{"a":1,"a":2}`, `{"":1e400,"b":null} `, `[{}]`, `{"a":`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := new(bytes.Buffer)
		limits := strict.Limits{Bytes: 1 << 20, Depth: 100, Values: 1 << 20, Name: 1 << 20, Text: 1 << 20}
		if strict.ParseObject(b, limits, &printer{out: got}) != nil {
			return
		}
		if !json.Valid(b) {
			t.Fatal("it is no JSON")
		}
		want, dec := new(bytes.Buffer), json.NewDecoder(bytes.NewReader(b))
		dec.UseNumber()
		for {
			token, err := dec.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if token != json.Delim('}') && token != json.Delim(']') {
				json.NewEncoder(want).Encode(token)
			}
		}
		if got.String() != want.String() {
			t.Fatalf("read as %q, want %q", got, want)
		}
	})
}
