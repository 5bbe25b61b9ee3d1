// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"cmp"
	"context"
	"slices"

	"cocket.example/client/conform/verdict"
)

// Cases returns all cases in the order of their ids.
func Cases() []verdict.Case {
	cases := make([]verdict.Case, len(trials))
	for i, t := range trials {
		cases[i] = t.Case
	}
	slices.SortFunc(cases, func(a, b verdict.Case) int { return cmp.Compare(a.ID, b.ID) })
	return cases
}

// trial is a case with what judges it.
type trial struct {
	verdict.Case
	needs needs
	run   func(context.Context, *subject, *verdict.Result)
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
	{verdict.Case{ID: "L01", Title: "The checkpoint is a signed note, and is served as one",
		Items: []string{"TT-3", "TT-4", "CP-8", "SN-1", "SN-9"}}, nothing, caseServed},
	{verdict.Case{ID: "L03", Title: "An empty log is empty",
		Items: []string{"CP-5", "TT-11"}}, checkpoint, caseEmpty},
	{verdict.Case{ID: "L04", Title: "Every size has its tiles and bundles, and no others",
		Items: []string{"TT-3", "TT-9", "TT-11"}}, checkpoint, caseTiles},
	{verdict.Case{ID: "L06", Title: "A narrower tile or bundle is the beginning of a wider one",
		Items: []string{"TT-10"}}, entries, casePrefix},
	{verdict.Case{ID: "L08", Title: "Nothing is served that is not signed",
		Items: []string{"TT-11"}}, adding, caseUnsigned},
	{verdict.Case{ID: "L09", Title: "Bundles hold the entries that the tiles commit to",
		Items: []string{"TT-15", "TT-16"}}, entries, caseEntries},
	{verdict.Case{ID: "L10", Title: "Compression is what it says it is",
		Items: []string{"TT-17"}}, entries, caseEncoding},
	{verdict.Case{ID: "L12", Title: "What is for reading cannot be written",
		Items: []string{"TT-5"}}, checkpoint, caseMethods},
	{verdict.Case{ID: "L07", Title: "A resource has one name",
		Items: []string{"TT-5", "TT-6", "TT-7", "TT-8", "TT-17"}}, checkpoint, casePaths},
	{verdict.Case{ID: "L13", Title: "Tiles prove every entry and every step",
		Items: []string{"TT-2", "TT-10"}}, entries, caseProofs},
	{verdict.Case{ID: "L17", Title: "The first entry is still there",
		Items: []string{"TT-20"}}, entries, caseFirst},
	{verdict.Case{ID: "L11", Title: "Tiles and bundles may be kept for ever, refusals never",
		Items: []string{"TT-5", "TT-14"}}, checkpoint, caseCaching},
	{verdict.Case{ID: "L02", Title: "Checkpoints have one spelling, and only grow",
		Items: []string{"CP-1", "CP-2", "CP-4", "CP-5", "CP-6", "CP-7"}}, nothing, caseCanonical},
	{verdict.Case{ID: "L05", Title: "Partial tiles and bundles stay until the full one is there",
		Items: []string{"TT-12"}}, entries, caseRetained},
	{verdict.Case{ID: "L15", Title: "No signature on a checkpoint is broken or doubled",
		Items: []string{"SN-9", "SN-12"}}, nothing, caseSignatures},
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
