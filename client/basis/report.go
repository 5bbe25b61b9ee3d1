// SPDX-License-Identifier: Apache-2.0

package basis

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"cocket.example/client"
)

// Err is why the case is not proven, or nil if it is: both declarations verify, the claim quotes this
// certification and states a day, that was filed first or was on file before this day, nothing fails, and
// nothing is hidden that could make it fail.
func (r Report) Err() error {
	if err := r.Certification.Err(); err != nil {
		return fmt.Errorf("the certification does not verify: %w", err)
	}
	if err := r.Claim.Err(); err != nil {
		return fmt.Errorf("the claim does not verify: %w", err)
	}
	if err := r.Facts.Err(); err != nil {
		return err
	}
	wants := append([]string{refers, claimDate}, r.hidden...)
	if r.before() == "" {
		wants = append(wants, filedFirst)
	}
	for _, name := range wants {
		if f := r.Facts.Find(name); f.Status != client.Holds {
			return errors.New(f.Name + ": " + f.Says)
		}
	}
	return nil
}

func (r Report) holds(fact string) bool { return r.Facts.Find(fact).Status == client.Holds }

// Answer is the answer in one sentence. It is Yes where Err is nil, No where something fails, and else Not proven.
func (r Report) Answer() string {
	const no = "No: it is not proven that the certification was on file before the claim: "
	if f, failed := r.Certification.Facts.Failed(); failed {
		return no + "the certification does not verify (" + f.Name + ")."
	}
	if f, failed := r.Claim.Facts.Failed(); failed {
		return no + "the claim does not verify (" + f.Name + ")."
	}
	err, before := r.Err(), r.before()
	_, failed := r.Facts.Failed()
	switch {
	case err == nil && (r.Claim.Unwitnessed() || r.Certification.Unwitnessed()):
		return "Yes, by the word of the log alone: the certification was on file " + before + "."
	case err == nil:
		return "Yes: the certification was on file " + before + "."
	case !failed && before != "" && r.holds(refers):
		return fmt.Sprintf("Not proven: the certification was on file %s, but %v.", before, err)
	case !failed:
		return "Not proven that the certification was on file before the claim: " + err.Error() + "."
	case before != "" && r.holds(refers):
		return fmt.Sprintf("No: the certification was on file %s, but %v.", before, err)
	default:
		return no + err.Error() + "."
	}
}

// before says what the certification is proven to have been on file before; nothing if there is nothing.
func (r Report) before() string {
	var list []string
	if r.holds(filedFirst) {
		list = append(list, "before the claim was filed in the same log")
	}
	if r.holds(beforeDate) {
		list = append(list, "before "+r.day+", the date that the claim states")
	}
	return strings.Join(list, " and ")
}

// String prints the report for people, in 80 columns.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "The certification\n%s\nThe claim\n%s\nThe two together\n%s\n",
		r.Certification.Facts, r.Claim.Facts, r.Facts)
	b.WriteString(client.Hang("", r.Answer()))
	b.WriteString(client.Hang("  leaf hash of the certification  ", base64Hash(r.Certification.Leaf)))
	b.WriteString(client.Hang("  leaf hash of the claim          ", base64Hash(r.Claim.Leaf)))
	b.WriteString("\nNot proven by this:\n")
	for _, line := range r.NotProven() {
		b.WriteString(client.Hang("  - ", line))
	}
	return b.String()
}

// MarshalJSON prints the report for programs (docs/proof.md).
func (r Report) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Verified      bool          `json:"verified"`
		Kind          string        `json:"kind"`
		Answer        string        `json:"answer"`
		Certification client.Report `json:"certification"`
		Claim         client.Report `json:"claim"`
		Facts         client.Facts  `json:"facts"`
		NotProven     []string      `json:"not_proven"`
	}{r.Err() == nil, "basis", r.Answer(), r.Certification, r.Claim, r.Facts, r.NotProven()})
}
