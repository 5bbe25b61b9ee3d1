// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"cocket.example/internal/columns"
)

func TestReport(t *testing.T) {
	r := Report{Kind: "disclosure"}
	r.ok("entry", strings.Repeat("several words ", 20))
	r.absent("witness w2", "did not cosign this checkpoint")
	r.ok("goods[0].description", "Steel\n  ok     inclusion  \x1b[2Jforged")
	if err := r.Err(); err != nil {
		t.Errorf("what is absent fails: %v", err)
	}
	r.fail("inclusion", errors.New("no such entry"))
	r.fail("certifier", errors.New("later"))
	if err := r.Err(); err == nil || err.Error() != "inclusion: no such entry" {
		t.Errorf("first failure: %v", err)
	}
	text := r.String()
	for line := range strings.Lines(text) {
		if columns.Cells(strings.TrimSuffix(line, "\n")) > columns.Width || strings.HasPrefix(line, "  ok     inclusion") {
			t.Errorf("line %q", line)
		}
	}
	if strings.Contains(text, "Verified.") || strings.Contains(text, "\x1b") || !strings.Contains(text, "Does not verify.") {
		t.Error(text)
	}
}

// TestApart: times of all years that RFC 3339 knows are told apart.
func TestApart(t *testing.T) {
	for moment, want := range map[string]string{"9999-12-31T23:59:59Z": "2912112 days before",
		"2026-11-27T06:00:00Z": "59 minutes before", "2026-11-27T05:01:00Z": "59 s before"} {
		at, err := time.Parse(time.RFC3339, moment)
		r, list := Report{NoLaterThan: time.Date(2026, 11, 27, 5, 0, 1, 0, time.UTC)}, Facts{}
		if r.AddBefore(&list, at); err != nil || !strings.HasSuffix(list.String(), want+"\n") {
			t.Errorf("%s: %s, want %s", moment, list, want)
		}
	}
}

// A program is never shown a number that is not proven.
func TestReportJSON(t *testing.T) {
	r := Report{Kind: "opening", Index: 7, Size: 9}
	r.fail("log", errors.New("unknown key"))
	b, err := json.Marshal(r)
	if err != nil || strings.Contains(string(b), `"index"`) || !strings.Contains(string(b), `"verified":false`) {
		t.Errorf("%s, %v", b, err)
	}
}

// Files that are none of ours refute themselves, fact by fact, and nothing of them is believed.
func TestVerifyRefusesJunk(t *testing.T) {
	for _, junk := range []string{"", "{}", "null", `{"format":"cocket-disclosure/v1"}`, strings.Repeat("[", 10000)} {
		for _, r := range []Report{
			Verifier{}.VerifyDisclosure([]byte(junk)),
			Verifier{}.VerifyOpening([]byte(junk), []byte(junk)),
		} {
			if r.Err() == nil {
				t.Errorf("%.20q verifies as %s:\n%s", junk, r.Kind, r)
			}
			for _, f := range r.Facts {
				if f.Status == Holds {
					t.Errorf("%.20q: fact %q holds", junk, f.Name)
				}
			}
		}
	}
	if Covers(nil, nil) == nil {
		t.Error("an empty receipt covers an entry")
	}
}
