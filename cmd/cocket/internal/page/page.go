// SPDX-License-Identifier: Apache-2.0

// Package page makes of a report one page in HTML that can be read, printed and filed by whoever was not there:
// what was asked, the answer, every fact with its evidence, what is not proven, and how to check it again.
//
// The page stands alone: it has no script, loads nothing, and forbids both to itself. Values on it are a
// stranger's: they are escaped, what does not print is replaced, and long words break.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"

	"cocket.example/client"
	"cocket.example/internal/strict"
)

// Page is what stands on the page, from top to bottom.
type Page struct {
	Title     string
	Asked     string // in one sentence
	Answer    string // in one sentence
	Proven    bool
	Facts     []Fact // of what was asked
	Each      []Row  // of each declaration by itself, and who signed; none if there is but one
	Shown     []Declaration
	NotProven []string
	Again     Again
	Made      string // when and by which version: the only part that differs from one making to the next
}

// Fact is a line of a table: what was checked, how it stands, and the evidence.
type Fact struct{ What, Stands, Evidence string }

// Row is a line of a table with a cell for each declaration, or one for both.
type Row struct {
	What  string
	Cells []Cell
}

// Cell says how something stands for one declaration.
type Cell struct{ Stands, Evidence string }

// Declaration is what one of them shows.
type Declaration struct {
	Name    string // as "certification"
	Entry   string // what and where it is
	Leaf    string
	Fields  []Field // of its header
	Absent  string  // paths that are shown to have no value, with commas
	Goods   Goods
	Nothing string // why no field is shown
}

// Goods are the goods lines, a row for each and a column for each field that any of them shows.
type Goods struct {
	Columns []string
	Rows    []GoodsLine
}

// GoodsLine has its number and a value for each column.
type GoodsLine struct {
	Number string
	Values []string
}

// Field is a value that is shown.
type Field struct{ Path, Value string }

// Again says how to check it again.
type Again struct {
	Commands []string
	Files    []File
}

// File is what was read.
type File struct{ Name, SHA256 string }

//go:embed page.html
var text string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) },
	"policy": func() string {
		hash := sha256.Sum256([]byte(style))
		return "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" +
			base64.StdEncoding.EncodeToString(hash[:]) + "'"
	},
	"text":  printable,
	"class": class,
	"short": func(value string) bool { return len(value) <= 16 }, // is not broken into lines
}).Parse(text))

// HTML prints the page.
func (p Page) HTML() ([]byte, error) {
	var b bytes.Buffer
	err := page.Execute(&b, p)
	return b.Bytes(), err
}

// printable keeps the lines of a value and replaces whatever else does not print.
func printable(s string) string { return strict.Printable(s, "\n") }

// stands are words for how a fact stands: on paper there may be no colour.
var stands = map[client.Status]string{
	client.Holds: "holds", client.Fails: "FAILS", client.Absent: "not proven", client.Skipped: "not checked",
}

// class is the name of a style, for screens.
func class(stands string) string { return "s-" + strings.ToLower(strings.ReplaceAll(stands, " ", "-")) }
