// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"testing"

	"cocket.example/declaration/profile"
)

// TestCheckAbout: all pairs of events, the table of section 8 of the entry format written out anew.
func TestCheckAbout(t *testing.T) {
	//                 issue, amend, withdraw, claim, correct, query, response, determine
	about := map[string]string{
		"issue":     "........",
		"amend":     "xx......",
		"withdraw":  "xx......",
		"claim":     "xx......",
		"correct":   "...x....",
		"query":     "xx.x....",
		"response":  "...x.x..",
		"determine": "...x.x..",
	}
	for _, event := range profile.Events {
		for i, target := range profile.Events {
			e := Entry{Log: "a", Event: event, Profile: "usmca/1", Submitter: "s"}
			err := e.CheckAbout(Entry{Log: "a", Event: target, Profile: "usmca/1", Submitter: "s"})
			if want := about[event][i] == 'x'; (err == nil) != want {
				t.Errorf("%s about %s: %v", event, target, err)
			}
			if err != nil {
				wantInvalid(t, event, err, "refers: ")
			}
		}
	}
}

// TestCheckAboutOthers: a committed reference goes to another log and submitter, one in clear does not.
func TestCheckAboutOthers(t *testing.T) {
	target := Entry{Log: "a", Event: "issue", Profile: "usmca/1", Submitter: "exporter.example"}
	claim := Entry{Log: "b", Event: "claim", Profile: "usmca/1", Submitter: "importer.example"}
	if err := claim.CheckAbout(target); err != nil {
		t.Error(err)
	}
	claim.Event = "amend"
	wantInvalid(t, "amend", claim.CheckAbout(target), "another log")
	claim.Log = "a"
	wantInvalid(t, "amend", claim.CheckAbout(target), "another submitter")
	for name, want := range map[string]bool{"usmca/1": true, "cafta-dr/1": false, "import/1": true} {
		e := Entry{Log: "a", Event: "claim", Profile: name, Submitter: "s"}
		if err := e.CheckAbout(target); (err == nil) != want {
			t.Errorf("a claim of %s on a certification of usmca/1: %v", name, err)
		}
	}
}
