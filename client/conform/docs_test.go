// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cocket.example/client/conform"
	"cocket.example/client/conform/verdict"
	"cocket.example/client/conform/witness"
)

const document = "../../docs/conform.md"

// part is what the document says of one suite.
type part struct {
	cases    []verdict.Case
	from, to string // headings around the sections
	text     string
}

func parts(t *testing.T) []part {
	t.Helper()
	b, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	log, cosigner, ok := strings.Cut(string(b), "\n# Conformance of a witness\n")
	if !ok {
		t.Fatal("no part on witnesses")
	}
	return []part{
		{conform.Cases(), "\n## The cases\n", "\n## Items\n", log},
		{witness.Cases(), "\n## The cases of a witness\n", "\n## Items of a witness\n", cosigner},
	}
}

// The document has a section for each case, with its title and items, in the order of their ids, and
// says what each item is.
func TestDocument(t *testing.T) {
	for _, p := range parts(t) {
		var found, want []string
		for _, m := range regexp.MustCompile(`(?m)^### (.*)\n\nItems: (.*)\.$`).FindAllStringSubmatch(p.text, -1) {
			found = append(found, m[1]+": "+m[2])
		}
		for _, c := range p.cases {
			want = append(want, fmt.Sprintf("%s %s: %s", c.ID, c.Title, strings.Join(c.Items, ", ")))
			for _, item := range c.Items {
				if !strings.Contains(p.text, "\n| "+item+" | ") {
					t.Errorf("item %s is not explained", item)
				}
			}
		}
		if !slices.Equal(found, want) {
			t.Errorf("sections\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
		}
	}
}

// Each section says what is asked, why, and how to mend it.
func TestDocumentIsWhole(t *testing.T) {
	for _, p := range parts(t) {
		_, text, _ := strings.Cut(p.text, p.from)
		text, _, _ = strings.Cut(text, p.to)
		sections := strings.Split(text, "\n### ")[1:]
		if len(sections) != len(p.cases) {
			t.Errorf("%d sections, %d cases", len(sections), len(p.cases))
		}
		for _, section := range sections {
			for _, part := range []string{"**Asked**: ", "**Why**: ", "**Mend**: "} {
				if !strings.Contains(strings.ReplaceAll(section, "\n", " "), part) {
					t.Errorf("%.3s has no %s", section, part)
				}
			}
		}
	}
}
