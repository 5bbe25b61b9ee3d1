// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cocket.example/declaration/form"
)

// object is a JSON Schema, or a part of one.
type object = map[string]any

// Schema prints a JSON Schema (2020-12) of the declaration in JSON that is sealed for an event: nothing that
// is sealed breaks it, and it says as much of what is not as a schema can. What it cannot say, such as check
// digits and periods, the rules do.
func (p *Profile) Schema(event string) ([]byte, error) {
	t := p.Events[event]
	if t == nil {
		return nil, fmt.Errorf("event %.40q: want one of %s", event, strings.Join(Events, ", "))
	}
	schema := tree(t.Header[1:]) // goods.count is counted, not written
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["$id"] = "urn:cocket:" + strings.Replace(p.Name, "/", ":", 1) + ":" + event
	schema["title"] = p.Title + ": " + event
	goods := object{"type": "array", "minItems": t.Least, "maxItems": 0}
	if len(t.Line) > 0 {
		goods["items"] = tree(t.Line)
		goods["maxItems"] = min((MaxFields-len(t.Header))/len(t.Line), 9999)
	}
	if t.Least > 0 {
		schema["required"] = append(schema["required"].([]string), "goods")
	}
	schema["properties"].(object)["goods"] = goods
	return json.MarshalIndent(schema, "", "  ")
}

// tree nests fields by the words of their paths, with the conditions between them.
func tree(specs []Spec) object {
	root := branch()
	for _, s := range specs {
		put(root, strings.Split(s.Path, "."), s)
	}
	if conditions := conditions(specs); len(conditions) > 0 {
		root["allOf"] = conditions
	}
	return root
}

func branch() object {
	return object{"type": "object", "properties": object{}, "required": []string{}, "additionalProperties": false}
}

func put(into object, words []string, s Spec) {
	properties := into["properties"].(object)
	if required := into["required"].([]string); s.Required && !slices.Contains(required, words[0]) {
		into["required"] = append(required, words[0])
	}
	if len(words) == 1 {
		properties[words[0]] = leaf(s)
		return
	}
	if properties[words[0]] == nil {
		properties[words[0]] = branch()
	}
	put(properties[words[0]].(object), words[1:], s)
}

// leaf is the schema of one value, which may be written as a number where its form takes one.
func leaf(s Spec) object {
	o := object{"type": "string", "pattern": pattern(s.Form), "maxLength": form.MaxValue,
		"description": s.Form.Name}
	if s.Form.Numbers() {
		o["type"] = []string{"string", "number"}
	}
	return o
}

func pattern(f *form.Form) string { return `^\s*(?:` + f.Accepts() + `)\s*$` }

// conditions says which fields stand only where another has some value.
//
//	if kind is PARTY then name is required, else there is no name
func conditions(specs []Spec) []object {
	var list []object
	var done []*Where
	for _, s := range specs {
		if s.Where == nil || slices.ContainsFunc(done, s.Where.same) {
			continue
		}
		done = append(done, s.Where)
		must, never := object{}, object{}
		for _, other := range specs {
			if other.Where != nil && other.Where.same(s.Where) {
				words := strings.Split(other.Path, ".")
				nest(never, words, false)
				if other.Where.Needed {
					nest(must, words, true)
				}
			}
		}
		is := object{}
		nest(is, strings.Split(s.Where.Path, "."), object{"pattern": pattern(form.Kind("", s.Where.Is...))})
		list = append(list, object{"if": is, "then": must, "else": never})
	}
	return list
}

// same reports whether two conditions hold at the same times.
func (w *Where) same(other *Where) bool { return w.Path == other.Path && slices.Equal(w.Is, other.Is) }

// nest puts a schema at the end of a path, and requires the path unless the schema is false.
func nest(into object, words []string, schema any) {
	properties, _ := into["properties"].(object)
	if properties == nil {
		properties = object{}
		into["properties"] = properties
	}
	if required, _ := into["required"].([]string); schema != false && !slices.Contains(required, words[0]) {
		into["required"] = append(required, words[0])
	}
	if len(words) == 1 {
		properties[words[0]] = schema
		return
	}
	if properties[words[0]] == nil {
		properties[words[0]] = object{}
	}
	nest(properties[words[0]].(object), words[1:], schema)
}
