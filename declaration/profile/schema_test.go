// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"cocket.example/declaration/rule"
)

// schemaOf compiles the schema of "usmca/1 issue", against the schema of schemas too.
func schemaOf(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	profile, event, _ := strings.Cut(name, " ")
	text, err := Find(profile).Schema(event)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:cocket:schema", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("urn:cocket:schema")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asJSON nests fields as people write them.
func asJSON(t testing.TB, fields map[string]string) any {
	t.Helper()
	root := make(map[string]any)
	lines := make([]any, Values(fields).Lines())
	for i := range lines {
		lines[i] = make(map[string]any)
	}
	for path, value := range fields {
		into := root
		if n, _, err := lineOf(path); err == nil && n < len(lines) {
			into, path = lines[n].(map[string]any), path[strings.Index(path, "].")+2:]
		}
		words := strings.Split(path, ".")
		for _, w := range words[:len(words)-1] {
			if into[w] == nil {
				into[w] = make(map[string]any)
			}
			into = into[w].(map[string]any)
		}
		into[words[len(words)-1]] = value
	}
	delete(root, "goods")
	if len(lines) > 0 {
		root["goods"] = lines
	}
	b, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// lineOf returns the line and the field of a path.
func lineOf(path string) (int, string, error) {
	index, field, _ := strings.Cut(strings.TrimPrefix(path, "goods["), "].")
	var n int
	err := json.Unmarshal([]byte(index), &n)
	return n, field, err
}

// TestSchemas: what is sealed is of the schema, and what breaks a rule that a schema can say is not.
func TestSchemas(t *testing.T) {
	schemas := make(map[string]*jsonschema.Schema)
	for _, p := range All {
		for event := range p.Events {
			schemas[p.Name+" "+event] = schemaOf(t, p.Name+" "+event)
		}
	}
	for name, fields := range good {
		if err := schemas[name].Validate(asJSON(t, fields)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	said := 0
	for code, c := range cases {
		edge := c.edgeOf
		if edge == "" {
			edge = c.table
		}
		if err := schemas[edge].Validate(asJSON(t, changed(edge, c.edge))); err != nil {
			t.Errorf("%s: what is sealed is not of the schema: %v", code, err)
		}
		r, _ := rule.Lookup(code)
		if r.Level == rule.Warning || !c.schema {
			if r.Level == rule.Warning {
				if err := schemas[c.table].Validate(asJSON(t, changed(c.table, c.breaks))); err != nil {
					t.Errorf("%s: a warning is not of the schema: %v", code, err)
				}
			}
			continue
		}
		said++
		if err := schemas[c.table].Validate(asJSON(t, changed(c.table, c.breaks))); err == nil {
			t.Errorf("%s: the schema accepts what is refused", code)
		}
	}
	t.Logf("%d schemas, of %d rules they say %d", len(schemas), len(cases), said)
}

// TestSchemaNumbers: a number is accepted where seal accepts it.
func TestSchemaNumbers(t *testing.T) {
	schema := schemaOf(t, importI)
	for text, want := range map[string]bool{
		`{"declaration": {"number": 97061800, "date": "2026-01-02"}, "goods": [{"hs": 8708.30, "edition": 2022, "net": {"mass": 1.50}}]}`: true,
		`{"declaration": {"number": 97061800, "date": 20260102}, "goods": [{"hs": 870830}]}`:                                              false,
		`{"declaration": {"number": true, "date": "2026-01-02"}, "goods": [{"hs": 870830}]}`:                                              false,
		`{"declaration": {"number": "1", "date": "2026-01-02"}, "goods": {"hs": 870830}}`:                                                 false,
		`{"declaration": {"number": "1", "date": "2026-01-02"}, "goods": [{"hs": "870830", "colour": "red"}]}`:                            false,
	} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestNestable: no field stands where others are nested, so that every declaration can be written in JSON.
func TestNestable(t *testing.T) {
	for _, p := range All {
		for event, table := range p.Events {
			for _, list := range [][]Spec{table.Header, table.Line} {
				for _, a := range list {
					for _, b := range list {
						if strings.HasPrefix(b.Path, a.Path+".") {
							t.Errorf("%s %s: %s is a value and holds %s", p.Name, event, a.Path, b.Path)
						}
					}
				}
			}
		}
	}
}

// TestSchemaIsSound puts values of all cases into fields where they do not belong, one after another: whatever is
// accepted all the same is of the schema.
func TestSchemaIsSound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var values []string
	for _, code := range slices.Sorted(maps.Keys(cases)) {
		values = append(values, slices.Sorted(maps.Values(with(cases[code].breaks, cases[code].edge)))...)
	}
	accepted := 0
	for _, name := range slices.Sorted(maps.Keys(good)) {
		schema, table := schemaOf(t, name), tableOf(t, name)
		for range 400 {
			path, spec := table.At(1 + random.IntN(table.Size(Values(good[name]).Lines())-1))
			value := values[random.IntN(len(values))]
			if spec.Form.Codes != nil && random.IntN(2) == 0 {
				value = strings.ToLower(spec.Form.Codes[random.IntN(len(spec.Form.Codes))])
			}
			fields := changed(name, map[string]string{path: value})
			if _, found := table.Check(fields, nil); len(found.Of(rule.Error)) > 0 || !utf8.ValidString(value) {
				continue
			}
			accepted++
			if err := schema.Validate(asJSON(t, fields)); err != nil {
				t.Errorf("%s: %s %q is sealed and not of the schema: %v", name, path, value, err)
			}
		}
	}
	if accepted < 500 {
		t.Errorf("%d changes were accepted, want enough to compare", accepted)
	}
}
