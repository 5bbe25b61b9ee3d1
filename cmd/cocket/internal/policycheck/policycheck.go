// SPDX-License-Identifier: Apache-2.0

// Package policycheck says what a policy means and what is risky about it: whom it believes, how many
// witnesses must agree, how many can be lost, and who counts twice.
package policycheck

import (
	"fmt"
	"time"

	"cocket.example/receipt"
)

// Report is what a policy means, for people and as JSON for programs.
type Report struct {
	Logs      []Log     `json:"logs"`
	Witnesses []Witness `json:"witnesses"`
	Groups    []Group   `json:"groups"`
	Quorum    Quorum    `json:"quorum"`
	Warnings  []string  `json:"warnings"` // what is allowed and risky, each with what would be better
}

// Log is one key of a log.
type Log struct {
	Origin string  `json:"origin"`
	VKey   string  `json:"vkey"`
	URL    string  `json:"url,omitempty"`
	From   uint64  `json:"from"`            // the smallest size for which the key is good
	To     *uint64 `json:"to,omitempty"`    // the largest; absent: there is none
	Until  string  `json:"until,omitempty"` // RFC 3339; absent: there is no latest time
}

// Witness is one key of a witness.
type Witness struct {
	Name   string `json:"name"`
	VKey   string `json:"vkey"`
	URL    string `json:"url,omitempty"`
	Counts bool   `json:"counts"` // the quorum counts it
}

// Group wants Threshold of its members.
type Group struct {
	Name      string   `json:"name"`
	Threshold int      `json:"threshold"`
	Members   []string `json:"members"`
	Counts    bool     `json:"counts"`
}

// Quorum says how many witnesses it takes. The keys of one operator in an any group are one witness.
type Quorum struct {
	Name     string   `json:"name"`
	Counted  int      `json:"counted"`   // witnesses that count
	Fewest   int      `json:"fewest"`    // so many of them, well chosen, satisfy it
	CanLose  int      `json:"can_lose"`  // so many of them, whichever, can be lost
	Needed   []string `json:"needed"`    // witnesses, or groups of one operator, that cannot be lost
	Disjoint bool     `json:"disjoint"`  // two sets without a common witness satisfy it
	Time     bool     `json:"time"`      // it vouches for a time
	Log      bool     `json:"log_alone"` // the log alone is believed
}

// Examine says what a policy means.
func Examine(p receipt.Policy) Report {
	t := newTree(p)
	r := Report{
		Logs: []Log{}, Witnesses: []Witness{}, Groups: []Group{}, Quorum: t.quorum(),
		Warnings: append([]string{}, t.warnings()...),
	}
	for _, l := range p.Logs {
		r.Logs = append(r.Logs, newLog(l))
	}
	for _, w := range p.Witnesses {
		r.Witnesses = append(r.Witnesses, Witness{w.Name, w.Key.String(), w.URL, t.counts(w.Name)})
	}
	for _, g := range p.Groups {
		r.Groups = append(r.Groups, Group{g.Name, g.Threshold, g.Members, t.counts(g.Name)})
	}
	return r
}

// Words says whose key it is and what it is good for.
func (l Log) Words() string {
	words := l.VKey
	if l.URL != "" {
		words += " at " + l.URL
	}
	switch {
	case l.To != nil:
		words += fmt.Sprintf(", good for trees of %d to %d entries", l.From, *l.To)
	case l.From > 0:
		words += fmt.Sprintf(", good for trees of %d entries and more", l.From)
	}
	if l.Until != "" {
		words += ", cosigned by the quorum until " + l.Until
	}
	return words
}

func newLog(l receipt.Log) Log {
	out := Log{Origin: l.Key.Name, VKey: l.Key.String(), URL: l.URL, From: l.Period.From}
	if l.Period.To != 0 {
		out.To = &l.Period.To
	}
	if !l.Period.Until.IsZero() {
		out.Until = l.Period.Until.UTC().Format(time.RFC3339)
	}
	return out
}

func (t tree) quorum() Quorum {
	if t.policy.Quorum == "none" {
		return Quorum{Name: "none", Log: true, Needed: []string{}}
	}
	q := Quorum{
		Name: t.policy.Quorum, Fewest: t.fewest(), CanLose: t.fatal() - 1, Disjoint: t.splits(), Time: true,
		Needed: append([]string{}, t.alone()...),
	}
	for _, p := range t.parties {
		if t.counts(p.name) {
			q.Counted++
		}
	}
	return q
}

// Words says in one sentence what the quorum asks for.
func (q Quorum) Words() string {
	if q.Log {
		return "none: the log alone is believed, no witness is asked"
	}
	return fmt.Sprintf("%s: at least %d of %d witnesses must cosign; %d of them, whichever, can be lost",
		q.Name, q.Fewest, q.Counted, q.CanLose)
}
