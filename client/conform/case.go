// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"cmp"
	"context"
	"slices"
)

// Case is one thing that is asked of a log.
type Case struct {
	ID    string   `json:"id"`    // L01 …
	Title string   `json:"title"` // what holds where the case passes
	Items []string `json:"items"` // of the specifications that it is about
}

// Cases returns all cases in the order of their ids.
func Cases() []Case {
	cases := make([]Case, len(trials))
	for i, t := range trials {
		cases[i] = t.Case
	}
	slices.SortFunc(cases, func(a, b Case) int { return cmp.Compare(a.ID, b.ID) })
	return cases
}

// trial is a case with what judges it.
type trial struct {
	Case
	needs needs
	run   func(context.Context, *subject, *Result)
}

// needs is what a case cannot do without; each includes those before it.
type needs int

const (
	nothing    needs = iota
	checkpoint       // one that verifies
	entries          // at least one
	adding           // the log may be added to
)

// trials stand in the order in which they run: an empty log is looked at before it grows, what needs
// a grown log comes behind, and what looks at everything that was seen comes last.
var trials = []*trial{
	{Case{"L01", "The checkpoint is a signed note, and is served as one",
		[]string{"TT-3", "TT-4", "CP-8", "SN-1", "SN-9"}}, nothing, caseServed},
	{Case{"L03", "An empty log is empty",
		[]string{"CP-5", "TT-11"}}, checkpoint, caseEmpty},
	{Case{"L04", "Every size has its tiles and bundles, and no others",
		[]string{"TT-3", "TT-9", "TT-11"}}, checkpoint, caseTiles},
	{Case{"L06", "A narrower tile or bundle is the beginning of a wider one",
		[]string{"TT-10"}}, entries, casePrefix},
	{Case{"L08", "Nothing is served that is not signed",
		[]string{"TT-11"}}, adding, caseUnsigned},
	{Case{"L09", "Bundles hold the entries that the tiles commit to",
		[]string{"TT-15", "TT-16"}}, entries, caseEntries},
	{Case{"L10", "Compression is what it says it is",
		[]string{"TT-17"}}, entries, caseEncoding},
	{Case{"L12", "What is for reading cannot be written",
		[]string{"TT-5"}}, checkpoint, caseMethods},
	{Case{"L07", "A resource has one name",
		[]string{"TT-5", "TT-6", "TT-7", "TT-8", "TT-17"}}, checkpoint, casePaths},
	{Case{"L13", "Tiles prove every entry and every step",
		[]string{"TT-2", "TT-10"}}, entries, caseProofs},
	{Case{"L17", "The first entry is still there",
		[]string{"TT-20"}}, entries, caseFirst},
	{Case{"L11", "Tiles and bundles may be kept for ever, refusals never",
		[]string{"TT-5", "TT-14"}}, checkpoint, caseCaching},
	{Case{"L02", "Checkpoints have one spelling, and only grow",
		[]string{"CP-1", "CP-2", "CP-4", "CP-5", "CP-6", "CP-7"}}, nothing, caseCanonical},
	{Case{"L05", "Partial tiles and bundles stay until the full one is there",
		[]string{"TT-12"}}, entries, caseRetained},
	{Case{"L15", "No signature on a checkpoint is broken or doubled",
		[]string{"SN-9", "SN-12"}}, nothing, caseSignatures},
}

// lacks says what is missing for a case, "" if nothing is.
func (s *subject) lacks(n needs) string {
	switch {
	case n >= checkpoint && s.latest == nil:
		return "no checkpoint verifies under the given key, see L01"
	case n == adding && s.adder == nil:
		return "needs --add: only while the log grows can it be seen"
	case n >= entries && s.latest.tree.N == 0:
		return "the log is empty, and needs --add to grow"
	}
	return ""
}
