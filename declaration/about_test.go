// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"fmt"
	"log/slog"
	"strings"
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

// TestTarget: an opening tells all that another can be about, a disclosure what it shows and what is in clear.
func TestTarget(t *testing.T) {
	d := sample("usmca/1", certification())
	d.Public = []string{"goods[0].origin.country"}
	o := mustSeal(t, d)
	whole := o.Target()
	if whole.Leaf != LeafHash(o.Entry()) || whole.Event != "issue" || whole.Hidden != nil ||
		len(whole.Values) != len(o.Fields()) || whole.Entry.Submitter != d.Submitter {
		t.Errorf("%+v of %v", whole.Entry, whole.Values)
	}
	x, err := o.Disclose([]byte("r"), false, "goods[0].hs", "blanket.from")
	if err != nil {
		t.Fatal(err)
	}
	some, err := x.Target()
	if err != nil || some.Leaf != whole.Leaf || len(some.Values) != 2 {
		t.Fatalf("%v, %v", some.Values, err)
	}
	for path, hidden := range map[string]bool{
		"goods[0].hs": false, "blanket.from": false, "goods[0].origin.country": false, "blanket.to": true,
		"goods[9].hs": false, "goods[1].hs": true, "colour": false,
	} {
		if some.Hidden(path) != hidden {
			t.Errorf("%s is hidden: %v", path, !hidden)
		}
	}
	x.Fields[1].Value = "870899"
	if _, err := x.Target(); err == nil {
		t.Error("a disclosure that does not hold is a target")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(verb, whole); s != "target "+encode(whole.Leaf[:]) {
			t.Errorf("%s prints %s", verb, s)
		}
	}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("m", "target", whole)
	if strings.Contains(b.String(), whole.Values["certifier.name"]) {
		t.Error("a target is logged")
	}
}
