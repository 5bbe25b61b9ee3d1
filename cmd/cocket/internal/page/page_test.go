// SPDX-License-Identifier: Apache-2.0

package page

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cocket.example/client"
	"cocket.example/declaration"
	"cocket.example/internal/browser"
)

// TestHostile: whatever stands in a value, a name or an error, the page keeps its form and asks for nothing.
func TestHostile(t *testing.T) {
	const evil = "</dd></table><script src=https://evil.example/x></script><img src=x onerror=alert(1)>\u202e\x1b[2J\x00&amp;{{.}}"
	r := client.Report{Kind: "disclosure", Log: evil, Entry: declaration.Entry{Event: evil, Profile: evil, Submitter: evil}}
	for _, path := range []string{"a", "goods[0].hs", "goods[0]." + evil, evil, "goods[" + evil} {
		r.Fields = append(r.Fields, declaration.Field{Path: path, Value: evil, Present: true}, declaration.Field{Path: path + "2"})
		r.Facts.Add(path, evil, nil)
	}
	r.Facts.Add(evil, "", errors.New(evil))
	p := Of(r, Asked{Before: evil})
	p.Again = Again{Commands: []string{evil}, Files: []File{{evil, "00"}}}
	p.Made = evil
	html, err := p.HTML()
	if err != nil {
		t.Fatal(err)
	}
	tags := regexp.MustCompile(`<[a-z][^>]*>`).FindAllString(string(html), -1)
	for _, tag := range tags {
		if strings.Contains(tag, "script") || strings.Contains(tag, "img") || strings.Contains(tag, "evil") ||
			strings.Contains(tag, "src=") || strings.Contains(tag, "href=") {
			t.Errorf("a tag %s", tag)
		}
	}
	if len(tags) < 50 || strings.ContainsAny(string(html), "\u202e\x1b\x00") {
		t.Errorf("%d tags, or what does not print", len(tags))
	}
}

// TestBreaks: further lines of a value stand further in than a field, so that they do not look like one.
func TestBreaks(t *testing.T) {
	p := Page{Shown: []Declaration{{Name: "claim", Fields: []Field{{"post.copies", "none\nimporter.id EIN 99-999999900"}}}}}
	html, err := p.HTML()
	file := filepath.Join(t.TempDir(), "page.html")
	if err = errors.Join(err, os.WriteFile(file, html, 0o600)); err != nil {
		t.Fatal(err)
	}
	page := browser.Open(t).Visit(file)
	field, lines := page.Lefts("dl dt"), page.Lefts("dl dd bdi")
	if len(lines) < 2 || slices.Min(lines) < field[0]+10 {
		t.Errorf("the field begins at %v, the lines of its value at %v", field, lines)
	}
}

// TestEach: many facts of two declarations stand side by side in time that grows as they do.
func TestEach(t *testing.T) {
	var one, other client.Facts
	for i := range 60_000 {
		one.Add(fmt.Sprint("goods[", i, "].hs"), "", errors.New("x"))
		other.Add(fmt.Sprint("goods[", i, "].spi"), "", errors.New("y"))
	}
	if n := len(each(one, other)); n != 120_000 { // compared pair by pair no test ends in time
		t.Errorf("%d rows", n)
	}
}

// TestFields: values of the header, a table of goods, and what is absent from all lines named once.
func TestFields(t *testing.T) {
	field := func(path, value string) declaration.Field {
		return declaration.Field{Path: path, Value: value, Present: value != ""}
	}
	var d Declaration
	d.fields([]declaration.Field{field("date", "2026-05-04"), field("invoice", ""), field("goods[0].hs", "870830"),
		field("goods[0].spi", ""), field("goods[0].value", ""), field("goods[2].hs", "730630"), field("goods[2].spi", ""),
		field("goods[2].value", "7"), field("goods[2].duty", "1")})
	if len(d.Fields) != 1 || d.Absent != "invoice, goods[].spi, goods[0].value" {
		t.Errorf("%+v", d)
	}
	if g := d.Goods; strings.Join(g.Columns, " ") != "hs value duty" || len(g.Rows) != 2 ||
		strings.Join(g.Rows[0].Values, "|") != "870830||" || strings.Join(g.Rows[1].Values, "|") != "730630|7|1" {
		t.Errorf("%+v", g)
	}
	var many []declaration.Field
	for _, name := range strings.Fields("a b c d e f g h i j") {
		many = append(many, field("goods[0]."+name, "x"))
	}
	d = Declaration{}
	if d.fields(many); len(d.Goods.Rows) != 0 || len(d.Fields) != len(many) {
		t.Errorf("%d columns stand side by side", len(many))
	}
}

// TestTitles: facts get plain words, goods lines with their number; others keep their names.
func TestTitles(t *testing.T) {
	for name, want := range map[string]string{"goods[12]": "Goods line 12 of the claim agrees", "goods[1].hs": "goods[1].hs",
		"refers": "The claim quotes this certification", "key": "key"} {
		if got := title(name); got != want {
			t.Errorf("%s is titled %q, want %q", name, got, want)
		}
	}
}
