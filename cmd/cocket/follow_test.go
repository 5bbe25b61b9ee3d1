// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"cocket.example/declaration/profile"
)

// TestStages: every event but issue has one command, which says in words what it does, within a terminal.
func TestStages(t *testing.T) {
	commands := make(map[string]int)
	for _, st := range stages {
		commands[st.event]++
		if relations[st.event] == "" {
			t.Errorf("inspect has no words for %s", st.event)
		}
		cmd := newFollowCommand(st)
		for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
			if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 80 {
				t.Errorf("%s: wider than 80 columns: %s", st.name, line)
			}
		}
	}
	for _, event := range profile.Events {
		if want := map[bool]int{true: 1}[event != "issue"]; commands[event] != want {
			t.Errorf("%s: %d commands, want %d", event, commands[event], want)
		}
	}
}
