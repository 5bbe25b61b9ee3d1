// SPDX-License-Identifier: Apache-2.0

package main

// stage is a command that makes what follows a declaration.
type stage struct {
	name, event, noun         string
	use, short, long, example string
}

// stageHelp is what the help of all stages says.
const stageHelp = `

What it is about is an opening or a disclosure, which is checked first; with
--policy also that it is on file. Values come from --set, then --declaration,
then from there; what you did not give is printed. Rules are applied as by
"cocket seal", those on both documents too ("cocket profile" lists them).`

// stages are those of docs/life-cycle.md, in the order of a life.
var stages = []stage{
	{name: "amend", event: "amend", noun: "amendment",
		use:   "OPENING --set PATH=VALUE... --out FILE",
		short: "Make a new version of a declaration of yours",
		long: `Make a new version of a certification or declaration. It restates everything:
what you do not change is taken over, with the fields in clear. The version
before stays in the log, and readers see that it was superseded. Only the
submitter of the target can amend it, in the same log. --lines keeps these goods
lines alone.` + stageHelp,
		example: `  cocket amend cert.opening.json --set goods[0].hs=870830 --unset invoice \
      --out amended.opening.json`},
	{name: "withdraw", event: "withdraw", noun: "withdrawal",
		use:   "OPENING [--reason TEXT] --out FILE",
		short: "Take back a declaration of yours",
		long: `Take back a certification or declaration. It stays in the log, and everyone who
has its leaf hash can see that it was withdrawn; why, only those to whom you
show it. Only the submitter of the target can withdraw it, in the same log.
Whoever got the target must be told: the log tells nobody.` + stageHelp,
		example: `  cocket withdraw cert.opening.json --reason "The producer changed." \
      --out withdrawal.opening.json`},
	{name: "claim", event: "claim", noun: "claim",
		use:   "CERT --submitter NAME --date DAY --set PATH=VALUE... --out FILE",
		short: "Claim preference on a certification that you hold",
		long: `Claim preference on a certification, of which a disclosure is enough. Nobody
sees in the log which one it is. Of every goods line that is shown, or of those
of --lines, code, edition and origin are taken over; the kind is ENTRY if you do
not say POST-IMPORTATION. Give entry.number, importation.country and the date
yourself. A claim on paper or on your own knowledge is made with "cocket seal
--event claim".` + stageHelp,
		example: `  cocket claim cert.disclosure.json --submitter importer.example \
      --policy policy --set entry.number=SP7-0000001-4 --date 2026-06-01 \
      --set importation.country=US --set goods[0].hs=8708.30.50.60 \
      --set goods[0].spi=S --out claim.opening.json`},
	{name: "correct", event: "correct", noun: "correction",
		use:   "CLAIM --submitter NAME --set explanation=TEXT --out FILE",
		short: "Correct a claim of yours that was wrong",
		long: `Tell, promptly and of your own accord, what was wrong with a claim (19 CFR
182.11(c)). The entry number is taken over; --lines names the goods lines of the
claim that are concerned.` + stageHelp,
		example: `  cocket correct claim.opening.json --submitter importer.example --lines 1 \
      --set explanation="Line 1 was of another producer." \
      --set duties=120.50 --set currency=USD --out correction.opening.json`},
	{name: "query", event: "query", noun: "query",
		use:   "CLAIM|CERT --submitter NAME --set PATH=VALUE... --out FILE",
		short: "Ask about a claim or a certification, as customs do",
		long: `Ask importer, exporter or producer about a claim or a certification. The entry
number of a claim is taken over; --lines names the goods lines that are asked
about. Give kind, reply.by, addressee.role and question yourself.` + stageHelp,
		example: `  cocket query claim.disclosure.json --submitter customs.example --lines 0 \
      --set kind=CF-446 --set number=446-7 --set reply.by=2026-07-01 \
      --set addressee.role=EXPORTER --set question="Who produces line 0?" \
      --out query.opening.json`},
	{name: "respond", event: "response", noun: "response",
		use:   "QUERY|CLAIM --submitter NAME --set answer=TEXT --out FILE",
		short: "Answer a query, direct to customs if you like",
		long: `Answer a query, or tell of a claim. Number, lines and role are taken over from
the query. Only those to whom you show the response can read it: an exporter
answers customs direct, past the importer.` + stageHelp,
		example: `  cocket respond query.disclosure.json --submitter exporter.example \
      --set answer="Maxi Acero, Monterrey." --out response.opening.json`},
	{name: "determine", event: "determine", noun: "determination",
		use:   "QUERY|CLAIM --submitter NAME --set result=RESULT --out FILE",
		short: "Decide on a claim or after a query, as customs do",
		long: `Say what customs found: POSITIVE, NEGATIVE or PARTIAL. The lines of the claim,
or those that the query asked about, are taken over, with the result if it is
one for all of them. Give reasons where it is not POSITIVE.` + stageHelp,
		example: `  cocket determine query.opening.json --submitter customs.example \
      --set result=POSITIVE --out determination.opening.json`},
}
