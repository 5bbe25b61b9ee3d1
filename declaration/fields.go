// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxFields = 4 << 20 // bytes of a declaration in JSON
	maxDepth  = 8
)

// ParseFields reads a declaration's fields from JSON: objects nest with ".", lists with "[i]", and
// what stands at the end is a string or a number, taken as written. goods.count is the length of the
// list "goods". Repeated members, other values and trailing data are errors.
//
//	{"exporter": {"name": "…"}, "goods": [{"hs": "8708.99", "criterion": "B"}]}
func ParseFields(b []byte) (map[string]string, error) {
	if len(b) > maxFields {
		return nil, invalid("declaration of %d bytes, want at most %d", len(b), maxFields)
	}
	if !utf8.Valid(b) {
		return nil, invalid("declaration: not UTF-8")
	}
	r := fieldReader{dec: json.NewDecoder(bytes.NewReader(b)), fields: make(map[string]string), goods: 0}
	r.dec.UseNumber()
	t, err := r.dec.Token()
	if err == nil && t != json.Delim('{') {
		err = fmt.Errorf("want an object {…}")
	}
	if err == nil {
		err = r.object("", 1)
	}
	if err == nil {
		if _, err = r.dec.Token(); err == io.EOF {
			err = nil
		} else {
			err = fmt.Errorf("there is something behind the declaration")
		}
	}
	if err != nil {
		line := 1 + bytes.Count(b[:min(int(r.dec.InputOffset()), len(b))], []byte("\n"))
		return nil, invalid("declaration: line %d: %v", line, err)
	}
	if _, given := r.fields["goods.count"]; given {
		return nil, invalid("goods.count: is counted, not given")
	}
	r.fields["goods.count"] = strconv.Itoa(r.goods)
	return r.fields, nil
}

type fieldReader struct {
	dec    *json.Decoder
	fields map[string]string
	goods  int
}

// object reads the members of an object whose brace is read.
func (r *fieldReader) object(prefix string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%.80q: nested deeper than %d", prefix, maxDepth)
	}
	seen := make(map[string]bool)
	for r.dec.More() {
		t, err := r.dec.Token()
		if err != nil {
			return err
		}
		name := t.(string)
		if seen[name] {
			return fmt.Errorf("%.80q stands there twice", prefix+name)
		}
		seen[name] = true
		if strings.ContainsAny(name, ".[]") {
			return fmt.Errorf("%.80q: want objects in one another, without dots and brackets", prefix+name)
		}
		if err := r.value(prefix+name, depth); err != nil {
			return err
		}
	}
	_, err := r.dec.Token()
	return err
}

func (r *fieldReader) list(path string, depth int) error {
	n := 0
	for ; r.dec.More(); n++ {
		if err := r.value(path+"["+strconv.Itoa(n)+"]", depth+1); err != nil {
			return err
		}
	}
	if path == "goods" {
		r.goods = n
	}
	_, err := r.dec.Token()
	return err
}

func (r *fieldReader) value(path string, depth int) error {
	t, err := r.dec.Token()
	if err != nil {
		return err
	}
	switch v := t.(type) {
	case json.Delim:
		if v == '{' {
			return r.object(path+".", depth+1)
		}
		if depth > maxDepth {
			return fmt.Errorf("%.80q: nested deeper than %d", path, maxDepth)
		}
		return r.list(path, depth)
	case string:
		return r.put(path, v)
	case json.Number:
		return r.put(path, v.String())
	}
	return fmt.Errorf("%.80q: want text or a number; leave out what is absent", path)
}

func (r *fieldReader) put(path, value string) error {
	if _, twice := r.fields[path]; twice {
		return fmt.Errorf("%.80q stands there twice", path)
	}
	r.fields[path] = value
	return nil
}
