// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"strconv"

	"cocket.example/declaration/form"
)

// events are the tables of a profile: those that a certification or declaration has of its own, and those
// that follow it, which agreements share.
func events(issue *Table, c claimed) map[string]*Table {
	return map[string]*Table{
		"issue": issue, "amend": issue, "withdraw": withdrawal,
		"claim": c.table(), "correct": correction,
		"query": query, "response": response, "determine": determination,
	}
}

// about is the committed reference of what follows something: a clear one would let one importer count
// another's claims. It may be absent where that is on paper.
func about(source string) Spec {
	return Spec{Path: "refers", Form: form.Leaf, Shown: buyer, Source: source}
}

var withdrawal = &Table{Header: []Spec{
	goodsCount(),
	{Path: "reason", Form: form.Text, Shown: buyer},
	{Path: "date", Form: form.Date, Required: true, Shown: buyer},
}, checks: []check{notBefore}}

// correction is what an importer tells of a claim of his that was wrong, promptly and of his own accord.
var correction = &Table{
	Header: []Spec{
		goodsCount(),
		about("182.11(c)"),
		{Path: "entry.number", Form: form.EntryNumber, Required: true, Shown: buyer, Source: "CATAIR AE"},
		{Path: "date", Form: form.Date, Required: true, Shown: buyer},
		{Path: "explanation", Form: form.Text, Required: true, Shown: buyer, Source: "182.11(c)"},
		{Path: "duties", Form: form.Decimal, Shown: buyer, Source: "182.11(c)"},
		{Path: "currency", Form: form.Currency, Shown: buyer},
	},
	Line: []Spec{
		{Path: "claim.line", Form: form.Count, Required: true, Shown: buyer},
		{Path: "explanation", Form: form.Text, Shown: buyer},
		{Path: "duty", Form: form.Decimal, Shown: buyer},
	},
	Tags:   []string{"entry"},
	checks: []check{entryOfClaim, notBefore, lineNamed("claim.line")},
}

var addressee = form.Kind("addressee-role", "IMPORTER", "EXPORTER", "PRODUCER", "MATERIAL-PRODUCER")

// query is what customs asks or announces. Whom it asks gets the whole.
var query = &Table{
	Header: []Spec{
		goodsCount(),
		about("182.72"),
		{Path: "kind", Form: form.OneOf("query-kind", "CF-28", "CF-29", "CF-446", "VISIT", "LETTER"),
			Required: true, Shown: customs, Source: "182.72"},
		{Path: "number", Form: form.Code, Shown: buyer},
		{Path: "entry.number", Form: form.EntryNumber, Shown: buyer, Source: "CATAIR AE"},
		{Path: "date", Form: form.Date, Required: true, Shown: buyer},
		{Path: "reply.by", Form: form.Date, Required: true, Shown: buyer, Source: "CBP 446"},
		{Path: "addressee.role", Form: addressee, Required: true, Shown: customs, Source: "182.72"},
		{Path: "addressee.name", Form: form.Line, Shown: customs},
		{Path: "question", Form: form.Text, Required: true, Shown: customs, Source: "CBP 446"},
	},
	Line: []Spec{
		{Path: "target.line", Form: form.Count, Required: true, Shown: customs},
		{Path: "question", Form: form.Text, Shown: customs},
	},
	Tags:   []string{"entry"},
	checks: []check{replyBy, entryOfClaim, notBefore, lineNamed("target.line")},
}

// response may go to customs direct, past the importer.
var response = &Table{
	Header: []Spec{
		goodsCount(),
		about("182.72"),
		{Path: "respondent.role", Form: addressee, Required: true, Shown: customs, Source: "182.72"},
		{Path: "respondent.name", Form: form.Line, Shown: customs},
		{Path: "number", Form: form.Code, Shown: customs},
		{Path: "date", Form: form.Date, Required: true, Shown: customs},
		{Path: "answer", Form: form.Text, Required: true, Shown: customs, Source: "182.72"},
		{Path: "documents", Form: form.Text, Shown: customs},
	},
	Line: []Spec{
		{Path: "target.line", Form: form.Count, Required: true, Shown: customs},
		{Path: "answer", Form: form.Text, Shown: customs},
	},
	Tags:   []string{"entry"},
	checks: []check{numberOfQuery, notBefore, inTime, lineNamed("target.line"), asked},
}

// determination is what customs found. The result is shown to those concerned; reasons may tell of others.
var determination = &Table{
	Header: []Spec{
		goodsCount(),
		about("182.75"),
		{Path: "result", Form: form.OneOf("result", "POSITIVE", "NEGATIVE", "PARTIAL"), Required: true,
			Shown: buyer, Source: "182.75"},
		{Path: "number", Form: form.Code, Shown: buyer},
		{Path: "date", Form: form.Date, Required: true, Shown: buyer, Source: "182.75"},
		{Path: "reasons", Form: form.Text, Shown: customs, Source: "182.75"},
	},
	Line: []Spec{
		{Path: "target.line", Form: form.Count, Required: true, Shown: buyer},
		{Path: "result", Form: form.OneOf("line-result", "POSITIVE", "NEGATIVE"), Required: true, Shown: buyer},
		{Path: "reasons", Form: form.Text, Shown: customs},
	},
	Tags:   []string{"entry"},
	checks: []check{determined, numberOfQuery, notBefore, lineNamed("target.line"), asked},
}

// usualDays are those that an addressee has to answer.
var usualDays = map[string]int{"CF-28": 30, "CF-446": 30, "CF-29": 20}

var replyBy = check{codes: []string{"QUERY-REPLY-ORDER", "QUERY-REPLY-DAYS"}, header: func(v *view) {
	asked, by := v.get("date"), v.get("reply.by")
	days := usualDays[v.get("kind")]
	switch usual := addDays(asked, days); {
	case asked == "" || by == "":
	case by <= asked:
		v.report("reply.by", "QUERY-REPLY-ORDER")
	case by < usual:
		v.report("reply.by", "QUERY-REPLY-DAYS", usual, strconv.Itoa(days))
	}
}}

var determined = check{codes: []string{"DETERMINE-REASONS", "DETERMINE-LINES"}, header: func(v *view) {
	result := v.get("result")
	if result != "POSITIVE" && v.get("reasons") == "" {
		v.report("reasons", "DETERMINE-REASONS")
	}
	results := make(map[string]bool)
	for i := range v.values.Lines() {
		results[v.get(linePrefix(i)+"result")] = true
	}
	if differ := len(results) > 1; differ != (result == "PARTIAL") || len(results) == 1 && !results[result] {
		v.report("result", "DETERMINE-LINES")
	}
}}
