// SPDX-License-Identifier: Apache-2.0

package basis_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cocket.example/client"
	"cocket.example/client/basis"
	"cocket.example/client/status"
	"cocket.example/declaration"
	"cocket.example/internal/soak"
)

func TestHolds(t *testing.T) {
	s := newStory()
	s.before = date(2, 9)
	r := s.judge(t)
	if err := r.Err(); err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	for _, f := range r.Facts {
		if f.Status != client.Holds {
			t.Errorf("%s: %s %s", f.Name, f.Status, f.Found())
		}
	}
	want := "Yes: the certification was on file before the claim was filed in the same log and before 2026-05-04, " +
		"the date that the claim states."
	if got := r.Answer(); got != want {
		t.Errorf("answer %q", got)
	}
	t.Log("\n" + r.String())
}

// breaks are stories in each of which one thing is otherwise than where everything holds.
var breaks = []struct {
	name  string
	spoil func(*story)
	facts string // that stand otherwise, name=status with semicolons: F fails, - is not proven, ? cannot be checked; * all others
	says  string // in the answer or in one of these facts; parts with bars
}{
	{"quotes another", func(s *story) { s.quotes = strings.Repeat("A", 43) + "=" }, "refers=F", "quotes another entry"},
	{"hides what it quotes", func(s *story) { s.claimShows = without(s.claim) }, "refers=-", "does not show"},
	{"filed after", func(s *story) { s.certAt, s.claimAt, s.certSize = 5, 2, 8 },
		"filed first=F;not withdrawn=?", "claim is entry 2, and the certification entry 5"},
	{"same tree", func(s *story) { s.certSize = 8 }, "", ""},
	{"other log", func(s *story) { s.claimLog = "agency.example/log" },
		"one history=-;filed first=-", "on file before 2026-05-04"},
	{"other log, no date", func(s *story) {
		s.claimLog, s.claimShows = "agency.example/log", append(without(s.claim, "date"), "refers")
	}, "one history=-;filed first=-;claim's date=-;before that day=-;signature=-;in force that day=-", "no common order"},
	{"no date", func(s *story) { s.claimShows = append(without(s.claim, "date"), "refers") },
		"claim's date=-;before that day=-;signature=-;in force that day=-", "Not proven: the certification was on file before " +
			"the claim was filed in the same log, but claim's date: not proven: the claim does not show date."},
	{"forked", func(s *story) { s.certSize, s.odd, s.unread = 8, 7, true },
		"one history=F;filed first=?;not withdrawn=-;in force that day=-", "has forked"},
	{"no witness in common", func(s *story) {
		s.unread, s.quorum, s.certBy, s.claimBy = true, "1", []int{0}, []int{1, 2}
	}, "one history=-;filed first=-;not withdrawn=-;in force that day=-", "no witness cosigned both"},
	{"linked by witnesses", func(s *story) { s.unread = true }, "not withdrawn=-;in force that day=-", "not read"},
	{"no witnesses", func(s *story) { s.quorum, s.unread = "none", true; s.certBy, s.claimBy = nil, nil },
		"one history=-;filed first=-;before that day=-;not withdrawn=-;in force that day=-", "rests on the log's word"},
	{"no witnesses, but read", func(s *story) { s.quorum = "none"; s.certBy, s.claimBy = nil, nil },
		"before that day=-", "Yes, by the word of the log alone: "},
	{"that day at its beginning", func(s *story) { s.certTime = date(3, 10) }, "before that day=-", "in some zone"},
	{"that day at its end", func(s *story) { s.certTime = date(5, 12).Add(-1) }, "before that day=-", "in some zone"},
	{"after that day", func(s *story) { s.certTime = date(5, 12) }, "before that day=F", "but before that day: not proven"},
	{"signed after the claim", func(s *story) { s.cert["signature.date"] = "2026-05-05" },
		"signature=F", "dated 2026-05-05, after the claim"},
	{"signed on its day", func(s *story) { s.cert["signature.date"] = "2026-05-04" }, "", ""},
	{"four years", func(s *story) { s.cert["signature.date"] = "2022-05-04" }, "", ""},
	{"four years and a day", func(s *story) { s.cert["signature.date"] = "2022-05-03" }, "signature=-", "warning"},
	{"first day", func(s *story) { s.cert["blanket.from"] = "2026-05-03" }, "", ""},
	{"a day early", func(s *story) { s.cert["blanket.from"] = "2026-05-04" }, "period=F", "outside the period"},
	{"last day", func(s *story) { s.cert["blanket.from"], s.cert["blanket.to"] = "2025-06-01", "2026-05-03" }, "", ""},
	{"a day late", func(s *story) { s.cert["blanket.from"], s.cert["blanket.to"] = "2025-06-01", "2026-05-02" },
		"period=F", "outside the period"},
	{"no importation date", func(s *story) {
		delete(s.claim, "importation.date")
		s.cert["blanket.from"], s.cert["blanket.to"] = "2025-06-01", "2026-05-03"
	}, "period=F", "the claim's date 2026-05-04 is outside"},
	{"after importation, of no day", func(s *story) {
		delete(s.claim, "importation.date")
		s.claim["kind"], s.claim["importation.country"] = "POST-IMPORTATION", "MX"
		delete(s.claim, "goods[0].spi")
		s.cert["blanket.from"], s.cert["blanket.to"] = "2025-06-01", "2026-05-03"
	}, "period=-", "the claim has no importation.date"},
	{"importation date hidden", func(s *story) {
		s.claimShows = append(without(s.claim, "importation.date"), "refers")
	}, "period=-", "Not proven: the certification was on file before the claim was filed in the same log and before " +
		"2026-05-04, the date that the claim states, but period: not compared: the claim does not show importation.date."},
	{"importation after the period, hidden", func(s *story) {
		s.cert["blanket.to"], s.claimShows = "2026-05-02", append(without(s.claim, "importation.date"), "refers")
	}, "period=-", "Not proven: "},
	{"kind hidden", func(s *story) {
		delete(s.claim, "importation.date")
		s.claimShows = append(without(s.claim, "kind"), "refers")
	}, "period=-", "Not proven: "},
	{"single shipment", func(s *story) {
		delete(s.cert, "blanket.from")
		delete(s.cert, "blanket.to")
		s.cert["invoice"] = "INV-1"
	}, "period=-", "single shipment, invoice INV-1"},
	{"period hidden", func(s *story) { s.certShows = without(s.cert, "blanket.to") }, "period=-", "Not proven: "},
	{"signature hidden", func(s *story) {
		s.cert["signature.date"], s.certShows = "2026-05-05", without(s.cert, "signature.date")
	}, "signature=-", "but signature: not compared: the certification does not show signature.date."},
	{"no such line", func(s *story) { s.claim["goods[0].certificate.line"] = "2" }, "goods[0]=F",
		"line 2, and the certification has 2"},
	{"other line", func(s *story) { s.claim["goods[0].certificate.line"] = "1" }, "goods[0]=F",
		"HS 870830 is claimed, 730630 certified"},
	{"no line", func(s *story) { delete(s.claim, "goods[0].certificate.line") }, "goods[0]=-",
		"Yes: |the claim has no goods[0].certificate.line"},
	{"line not shown", func(s *story) {
		s.claim["goods[0].certificate.line"] = "1"
		s.claimShows = append(without(s.claim, "goods[0].certificate.line"), "refers")
	}, "goods[0]=-", "Not proven: |the claim does not show goods[0].certificate.line"},
	{"other origin, hidden", func(s *story) {
		s.claim["goods[0].origin.country"] = "CA"
		s.claimShows = append(without(s.claim, "goods[0].origin.country"), "refers")
	}, "goods[0]=-", "Not proven: |the claim does not show goods[0].origin.country"},
	{"other origin, hidden by the certification", func(s *story) {
		s.cert["goods[0].origin.country"], s.certShows = "CA", without(s.cert, "goods[0].origin.country")
	}, "goods[0]=-", "Not proven: |the certification does not show goods[0].origin.country"},
	{"no origin", func(s *story) { delete(s.claim, "goods[0].origin.country") },
		"goods[0]=-", "Yes: |the claim has no goods[0].origin.country"},
	{"digits hidden", func(s *story) { s.certShows = without(s.cert, "goods[0].hs") },
		"goods[0]=-", "Not proven: |the certification does not show goods[0].hs"},
	{"no such line, hidden", func(s *story) {
		s.claim["goods[0].certificate.line"], s.certShows = "2", without(s.cert, "goods.count")
	}, "goods[0]=-", "Not proven: |the certification does not show goods.count"},
	{"other digits", func(s *story) { s.claim["goods[0].hs"] = "8708401000" }, "goods[0]=F", "HS 870840 is claimed"},
	{"other digits of another edition", func(s *story) {
		s.claim["goods[0].hs"], s.claim["goods[0].edition"] = "8708401000", "2017"
	}, "goods[0]=-", "HS 870840 of 2017 with 870830 of 2022"},
	{"other origin", func(s *story) { s.claim["goods[0].origin.country"] = "CA" }, "goods[0]=F", "origin CA is claimed"},
	{"criterion hidden", func(s *story) { s.certShows = without(s.cert, "goods[0].criterion") }, "goods[0]=-",
		"Yes: |not compared: the certification does not show goods[0].criterion"},
	{"count hidden", func(s *story) {
		s.claimShows = append(without(s.claim, "goods.count"), "refers")
	}, "goods=-", "Not proven: |may have further lines"},
	{"line hidden", func(s *story) {
		s.claim["goods.count"], s.claim["goods[1].hs"], s.claim["goods[1].spi"] = "2", "8708301000", "S"
		s.claimShows = append(without(s.claim, "goods[1].hs", "goods[1].spi"), "refers")
	}, "goods=-", "Not proven: |of 2 goods lines"},
	{"withdrawn before", func(s *story) { s.answer = func(a *basis.Standing) { event(a, "withdraw", 4) } },
		"not withdrawn=F;in force that day=F", "withdrawn as entry 4, before the claim"},
	{"withdrawn after, before that day", func(s *story) { s.answer = func(a *basis.Standing) { event(a, "withdraw", 6) } },
		"in force that day=F", "No: |before 2026-05-04, the day that the claim states"},
	{"withdrawn after, as that day began", func(s *story) {
		s.answer = func(a *basis.Standing) { event(a, "withdraw", 6); a.Events[0].Time = date(3, 10) }
	}, "in force that day=-", "Yes: |whether before 2026-05-04 had ended is not known"},
	{"withdrawn after that day", func(s *story) {
		s.claimSize, s.claimTime = 6, date(5, 12)
		s.answer = func(a *basis.Standing) { event(a, "withdraw", 6); a.Events[0].Time = date(7, 8) }
	}, "", ""},
	{"withdrawn, perhaps on that day", func(s *story) {
		s.claimSize, s.claimTime = 6, date(5, 12).Add(-1e9)
		s.answer = func(a *basis.Standing) { event(a, "withdraw", 6); a.Events[0].Time = date(7, 8) }
	}, "in force that day=-", "Yes: "},
	{"read before that day ended", func(s *story) {
		s.answer = func(a *basis.Standing) { a.Time = date(5, 12).Add(-1e9) }
	}, "in force that day=-", "Yes: |before 2026-05-04 had ended in every zone"},
	{"read as that day ended", func(s *story) { s.answer = func(a *basis.Standing) { a.Time = date(5, 12) } }, "", ""},
	{"dated ahead", func(s *story) {
		s.claim["date"], s.cert["blanket.to"] = "2027-02-01", "2027-04-30"
		s.answer = func(a *basis.Standing) { event(a, "withdraw", 6) }
	}, "in force that day=F", "No: "},
	{"read at no proven time", func(s *story) { s.answer = func(a *basis.Standing) { a.Time = time.Time{} } },
		"in force that day=-", "Yes: |proves no time"},
	{"amended before", func(s *story) { s.answer = func(a *basis.Standing) { event(a, "amend", 3) } },
		"not withdrawn=F;in force that day=F", "superseded as entry 3"},
	{"void", func(s *story) {
		s.certEvent, s.answer = "amend", func(a *basis.Standing) { a.Void = "another came first" }
	},
		"not withdrawn=F;in force that day=?", "void: another came first"},
	{"by the log's word", func(s *story) { s.answer = func(a *basis.Standing) { a.Complete = false } },
		"not withdrawn=-;in force that day=-", "could leave something out"},
	{"withdrawn, by the log's word", func(s *story) {
		s.answer = func(a *basis.Standing) { a.Complete = false; event(a, "withdraw", 4) }
	}, "not withdrawn=F;in force that day=F", "withdrawn as entry 4"},
	{"of a newer version", func(s *story) { s.answer = func(a *basis.Standing) { event(a, "", 4) } },
		"not withdrawn=-;in force that day=-", "entry 4 refers to it, and is of a version"},
	{"other log, of a newer version", func(s *story) {
		s.claimLog, s.answer = "agency.example/log", func(a *basis.Standing) { event(a, "", 4) }
	}, "one history=-;filed first=-;not withdrawn=-;in force that day=-", "a newer program is needed"},
	{"read too early", func(s *story) { s.answer = func(a *basis.Standing) { a.Size, a.Linked = 5, false } },
		"not withdrawn=-", "is older than the claim"},
	{"other log, read too early", func(s *story) {
		s.claimLog, s.answer = "agency.example/log", func(a *basis.Standing) { a.Time = date(5, 0) }
	}, "one history=-;filed first=-;not withdrawn=-;in force that day=-", "not proven to be later"},
	{"other log, withdrawn before", func(s *story) {
		s.claimLog, s.answer = "agency.example/log", func(a *basis.Standing) { event(a, "withdraw", 4) }
	}, "one history=-;filed first=-;not withdrawn=-;in force that day=F", "before 2026-05-04, the day that the claim states"},
	{"other log, withdrawn some time", func(s *story) {
		s.claimLog, s.answer = "agency.example/log", func(a *basis.Standing) {
			event(a, "withdraw", 4)
			a.Events[0].Time = date(3, 10)
		}
	}, "one history=-;filed first=-;not withdrawn=-;in force that day=-", "whether before the claim"},
	{"the log contradicts itself", func(s *story) { s.unread, s.trouble = true, status.ErrContradiction },
		"one history=F;filed first=?;not withdrawn=?;in force that day=?", "but one history: the log contradicts itself"},
	{"other log contradicts itself", func(s *story) {
		s.unread, s.trouble, s.claimLog = true, status.ErrContradiction, "agency.example/log"
	}, "one history=-;filed first=-;not withdrawn=F;in force that day=?", "the log contradicts itself"},
	{"stands twice", func(s *story) {
		s.certAt, s.claimAt, s.certSize, s.answer = 5, 2, 8, func(a *basis.Standing) { a.Index = 1 }
	}, "", ""},
	{"claim stands twice", func(s *story) { s.answer = func(a *basis.Standing) { a.Claimed = 1 } },
		"filed first=F;not withdrawn=?", "claim is entry 1, and the certification entry 2"},
	{"any agreement", func(s *story) { s.claimAs, s.claim["agreement"] = "import/1", "usmca" }, "", "Yes: "},
	{"another agreement", func(s *story) { s.claimAs, s.claim["agreement"] = "import/1", "CAFTA-DR" },
		"about=F;*=?", `No: |the claim is under the agreement "CAFTA-DR", the certification under USMCA`},
	{"agreement hidden", func(s *story) {
		s.claimAs, s.claim["agreement"] = "import/1", "CAFTA-DR"
		s.claimShows = append(without(s.claim, "agreement"), "refers")
	}, "about=-", "Not proven: |does not show its agreement"},
	{"basis hidden", func(s *story) { s.claimShows = append(without(s.claim, "basis"), "refers") },
		"about=-", "Not proven: |does not show its basis"},
	{"no certification", func(s *story) {
		s.claimAs, s.certAs, s.claim["agreement"] = "import/1", "import/1", "USMCA"
		s.cert = map[string]string{"declaration.number": "ABC12345676", "declaration.date": "2026-05-01", "goods.count": "1",
			"goods[0].hs": "8708301000", "goods[0].origin.country": "MX"}
	}, "about=F;*=?", "No: |is an import declaration (import/1), want a certification of origin"},
	{"moment not before", func(s *story) { s.before = date(2, 8) }, "before=F", "which is not before"},
	{"within a second", func(s *story) { s.before = date(2, 8).Add(999e6) }, "before=F", "which is not before"},
	{"a second later", func(s *story) { s.before = date(2, 8).Add(1e9) }, "", ""},
}

// TestBreaks breaks one thing after the other. The facts named stand otherwise than in a story where
// everything holds, and no other does.
func TestBreaks(t *testing.T) {
	for _, test := range breaks {
		t.Run(test.name, func(t *testing.T) {
			s := newStory()
			test.spoil(s)
			r := s.judge(t)
			want := make(map[string]string)
			for _, word := range strings.Split(test.facts, ";") {
				if name, status, ok := strings.Cut(word, "="); ok {
					want[name] = strings.Replace(status, "F", string(client.Fails), 1)
				}
			}
			says := r.Answer()
			for _, f := range r.Facts {
				status := string(client.Holds)
				switch {
				case want[f.Name] != "":
					status = want[f.Name]
				case want["*"] != "":
					status = want["*"]
				}
				if string(f.Status) != status {
					t.Errorf("%s: %s %s, want %s", f.Name, f.Status, f.Found(), status)
				}
				if want[f.Name] != "" {
					says += "\n" + f.Found()
				}
				delete(want, f.Name)
			}
			delete(want, "*")
			if len(want) > 0 {
				t.Errorf("no facts %v", want)
			}
			for _, part := range strings.Split(test.says, "|") {
				if !strings.Contains(says, part) {
					t.Errorf("it says %q, want %q", says, part)
				}
			}
			if yes := strings.HasPrefix(r.Answer(), "Yes"); yes != (r.Err() == nil) {
				t.Errorf("answer %q, error %v", r.Answer(), r.Err())
			}
		})
	}
}

// TestUnverified: of what does not verify by itself, nothing is said together with the other.
func TestUnverified(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*story)
		says  string
	}{
		{"receipt of the certification", func(s *story) {
			s.tamper = func(_, cert []byte) { flip(cert) }
		}, "the certification does not verify"},
		{"receipt of the claim", func(s *story) {
			s.tamper = func(claim, _ []byte) { flip(claim) }
		}, "the claim does not verify"},
		{"quorum of the certification", func(s *story) { s.certBy = []int{2} }, "the certification does not verify: quorum"},
		{"quorum of the claim", func(s *story) { s.claimBy = []int{2} }, "the claim does not verify: quorum"},
		{"odd tree", func(s *story) { s.odd = 5 }, "the claim does not verify: inclusion"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStory()
			test.spoil(s)
			r := s.judge(t)
			if err := r.Err(); err == nil || !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(r.Answer(), "No") {
				t.Errorf("%v, answer %q", err, r.Answer())
			}
			for _, f := range r.Facts {
				if f.Status != client.Skipped {
					t.Errorf("%s: %s", f.Name, f.Status)
				}
			}
		})
	}
}

// flip changes a hash of the proof of a receipt.
func flip(proof []byte) {
	i := strings.Index(string(proof), "index ") + len("index 2\n")
	proof[i] = "AB"[('B'-proof[i])&1]
}

// TestFork: two receipts of one size and different roots convict the log.
func TestFork(t *testing.T) {
	s := newStory()
	s.certSize, s.odd, s.unread = 8, 7, true
	r := s.judge(t)
	if r.Fork == nil || len(r.Fork.Checkpoints()) != 2 || r.Err() == nil {
		t.Fatalf("fork %v, %v", r.Fork, r.Err())
	}
}

// TestAbout: what is no claim is none, whatever it is shown with.
func TestAbout(t *testing.T) {
	s := newStory()
	r := s.judge(t)
	swapped := basis.Case{Claim: r.Certification, Certification: r.Claim}.Judge()
	if err := swapped.Err(); err == nil || !strings.Contains(err.Error(), "is of event issue, want a claim") {
		t.Errorf("%v", err)
	}
	twice := basis.Case{Claim: r.Claim, Certification: r.Claim}.Judge()
	if err := twice.Err(); err == nil || !strings.Contains(err.Error(), "want issue or amend") {
		t.Errorf("%v", err)
	}
}

// TestJSON: programs get every fact, and the answer as people do.
func TestJSON(t *testing.T) {
	b, err := json.Marshal(newStory().judge(t))
	var out struct {
		Verified             bool
		Kind, Answer         string
		Certification, Claim struct {
			Verified bool
			Index    uint64
		}
		Facts []struct{ Fact, Status, Says string }
	}
	if err = errors.Join(err, json.Unmarshal(b, &out)); err != nil || !out.Verified || out.Kind != "basis" ||
		!strings.HasPrefix(out.Answer, "Yes") || !out.Claim.Verified || out.Claim.Index != 5 || out.Certification.Index != 2 ||
		len(out.Facts) != 11 || out.Facts[0].Status != "holds" {
		t.Errorf("%v: %s", err, b)
	}
}

// TestFewWitnesses: where those who cosigned both trees are no quorum, it is said on whom the order rests.
func TestFewWitnesses(t *testing.T) {
	for _, test := range []struct {
		by   []int
		few  bool
		read bool
	}{{[]int{1, 2}, true, false}, {[]int{0, 1}, false, false}, {[]int{1, 2}, false, true}} {
		s := newStory()
		s.unread, s.claimBy = !test.read, test.by
		r := s.judge(t)
		said := strings.Contains(strings.Join(r.NotProven(), "\n"), "should it and w1 lie together")
		if r.Err() != nil || said != test.few {
			t.Errorf("%v: %v, said %v\n%s", test, r.Err(), said, r)
		}
	}
}

// TestRules: what fails here is what the rules on both documents find, as far as both look at it, when whoever
// claims seals.
func TestRules(t *testing.T) {
	facts := map[string]string{"CLAIM-BEFORE": "signature", "CLAIM-4Y": "signature", "CLAIM-PERIOD": "period",
		"CLAIM-HS": "goods[0]", "CLAIM-ORIGIN": "goods[0]", "CLAIM-LINE": "goods[0]", "ABOUT-LINE": "goods[0]"}
	for _, test := range breaks {
		s := newStory()
		test.spoil(s)
		if s.certShows != nil || s.claimShows != nil {
			continue // the rules tell of what is hidden
		}
		r, found := s.judge(t), make(map[string]bool)
		target := seal("issue", s.certAs, "customs.example/log", s.cert, nil).Target().Target
		findings, err := declaration.Declaration{Event: "claim", Profile: s.claimAs, Fields: s.claim, About: &target}.Check()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			found[facts[f.Code]] = true
		}
		for _, fact := range []string{"signature", "period", "goods[0]"} {
			f := r.Facts.Find(fact)
			quiet := f.Status == client.Holds || strings.Contains(f.Says, "single shipment") ||
				strings.Contains(f.Says, "not compared") && !strings.Contains(f.Says, "certificate.line") ||
				f.Status == client.Skipped || f.Status == ""
			if found[fact] == quiet {
				t.Errorf("%s: %s %s %s, and the rules find\n%s", test.name, fact, f.Status, f.Found(), findings)
			}
		}
	}
}

// TestReadEarlier: the fact says what of it rests on the note of an earlier scan.
func TestReadEarlier(t *testing.T) {
	s := newStory()
	s.answer = func(a *basis.Standing) { a.Noted, a.NotedIn = 3, "log.scan" }
	r := s.judge(t)
	if f := r.Facts.Find("not withdrawn"); f.Status != client.Holds ||
		!strings.Contains(f.Says, "entries 0 to 2 were read by an earlier scan, as log.scan notes") {
		t.Errorf("%s %q", f.Status, f.Says)
	}
}

// TestHidden: of every story no hiding of a field of the claim or of the certification makes Yes of what is not.
// By default these are the fields that are compared, in stories that fail by documents or days.
func TestHidden(t *testing.T) {
	all := soak.Rounds(0, 1) > 0
	hides := func(fields map[string]string) (paths []string) {
		for _, path := range without(fields) {
			if all || compared[strings.TrimPrefix(path, "goods[0].")] {
				paths = append(paths, path)
			}
		}
		return paths
	}
	for _, test := range breaks {
		s := newStory()
		test.spoil(s)
		if s.certShows != nil || s.claimShows != nil {
			continue
		}
		r := s.judge(t)
		f, _ := r.Facts.Failed()
		of := strings.HasPrefix(f.Name, "goods") || slices.Contains([]string{"about", "signature", "period",
			"before that day", "in force that day"}, f.Name)
		if r.Err() == nil || !all && !of {
			continue
		}
		for _, path := range hides(s.claim) {
			s.claimShows = append(without(s.claim, path), "refers")
			if r := s.judge(t); r.Err() == nil {
				t.Errorf("%s, %s of the claim hidden: %s", test.name, path, r.Answer())
			}
		}
		s.claimShows = nil
		for _, path := range hides(s.cert) {
			s.certShows = without(s.cert, path)
			if r := s.judge(t); r.Err() == nil {
				t.Errorf("%s, %s of the certification hidden: %s", test.name, path, r.Answer())
			}
		}
	}
}

// compared are fields that a fact may fail by, those of goods lines by their names.
var compared = map[string]bool{"basis": true, "agreement": true, "date": true, "signature.date": true, "kind": true,
	"importation.date": true, "blanket.from": true, "blanket.to": true, "goods.count": true, "hs": true, "edition": true,
	"origin.country": true, "certificate.line": true}

// TestNotProven: what is hidden or was not read stands there, a line for each.
func TestNotProven(t *testing.T) {
	for _, test := range []struct {
		spoil func(*story)
		want  string
	}{
		{func(*story) {}, "That this is the only claim for entry ABC12345676, or the first"},
		{func(*story) {}, "Of the certification: That whoever is named as certifier made it"},
		{func(s *story) { s.claimShows = append(without(s.claim, "date"), "refers") },
			"On what day the claim was made: the claim does not show date."},
		{func(s *story) { s.claimShows = append(without(s.claim, "date"), "refers") },
			"and within four years of it: not compared: the claim does not show date."},
		{func(s *story) { s.certShows = without(s.cert, "blanket.from") }, "That the certification covers the importation: "},
		{func(s *story) { s.claimShows = append(without(s.claim, "goods.count"), "refers") },
			"That all goods lines of the claim were certified: "},
		{func(s *story) { s.certShows = without(s.cert, "goods[0].criterion") }, "not all of it was compared: 0."},
		{func(s *story) { s.claimShows = append(without(s.claim, "basis"), "refers") },
			"That the claim rests on a certification of its own agreement: "},
		{func(s *story) { s.unread = true }, "That the certification was in force when the claim was made."},
		{func(s *story) { s.answer = func(a *basis.Standing) { a.Time = date(5, 0) } },
			"in force until the day had ended that the claim states."},
		{func(s *story) { s.quorum, s.certBy, s.claimBy = "none", nil, nil },
			"Of both: That the log showed others the same tree: the policy asks for no witness."},
	} {
		s := newStory()
		test.spoil(s)
		if list := strings.Join(s.judge(t).NotProven(), "\n"); !strings.Contains(list, test.want) {
			t.Errorf("want %q in\n%s", test.want, list)
		}
	}
}
