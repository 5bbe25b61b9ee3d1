// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestStory: the commands of README.md, from the certification to the proof two years later, are those of
// testdata/script/story.txtar, in the same order.
func TestStory(t *testing.T) {
	readme, script := storyOf(t, "../../README.md"), scriptOf(t, "testdata/script/story.txtar")
	if !slices.Equal(readme, script) {
		for i := range max(len(readme), len(script)) {
			if i >= len(readme) || i >= len(script) || readme[i] != script[i] {
				t.Fatalf("command %d:\n%q\n%q", i, readme[min(i, len(readme)):], script[min(i, len(script)):])
			}
		}
	}
	if len(readme) < 30 {
		t.Errorf("%d commands", len(readme))
	}
}

var (
	storyBlock = regexp.MustCompile("(?s)```sh (?:quickstart|story)\n(.*?)```")
	hereFile   = regexp.MustCompile(`(?s)cat > .*?\nEND\n`)
	intoFile   = regexp.MustCompile(` > \S+$`)
	broken     = regexp.MustCompile(`\\\n +`)
)

// storyOf returns the commands of the section of a document that tells the story.
func storyOf(t *testing.T, path string) (commands []string) {
	t.Helper()
	_, text, begins := strings.Cut(read(t, path), "\n## A certification, and what follows it\n")
	text, _, _ = strings.Cut(text, "\n## ")
	if !begins {
		t.Fatalf("%s tells no story", path)
	}
	for _, block := range storyBlock.FindAllStringSubmatch(text, -1) {
		lines := broken.ReplaceAllString(hereFile.ReplaceAllString(block[1], ""), "")
		for line := range strings.Lines(lines) {
			line = strings.ReplaceAll(strings.TrimSpace(line), "127.0.0.1:8080", "$ADDR")
			if command, ok := strings.CutPrefix(line, "cocket "); ok {
				commands = append(commands, intoFile.ReplaceAllString(command, ""))
			}
		}
	}
	return commands
}

var (
	runs   = regexp.MustCompile(`^(?:exec cocket|status [0-9]) (.*)$`)
	setUp  = regexp.MustCompile(`^keygen --type (?:log|cosignature) `)
	looks  = regexp.MustCompile(`^inspect `)
	isFile = regexp.MustCompile(`^-- .* --$`)
)

// scriptOf returns the commands of a script but for those that set it up or only look.
func scriptOf(t *testing.T, path string) (commands []string) {
	t.Helper()
	for line := range strings.Lines(read(t, path)) {
		line = strings.TrimSpace(line)
		if isFile.MatchString(line) {
			break
		}
		if m := runs.FindStringSubmatch(line); m != nil && !setUp.MatchString(m[1]) && !looks.MatchString(m[1]) {
			commands = append(commands, m[1])
		}
	}
	return commands
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
