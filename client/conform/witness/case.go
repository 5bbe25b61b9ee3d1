// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"iter"
	"maps"
	"slices"

	"cocket.example/client/conform/verdict"
)

// trial is a case with what judges it.
type trial struct {
	verdict.Case
	run func(context.Context, *subject, *verdict.Result)
}

// Cases returns all cases in the order of their ids, which is that in which they run.
func Cases() []verdict.Case {
	cases := make([]verdict.Case, len(trials))
	for i, t := range trials {
		cases[i] = t.Case
	}
	return cases
}

func define(id, title string, items ...string) verdict.Case {
	return verdict.Case{ID: id, Title: title, Items: items}
}

// trials each have logs of their own, so that none depends on what became of another. R1 to R9 are the
// rows of the table of decisions in docs/conform.md.
var trials = []trial{
	{define("W01", "A log's first checkpoint is cosigned", "TW-11", "CS-1", "CS-5", "CS-9", "CS-12"), caseFirst},
	{define("W02", "Nothing is taken on trust at the first contact", "TW-8", "R6"), caseTrust},
	{define("W03", "A first old size beyond the checkpoint is malformed", "R4"), caseAhead},
	{define("W04", "An empty tree is cosigned, and grown from", "TW-11", "TW-13", "TW-14", "CS-9", "CS-12"),
		caseEmpty},
	{define("W05", "An empty tree has the one root", "R5"), caseEmptyRoot},
	{define("W06", "From nothing there is nothing to prove", "R7"), caseNothing},
	{define("W07", "A stale old size is told the latest one", "R6"), caseStale},
	{define("W08", "An old size beyond the checkpoint is malformed", "R4"), caseBeyond},
	{define("W09", "A size is cosigned again, for one root alone", "TW-11", "TW-13", "R8", "CS-9", "CS-12"),
		caseAgain},
	{define("W10", "The same size needs no proof", "R9"), caseSame},
	{define("W11", "Every right proof is taken, and no wrong one", "R9"), caseProofs},
	{define("W12", "A checkpoint is signed by its log, and the other lines do not matter",
		"R1", "R3", "SN-7", "SN-8", "SN-9", "SN-12"), caseSignatures},
	{define("W13", "An origin has one spelling", "R2"), caseOrigins},
	{define("W14", "A request has one spelling", "R1", "SN-3", "TW-3", "TW-4", "TW-5"), caseSyntax},
	{define("W15", "Extension lines are refused, or signed with the rest", "CS-9", "CS-15", "R1"), caseExtension},
	{define("W16", "Of racing updates one is cosigned", "TW-12", "R6"), caseRace},
	{define("W17", "What was cosigned is known after kill -9", "TW-12", "R6"), caseRestart},
	{define("W18", "Time never goes back", "TW-15"), caseTime},
	{define("W19", "The latest checkpoint is there for monitors", "TW-24", "TW-25", "TW-26"), caseMonitor},
	{define("W20", "Subtrees of what was cosigned are signed", "TW-21", "TW-22", "TW-23", "CS-13"), caseSubtree},
	{define("W21", "A resource has one name and one method", "TW-1"), caseMethods},
	{define("W22", "No request takes more than its due", "R1", "TW-6"), caseLimits},
	{define("W23", "ML-DSA-44 cosignatures are over the tree", "CS-1", "CS-5", "CS-12", "TW-11"), caseMLDSA},
	{define("W24", "A client that knows Ed25519 alone is served", "CS-1", "CS-5", "CS-9", "TW-11"), caseEd25519},
}

// ordered yields a table in the order of its names, so that reports are alike.
func ordered[T any](table map[string]T) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for _, what := range slices.Sorted(maps.Keys(table)) {
			if !yield(what, table[what]) {
				return
			}
		}
	}
}
