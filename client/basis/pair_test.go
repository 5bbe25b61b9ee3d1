// SPDX-License-Identifier: Apache-2.0

package basis_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"cocket.example/client"
	"cocket.example/client/basis"
	"cocket.example/declaration"
)

// exchange is a query and the response to it, and all that can be different about them.
type exchange struct {
	query, response  map[string]string
	event            string // of what follows
	quotes           string // what it refers to; "" is the query
	asked, answered  int    // index
	log              string // of what follows
	shows            []string
	tamper           func(proof []byte)
	laterBy, queryBy []int // the witnesses who cosigned
}

func newExchange() *exchange {
	return &exchange{
		query: map[string]string{"kind": "CF-446", "number": "446-7", "date": "2026-05-04", "reply.by": "2026-06-10",
			"addressee.role": "EXPORTER", "question": "Who produces line 0?", "goods.count": "1", "goods[0].target.line": "0"},
		response: map[string]string{"respondent.role": "EXPORTER", "number": "446-7", "date": "2026-05-20",
			"answer": "See the certification.", "goods.count": "1", "goods[0].target.line": "0"},
		event: "response", asked: 2, answered: 5, log: "customs.example/log", tamper: func([]byte) {},
		laterBy: []int{0, 1}, queryBy: []int{1, 2},
	}
}

func (x *exchange) judge(t *testing.T) basis.PairReport {
	t.Helper()
	sites := newSites("2")
	v := client.Verifier{Policy: sites.policy}
	log, other := sites.logs["customs.example/log"], sites.logs[x.log]
	query := seal("query", "usmca/1", log.origin, x.query, nil)
	log.entries[x.asked] = query.Entry()
	leaf := declaration.LeafHash(query.Entry())
	fields := maps.Clone(x.response)
	if fields["refers"] = x.quotes; x.quotes == "" {
		fields["refers"] = base64.StdEncoding.EncodeToString(leaf[:])
	}
	later := seal(x.event, "usmca/1", other.origin, fields, nil)
	other.entries[x.answered] = later.Entry()
	proof := other.receipt(x.answered, 8, date(6, 8), x.laterBy...)
	x.tamper(proof)
	return basis.Pair{Policy: sites.policy, Later: telling(t, v, later, proof, x.shows),
		Earlier: telling(t, v, query, log.receipt(x.asked, 8, date(5, 8), x.queryBy...), nil)}.Judge()
}

// TestPair: what follows is about this one and no other, in order and by the rules; each thing that is different
// changes the facts that it names, and no other.
func TestPair(t *testing.T) {
	for _, test := range []struct {
		name   string
		spoil  func(*exchange)
		facts  string // that do not hold
		answer string
	}{
		{"as it should be", func(*exchange) {}, "", "Yes: the response is about this query, and was filed after it."},
		{"another target", func(x *exchange) { x.quotes = strings.Repeat("A", 43) + "=" },
			"refers=FAILS", "No: it is not proven that the response is about this query: refers: "},
		{"hidden", func(x *exchange) { x.shows = []string{"answer"} },
			"refers=-", "No: it is not proven that the response is about this query: refers: not proven"},
		{"filed before", func(x *exchange) { x.asked, x.answered = 5, 2 },
			"filed first=FAILS", "filed first: the response is entry 2, and the query entry 5"},
		{"other log", func(x *exchange) { x.log = "agency.example/log" },
			"one history=-;filed first=-", "Yes: the response is about this query; which was filed first is not proven."},
		{"another number", func(x *exchange) { x.response["number"] = "446-8" }, "rules=FAILS", "ABOUT-NUMBER"},
		{"before the query", func(x *exchange) { x.response["date"] = "2026-05-03" }, "rules=-", "ABOUT-DATE"},
		{"late", func(x *exchange) { x.response["date"] = "2026-06-11" }, "rules=-", "Yes: "},
		{"other lines", func(x *exchange) { x.response["goods[0].target.line"] = "1" }, "rules=-", "Yes: "},
		{"may not be", func(x *exchange) {
			x.event = "query"
			x.response = maps.Clone(x.query)
		}, "about=FAILS;refers=?;one history=?;filed first=?;rules=?", "want issue or amend or claim"},
		{"tampered", func(x *exchange) { x.tamper = func(proof []byte) { flip(proof) } },
			"about=?;refers=?;one history=?;filed first=?;rules=?", "the response does not verify"},
	} {
		x := newExchange()
		test.spoil(x)
		r := x.judge(t)
		var odd []string
		for _, f := range r.Facts {
			if f.Status != client.Holds {
				odd = append(odd, f.Name+"="+string(f.Status))
			}
		}
		if got := strings.Join(odd, ";"); got != test.facts {
			t.Errorf("%s: %q, want %q\n%s", test.name, got, test.facts, r)
		}
		if !strings.Contains(r.Answer(), test.answer) && !strings.Contains(r.String(), test.answer) {
			t.Errorf("%s: %q, want %q", test.name, r.Answer(), test.answer)
		}
		if yes := strings.HasPrefix(r.Answer(), "Yes"); yes != (r.Err() == nil) {
			t.Errorf("%s: %q, %v", test.name, r.Answer(), r.Err())
		}
		var programs struct {
			Verified bool
			Kind     string
		}
		if err := json.Unmarshal(must(json.Marshal(r)), &programs); err != nil || programs.Kind != "pair" ||
			programs.Verified != (r.Err() == nil) {
			t.Errorf("%s: %+v, %v", test.name, programs, err)
		}
	}
}

// TestPairInClear: an amendment states in clear what it replaces.
func TestPairInClear(t *testing.T) {
	sites, s := newSites("2"), newStory()
	v := client.Verifier{Policy: sites.policy}
	log := sites.logs["customs.example/log"]
	cert := seal("issue", "usmca/1", log.origin, s.cert, nil)
	leaf := declaration.LeafHash(cert.Entry())
	for refers, want := range map[declaration.Hash]string{
		leaf: "Yes: the amendment is about this declaration, and was filed after it.",
		{1}:  "the amendment quotes another entry, of leaf hash AQAA",
	} {
		amended := seal("amend", "usmca/1", log.origin, s.cert, &refers)
		log.entries[2], log.entries[5] = cert.Entry(), amended.Entry()
		r := basis.Pair{Policy: sites.policy,
			Later:   telling(t, v, amended, log.receipt(5, 8, date(6, 8), 0, 1), nil),
			Earlier: telling(t, v, cert, log.receipt(2, 8, date(5, 8), 0, 1), nil)}.Judge()
		if !strings.Contains(r.Answer(), want) {
			t.Errorf("%s, want %s", r.Answer(), want)
		}
	}
}
