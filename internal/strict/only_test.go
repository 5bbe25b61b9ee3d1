// SPDX-License-Identifier: Apache-2.0

package strict_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// lenient are functions of the standard library that accept more than one spelling of a value.
var lenient = regexp.MustCompile(`^(strconv\.(Parse\w+|Atoi|Unquote)|fmt\.[SF]?[Ss]can\w*|` +
	`hex\.(Decode\w*|NewDecoder)|base(32|64)\.(\w+\.)*(\w*Decode\w*|NewDecoder)|` +
	`bufio\.NewScanner|(strings|bytes)\.Lines)$`)

// allowed are the packages that may call them, and why.
var allowed = map[string]string{
	"client/conform base64.StdEncoding.DecodeString": foreign,
	"client/conform strconv.Atoi":                    foreign,
	"client/conform strconv.ParseInt":                foreign,
	"client/conform/internal/wire strconv.ParseUint": foreign,
	"client/conform/witness strconv.Atoi":            foreign,
	"client/conform/witness strings.Lines":           foreign,
	"cmd/cocket strings.Lines":                       "tells what a file may be; its parser judges it",
	"declaration/form strconv.ParseFloat":            "asks whether JSON can spell a value as a number",
	"declaration/form strings.Lines":                 "of a table that is part of the program",
	"declaration/profile bytes.Lines":                "a tariff comes as CSV of anybody's: each code is judged",
	"internal/peers/addlogs bufio.NewScanner":        "of what a test writes",
	"log/ingest strconv.Unquote":                     "of what our own errors quote",
	"log/storagetest fmt.Sscanf":                     "of the checkpoints of a test",
	"receipt strings.Lines":                          "a policy's lines may be indented and empty: TP-1",
}

const foreign = "judges the logs of others, with nothing of the code that makes ours"

// TestOnlyHere: everywhere else in the project, numbers, base64, hexadecimal digits and lines of text
// are parsed by this package.
func TestOnlyHere(t *testing.T) {
	found := make(map[string]bool)
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		file, err := filepath.Rel(root, name)
		file = filepath.ToSlash(file)
		if d.IsDir() && (file == "internal/strict" || file == "benchmarks") {
			return filepath.SkipDir
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		for _, call := range calls(t, name) {
			if where := path.Dir(file) + " " + call; lenient.MatchString(call) && allowed[where] == "" {
				t.Errorf("%s calls %s: want package strict", file, call)
			} else {
				found[where] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for where := range allowed {
		if !found[where] {
			t.Errorf("%s is not called any more, and needs no excuse", where)
		}
	}
}

// calls lists the functions of other packages that a file names, as "fmt.Sscanf".
func calls(t *testing.T, name string) (list []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	imports := make(map[string]bool)
	for _, i := range file.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		imports[path.Base(p)] = true
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if x, ok := n.(*ast.SelectorExpr); ok {
			if s := dotted(x); imports[strings.Split(s, ".")[0]] {
				list = append(list, s)
			}
		}
		return true
	})
	return list
}

// dotted prints a.b.c; "" for any other expression.
func dotted(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return dotted(x.X) + "." + x.Sel.Name
	}
	return ""
}
