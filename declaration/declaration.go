// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"cocket.example/declaration/profile"
	"cocket.example/declaration/rule"
)

// Declaration is the customs form in clear, with what its entry will show of it.
type Declaration struct {
	Log, Event, Profile, Submitter string

	Refers  *Hash             // leaf hash of what is amended or withdrawn
	Fields  map[string]string // path → value as given; Seal normalises
	Public  []string          // paths to be shown in clear
	Width   int               // of the commitment tree; 0: the least that holds the fields
	Tags    map[string]Tag    // by name; one that is not given is random
	Tariffs []profile.Tariff  // that the goods' codes must be of, each for its edition; none: not checked
	About   *profile.Target   // what it is about, as far as it is known; nil: rules on both are not applied
}

// LogValue keeps the declaration out of logs.
func (d Declaration) LogValue() slog.Value { return slog.StringValue("declaration of " + d.Profile) }

// Format prints no value of the declaration.
func (d Declaration) Format(f fmt.State, _ rune) { io.WriteString(f, "declaration of "+d.Profile) }

// RefusedError is the refusal of a declaration that breaks rules: everything that is wrong with it,
// warnings among the errors. It is ErrInvalid.
type RefusedError struct{ Findings rule.Findings }

// Error is a line for each error, or for each warning where these were reason enough.
func (e RefusedError) Error() string {
	if errs := e.Findings.Of(rule.Error); len(errs) > 0 {
		return errs.String()
	}
	return e.Findings.String()
}

// Is makes it ErrInvalid.
func (e RefusedError) Is(target error) bool { return target == ErrInvalid }

// Check returns everything that is wrong with the declaration, in the order of its fields; what is wrong in the
// light of what it is about comes last. The error is of a profile or event that is not known.
func (d Declaration) Check() (rule.Findings, error) {
	table, err := lookup(d.Profile, d.Event)
	if err != nil {
		return nil, err
	}
	_, findings := d.judge(table)
	return findings, nil
}

// judge normalises the fields, and applies every rule.
func (d Declaration) judge(table *profile.Table) (profile.Values, rule.Findings) {
	values, findings := table.Check(d.Fields, d.Tariffs)
	if d.About != nil {
		findings = append(findings, table.Compare(values, *d.About)...)
	}
	return values, findings
}

// Validate returns nil where Seal would not refuse the fields, else a RefusedError.
func (d Declaration) Validate() error {
	findings, err := d.Check()
	if err != nil {
		return err
	}
	return refusal(findings)
}

func refusal(findings rule.Findings) error {
	if len(findings.Of(rule.Error)) == 0 {
		return nil
	}
	return RefusedError{findings}
}

// Profiles returns the names of the known profiles.
func Profiles() []string {
	names := make([]string, len(profile.All))
	for i, p := range profile.All {
		names[i] = p.Name
	}
	return names
}

var profileForm = regexp.MustCompile(`^[a-z0-9-]{1,32}/[1-9][0-9]{0,3}$`)

// lookup finds the table of an event, or says what it does not know.
func lookup(name, event string) (*profile.Table, error) {
	if !slices.Contains(profile.Events, event) {
		return nil, invalid("event %.40q: want one of %s", event, strings.Join(profile.Events, ", "))
	}
	if p := profile.Find(name); p != nil && p.Events[event] != nil {
		return p.Events[event], nil
	}
	if !profileForm.MatchString(name) {
		return nil, invalid("profile %.40q: want a name and version as usmca/1", name)
	}
	return nil, fmt.Errorf("event %s of profile %.40q: %w, want a profile that has it, of %s",
		event, name, ErrUnknown, strings.Join(Profiles(), ", "))
}
