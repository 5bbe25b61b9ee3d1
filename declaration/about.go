// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"slices"
	"strings"

	"cocket.example/declaration/profile"
)

// targets are the events that each event may be about (entry format, section 8). An issue is about nothing.
var targets = map[string][]string{
	"amend":     {"issue", "amend"},
	"withdraw":  {"issue", "amend"},
	"claim":     {"issue", "amend"},
	"correct":   {"claim"},
	"query":     {"issue", "amend", "claim"},
	"response":  {"query", "claim"},
	"determine": {"query", "claim"},
}

// InClear reports whether an event states what it is about in its entry, as amend and withdraw do. The
// others commit it, as their field refers.
func InClear(event string) bool { return event == "amend" || event == "withdraw" }

// CheckRefers checks what an amendment or withdrawal says of its target: it is an issue or amend of
// the same log, profile and submitter.
func (e Entry) CheckRefers(target Entry) error {
	switch {
	case !slices.Contains(targets["withdraw"], target.Event):
		return invalid("refers: the target is of event %s, want issue or amend", target.Event)
	case target.Log != e.Log:
		return invalid("refers: the target is of another log")
	case target.Profile != e.Profile:
		return invalid("refers: the target is of profile %s, not %s", target.Profile, e.Profile)
	case target.Submitter != e.Submitter:
		return invalid("refers: the target is of another submitter, who alone may amend or withdraw it")
	}
	return nil
}

// CheckAbout checks that an entry may be about another: their events, and their profiles, which are the
// same but where the entry's is of any agreement. Of an event that states its reference in clear it is
// CheckRefers. A reference that is committed may be to another log and another submitter's; that it is
// to this target is for whoever sees the field refers.
func (e Entry) CheckAbout(target Entry) error {
	if InClear(e.Event) {
		return e.CheckRefers(target)
	}
	may := targets[e.Event]
	switch {
	case len(may) == 0:
		return invalid("refers: event %.40q is about no other", e.Event)
	case !slices.Contains(may, target.Event):
		return invalid("refers: the target is of event %s, want %s", target.Event, strings.Join(may, " or "))
	case e.Profile != target.Profile && !profile.AnyAgreement(e.Profile):
		return invalid("refers: the target is of profile %s, want %s", target.Profile, e.Profile)
	}
	return nil
}
