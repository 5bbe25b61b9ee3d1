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
)

const document = "../../docs/conform.md"

// The document has a section for each case, with its title and items, in the order of their ids, and
// says what each item is.
func TestDocument(t *testing.T) {
	b, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	var found, want []string
	for _, m := range regexp.MustCompile(`(?m)^### (.*)\n\nItems: (.*)\.$`).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1]+": "+m[2])
	}
	for _, c := range conform.Cases() {
		want = append(want, fmt.Sprintf("%s %s: %s", c.ID, c.Title, strings.Join(c.Items, ", ")))
		for _, item := range c.Items {
			if !strings.Contains(text, "\n| "+item+" | ") {
				t.Errorf("item %s is not explained", item)
			}
		}
	}
	if !slices.Equal(found, want) {
		t.Errorf("sections\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
}

// Each section says what is asked, why, and how to mend it.
func TestDocumentIsWhole(t *testing.T) {
	b, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "\n## The cases\n")
	text, _, _ = strings.Cut(text, "\n## Items\n")
	sections := strings.Split(text, "\n### ")[1:]
	if len(sections) != len(conform.Cases()) {
		t.Errorf("%d sections", len(sections))
	}
	for _, section := range sections {
		for _, part := range []string{"**Asked**: ", "**Why**: ", "**Mend**: "} {
			if !strings.Contains(section, part) {
				t.Errorf("%.3s has no %s", section, part)
			}
		}
	}
}
