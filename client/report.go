// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"cocket.example/declaration"
	"cocket.example/receipt"
)

// Report is everything that was checked of a declaration, each fact by itself and in order.
type Report struct {
	Kind        string    // opening or disclosure
	Leaf        [32]byte  // leaf hash of the entry
	Log         string    // the log's origin, as the entry says it
	Index, Size uint64    // of the entry, of the tree; proven if the fact "inclusion" holds
	NoLaterThan time.Time // on file no later than; zero: not proven
	Fields      []declaration.Field
	Facts       Facts
	Unproven    []string // of this very declaration; NotProven adds what no proof says

	// What the facts rest on, for who judges further. It is to be believed where they hold.
	Entry      declaration.Entry
	Receipt    receipt.Receipt
	Checkpoint receipt.Report
}

// What no proof of this kind can say (entry format, section 9).
const (
	unprovenInForce = "That the declaration is still in force: an amendment or a withdrawal may " +
		"stand further on in the log."
	unprovenOnly = "That it is the only one: a claim made elsewhere should quote the leaf hash."
	// UnprovenTime is what every time rests on.
	UnprovenTime = "The time, if witnesses that lie or whose clocks are wrong make up a quorum."
	// UnprovenTrue is what no log says.
	UnprovenTrue = "That what was declared is true."

	unprovenCertifier = "Who holds the certifier's key: its name is no more than a claim."
	unprovenSubmitter = "Who submitted the entry: that rests on the log's word."
	unprovenUnsigned  = "That whoever is named as certifier made it: no signature of a certifier is shown."
	unprovenSame      = "That the log showed others the same tree: the policy asks for no witness."
)

func (r *Report) ok(name, says string)      { r.add(name, says, nil) }
func (r *Report) fail(name string, e error) { r.add(name, "", e) }

func (r *Report) add(name, says string, err error) { r.Facts.Add(name, says, err) }
func (r *Report) absent(name, says string)         { r.Facts.Absent(name, says) }
func (r *Report) skip(names ...string)             { r.Facts.Skip(names...) }

// Err is the first fact that fails, by its name, or nil if none does.
func (r Report) Err() error { return r.Facts.Err() }

// Unwitnessed reports whether the policy asks for no witness, so that all rests on the word of the log alone.
func (r Report) Unwitnessed() bool { return r.Facts.Find("quorum").Status == Absent }

// NotProven lists, for people, what this report does not say.
func (r Report) NotProven() []string {
	list := []string{UnprovenTrue, unprovenInForce, unprovenOnly}
	if !r.NoLaterThan.IsZero() {
		list = append(list, UnprovenTime)
	}
	return append(list, r.Unproven...)
}

// String prints the report for people, in 80 columns.
func (r Report) String() string {
	var b strings.Builder
	b.WriteString(r.Facts.String())
	if err := r.Err(); err != nil {
		b.WriteString("\nDoes not verify.\n")
		return b.String()
	}
	if r.Unwitnessed() {
		b.WriteString("\nVerified, by the word of the log alone.\n")
	} else {
		b.WriteString("\nVerified.\n")
	}
	b.WriteString(Hang("  leaf hash  ", base64.StdEncoding.EncodeToString(r.Leaf[:])))
	b.WriteString("\nNot proven by this:\n")
	for _, line := range r.NotProven() {
		b.WriteString(Hang("  - ", line))
	}
	return b.String()
}

// MarshalJSON prints the report for programs.
func (r Report) MarshalJSON() ([]byte, error) {
	verified := r.Err() == nil
	out := struct {
		Verified    bool     `json:"verified"`
		Kind        string   `json:"kind"`
		Leaf        string   `json:"leaf"`
		Log         string   `json:"log,omitempty"`
		Index       *uint64  `json:"index,omitempty"`
		Size        *uint64  `json:"size,omitempty"`
		NoLaterThan string   `json:"no_later_than,omitempty"`
		Facts       Facts    `json:"facts"`
		NotProven   []string `json:"not_proven"`
	}{verified, r.Kind, base64.StdEncoding.EncodeToString(r.Leaf[:]), r.Log, nil, nil, "", r.Facts, r.NotProven()}
	if verified { // a number that is not proven is not shown to programs
		out.Index, out.Size = &r.Index, &r.Size
	}
	if verified && !r.NoLaterThan.IsZero() {
		out.NoLaterThan = r.NoLaterThan.UTC().Format(time.RFC3339)
	}
	return json.Marshal(out)
}
