// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"cocket.example/internal/strict"
)

const maxFields = 4 << 20 // bytes of a declaration in JSON

// fieldLimits has room for 9,999 goods lines of a hundred values. How long a value may be is a rule.
var fieldLimits = strict.Limits{Bytes: maxFields, Depth: 8, Values: 1 << 20, Name: 256, Text: maxFields}

// ParseFields reads a declaration's fields from JSON: objects nest with ".", lists with "[i]", and
// what stands at the end is a string or a number, taken as written. goods.count is the length of the
// list "goods". Repeated members, other values and trailing data are errors, and so are more than 4 MiB,
// 1,048,576 values, names of more than 256 bytes and more than eight levels below the top.
//
//	{"exporter": {"name": "…"}, "goods": [{"hs": "8708.99", "criterion": "B"}]}
func ParseFields(b []byte) (map[string]string, error) {
	all := fieldSet{values: make(map[string]string)}
	if err := strict.ParseObject(b, fieldLimits, field{all: &all}); err != nil {
		return nil, invalid("declaration: %v", err)
	}
	if _, given := all.values["goods.count"]; given {
		return nil, invalid("goods.count: is counted, not given")
	}
	all.values["goods.count"] = strconv.Itoa(all.goods)
	return all.values, nil
}

type fieldSet struct {
	values map[string]string
	goods  int
}

// field takes the value at a path, which is empty for all of the declaration.
type field struct {
	all  *fieldSet
	path string
}

func (f field) String() string { return fmt.Sprintf("%.80q", f.path) }

func (f field) Take(value json.Token) error {
	switch v := value.(type) {
	case json.Delim: // members follow
	case string:
		f.all.values[f.path] = v
	case json.Number:
		f.all.values[f.path] = v.String()
	default:
		return fmt.Errorf("%s: want text or a number; leave out what is absent", f)
	}
	return nil
}

func (f field) Member(name string, index int) (strict.Taker, error) {
	m := field{f.all, f.path + "[" + strconv.Itoa(index) + "]"}
	if index < 0 {
		m.path = strings.TrimPrefix(f.path+"."+name, ".")
		if name == "" || strings.ContainsAny(name, ".[]") {
			return nil, fmt.Errorf("%s: want objects in one another, without dots and brackets in names", m)
		}
	} else if f.path == "goods" {
		f.all.goods = index + 1
	}
	return m, nil
}
