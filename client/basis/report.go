// SPDX-License-Identifier: Apache-2.0

package basis

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cocket.example/client"
)

// Err is why the case is not proven, or nil if it is: both declarations verify, the claim quotes this
// certification, that was filed first or was on file before the day that the claim states, and nothing
// fails.
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
	if f := r.Facts.Find(refers); f.Status != client.Holds {
		return errors.New(f.Name + ": " + f.Says)
	}
	if r.holds(filedFirst) || r.holds(beforeDate) {
		return nil
	}
	f := r.Facts.Find(filedFirst)
	return errors.New(f.Name + ": " + f.Says)
}

func (r Report) holds(fact string) bool { return r.Facts.Find(fact).Status == client.Holds }

// Answer is the answer in one sentence.
func (r Report) Answer() string {
	const no = "No: it is not proven that the certification was on file before the claim: "
	if f, failed := r.Certification.Facts.Failed(); failed {
		return no + "the certification does not verify (" + f.Name + ")."
	}
	if f, failed := r.Claim.Facts.Failed(); failed {
		return no + "the claim does not verify (" + f.Name + ")."
	}
	err, before := r.Err(), r.before()
	switch {
	case err == nil:
		return "Yes: the certification was on file " + before + "."
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

// NotProven lists, for people, what this report does not say.
func (r Report) NotProven() []string {
	list := []string{client.UnprovenTrue, "That the importer held the certification, or was sent it: whoever made the " +
		"claim knew its leaf hash, which can also be read in the log."}
	number, _ := r.claim.get("entry.number")
	if number == "" {
		number = "of the claim"
	}
	list = append(list, "That the claim was made on the day that it states: compare it with the customs record of entry "+
		number+".", "That no other claim rests on this certification.")
	if !r.holds(unchanged) {
		list = append(list, "That the certification was in force when the claim was made.")
	}
	if len(r.few) > 0 {
		list = append(list, "That both receipts are of one history of the log, should it and "+strings.Join(r.few, ", ")+
			" lie together: reading the log proves it"+howToRead+".")
	}
	if !r.Claim.NoLaterThan.IsZero() || !r.Certification.NoLaterThan.IsZero() {
		list = append(list, client.UnprovenTime)
	}
	for _, line := range r.Certification.Unproven {
		whose := "Of the certification: "
		if slices.Contains(r.Claim.Unproven, line) {
			whose = "Of both: "
		}
		list = append(list, whose+line)
	}
	for _, line := range r.Claim.Unproven {
		if !slices.Contains(r.Certification.Unproven, line) {
			list = append(list, "Of the claim: "+line)
		}
	}
	return list
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
