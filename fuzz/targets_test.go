// SPDX-License-Identifier: Apache-2.0

package fuzz

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "cocket.example/"

// without are exported parsers that no target calls, or folders of them, and why.
var without = map[string]string{
	"cmd/cocket-witness.Key.UnmarshalYAML":       "called by package yaml: FuzzConfig beside it",
	"cmd/cocketd.Hash.UnmarshalYAML":             "called by package yaml: FuzzConfig beside it",
	"cmd/internal/config.Duration.UnmarshalYAML": "called by package yaml: FuzzDecode beside it",
	"cmd/internal/keyfile":                       "they read files: FuzzLine and FuzzOpen beside them, FuzzSecretKey, FuzzVerifierKey",
	"internal/strict.ParseKey":                   "receipt.ParseVerifierKey is nothing else: FuzzVerifierKey",
}

// parses tells by its name what takes in bytes.
var parses = regexp.MustCompile(`^(Parse|Read|Decode|Unmarshal)([A-Z].*)?$`)

// TestTargets wants a fuzz target for every exported function that parses: one whose body calls it,
// or calls a function of its test that does.
func TestTargets(t *testing.T) {
	all := load(t)
	called := make(map[string]string) // parser to target
	targets := 0
	for dir, p := range all {
		for name := range p.tests {
			if strings.HasPrefix(name, "Fuzz") {
				targets++
				for use := range p.uses(name) {
					called[use] = dir + "." + name
				}
			}
		}
	}
	parsers, excused := 0, make(map[string]bool)
	for _, dir := range slices.Sorted(maps.Keys(all)) {
		for _, f := range all[dir].parsers {
			parsers++
			excuse := f.id
			if without[dir] != "" {
				excuse = dir
			}
			excused[excuse] = true
			target := cmp.Or(called[f.id], called[f.value])
			if target == "" && without[excuse] == "" {
				t.Errorf("%s has no fuzz target: write one that calls it", f.id)
			}
			if target != "" && without[excuse] != "" {
				t.Errorf("%s is called by %s, and needs no excuse", f.id, target)
			}
		}
	}
	for id := range without {
		if !excused[id] {
			t.Errorf("%s is no parser any more, and needs no excuse", id)
		}
	}
	if targets < 30 || parsers < 20 {
		t.Errorf("%d targets and %d parsers found, which cannot be all", targets, parsers)
	}
	t.Logf("%d targets, %d exported parsers, %d excuses", targets, parsers, len(without))
}

// function is an exported parser.
type function struct {
	id    string // "folder.Name", of a method "folder.Type.Name"
	value string // of a method ".Name": how a call of it looks
}

// pkg is what one folder declares.
type pkg struct {
	parsers []function
	tests   map[string][]string // functions of its tests, and what each names: "folder.Name" or ".Name"
}

// uses returns what a function of the tests names, itself or through others of the tests.
func (p *pkg) uses(name string) map[string]bool {
	found, seen := make(map[string]bool), map[string]bool{name: true}
	for todo := []string{name}; len(todo) > 0; {
		next := todo[0]
		todo = todo[1:]
		for _, use := range p.tests[next] {
			found[use] = true
			if inner := use[strings.LastIndex(use, ".")+1:]; p.tests[inner] != nil && !seen[inner] {
				seen[inner] = true
				todo = append(todo, inner)
			}
		}
	}
	return found
}

// load reads every Go file of the module.
func load(t *testing.T) map[string]*pkg {
	t.Helper()
	all := make(map[string]*pkg)
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(name)), "../")
		if all[dir] == nil {
			all[dir] = &pkg{tests: make(map[string][]string)}
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				all[dir].add(dir, file, f, strings.HasSuffix(name, "_test.go"))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (p *pkg) add(dir string, file *ast.File, f *ast.FuncDecl, test bool) {
	if test {
		p.tests[f.Name.Name] = append(p.tests[f.Name.Name], names(dir, file, f)...)
		return
	}
	if !parses.MatchString(f.Name.Name) {
		return
	}
	if f.Recv == nil {
		p.parsers = append(p.parsers, function{id: dir + "." + f.Name.Name})
		return
	}
	receiver := strings.TrimPrefix(typeName(f.Recv.List[0].Type), "*")
	if ast.IsExported(receiver) && takesBytes(f) {
		p.parsers = append(p.parsers, function{dir + "." + receiver + "." + f.Name.Name, "." + f.Name.Name})
	}
}

// takesBytes reports whether a method is given what it parses; others read from their receiver.
func takesBytes(f *ast.FuncDecl) bool {
	return slices.ContainsFunc(f.Type.Params.List, func(field *ast.Field) bool {
		return slices.Contains([]string{"[]byte", "string", "io.Reader", "*yaml.Node"}, typeName(field.Type))
	})
}

func typeName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.StarExpr:
		return "*" + typeName(x.X)
	case *ast.ArrayType:
		return "[]" + typeName(x.Elt)
	case *ast.SelectorExpr:
		return typeName(x.X) + "." + x.Sel.Name
	}
	return ""
}

// names lists what a function names: of an imported package "folder.Name", of its own the same, and of
// a value ".Name".
func names(dir string, file *ast.File, f *ast.FuncDecl) (list []string) {
	imports := make(map[string]string)
	for _, i := range file.Imports {
		folder := strings.TrimPrefix(strings.Trim(i.Path.Value, `"`), module)
		name := path.Base(folder)
		if i.Name != nil {
			name = i.Name.Name
		}
		imports[name] = folder
	}
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			x, _ := n.X.(*ast.Ident)
			if x != nil && imports[x.Name] != "" {
				list = append(list, imports[x.Name]+"."+n.Sel.Name)
				return false
			}
			list = append(list, "."+n.Sel.Name)
			ast.Inspect(n.X, visit)
			return false
		case *ast.Ident:
			list = append(list, dir+"."+n.Name)
		}
		return true
	}
	ast.Inspect(f, visit)
	return list
}
