// SPDX-License-Identifier: Apache-2.0

package policycheck

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"cocket.example/receipt"
)

// line is a witness with a key and URL.
func line(t *testing.T, b byte, name, host, url string) string {
	return strings.TrimSuffix("witness "+name+" "+vkey(t, b, receipt.Cosignature, host)+" "+url, " ") + "\n"
}

// What is risky is said, and nothing else.
func TestWarnings(t *testing.T) {
	log := "log " + vkey(t, 1, receipt.Ed25519, "log.example/a")
	next := "log " + vkey(t, 2, receipt.Ed25519, "log.example/a")
	period := func(log, bounds string) string {
		return log + "\n#cocket period " + log[4:strings.LastIndex(log, "+")] + " " + bounds + "\n"
	}
	a, b, c := line(t, 11, "a", "a.example", ""), line(t, 12, "b", "b.example/w", ""), line(t, 13, "c", "c.example", "")
	three := a + b + c + "group g 2 a b c\nquorum g\n"
	until := " until 2031-01-01T00:00:00Z"
	for name, tc := range map[string]struct {
		text string
		want []string // words of each warning, in their order
	}{
		"nothing": {log + "\n" + three, nil},
		"rotated": {period(log, "sizes 0..5"+until) + period(next, "sizes 5..") + three, nil},
		"none":    {log + "\nquorum none\n", []string{"quorum none"}},
		"one of one": {log + "\n" + a + "quorum a\n",
			[]string{"a single witness satisfies", "without witness a"}},
		"one of two": {log + "\n" + a + b + "group g any a b\nquorum g\n",
			[]string{"a single witness satisfies", "two sets of witnesses"}},
		"two of four": {log + "\n" + a + b + c + line(t, 14, "d", "d.example", "") + "group g 2 a b c d\nquorum g\n",
			[]string{"two sets of witnesses"}},
		"not counted": {log + "\n" + a + b + c + line(t, 14, "d", "d.example", "") +
			"group h all d\ngroup g 2 a b c\nquorum g\n",
			[]string{"witness d is not counted", "group h is not counted"}},
		"one host in key names": {log + "\n" + a + b + line(t, 14, "d", "b.example/x", "") + "group g 2 a b d\nquorum g\n",
			[]string{"witnesses b and d are both at b.example"}},
		"one host in URLs": {log + "\n" + line(t, 11, "a", "a.example", "https://W.example/1") + b +
			line(t, 13, "c", "c.example", "https://w.example:8443/2") + "group g 2 a b c\nquorum g\n",
			[]string{"witnesses a and c are both at w.example"}},
		"one operator joined": {log + "\n" + a + b + c + line(t, 14, "d", "b.example/x", "") +
			"group op any b d\ngroup g 2 a op c\nquorum g\n", nil},
		"the log's own": {log + " https://logs.example\n" + a + b + line(t, 13, "c", "c.example", "https://logs.example/w") +
			"group g 2 a b c\nquorum g\n", []string{"witness c is at the log's own host logs.example"}},
		"no log":           {three, []string{"no log"}},
		"two keys at once": {log + "\n" + next + "\n" + three, []string{"are good for the same sizes, from 0 on"}},
		"overlap": {period(log, "sizes 0..9"+until) + period(next, "sizes 5..") + three,
			[]string{"are good for the same sizes, from 5 on"}},
		"gap": {period(log, "sizes 0..5"+until) + period(next, "sizes 8..") + three,
			[]string{"no key of log.example/a is good for sizes 6..7"}},
		"ended": {period(log, "sizes 0..5"+until) + three, []string{"is good for more than 5 entries"}},
		"late":  {period(log, "sizes 7..") + three, []string{"is good for sizes 0..6"}},
		"timeless": {period(log, "sizes 0..5") + period(next, "sizes 5..") + three,
			[]string{"ends at size 5 and at no time"}},
		"http": {log + " http://log.example/a\n" + three,
			[]string{"log log.example/a: \"http://log.example/a\" is not encrypted"}},
		"local":     {log + " http://127.0.0.1:80/a\n" + three, nil},
		"localhost": {log + " http://localhost:80/a\n" + three, nil},
		"no URL":    {log + " log.example/a\n" + three, []string{"is no address"}},
		"query":     {log + " https://log.example/a?x\n" + three, []string{"has a user or a query"}},
		"bad URL": {log + "\n" + line(t, 11, "a", "a.example", "https://%zz") + b + c + "group g 2 a b c\nquorum g\n",
			[]string{"witness a: \"https://%zz\" is no address"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Examine(parse(t, tc.text)).Warnings
			for i := range max(len(got), len(tc.want)) {
				if i >= len(got) || i >= len(tc.want) || !strings.Contains(got[i], tc.want[i]) {
					t.Fatalf("warnings %q, want %q", got, tc.want)
				}
			}
		})
	}
}

// The two keys of one operator are one witness, whatever is counted.
func TestTwoKeysOfEachOperator(t *testing.T) {
	text := ""
	for i := range 3 {
		host := fmt.Sprintf("w%d.example", i)
		text += line(t, byte(2*i), fmt.Sprintf("a%d", i), host+"/a", "")
		text += line(t, byte(2*i+1), fmt.Sprintf("b%d", i), host+"/b", "")
		text += fmt.Sprintf("group op%d any a%d b%d\n", i, i, i)
	}
	q := Examine(parse(t, text+"group g 2 op0 op1 op2\nquorum g\n")).Quorum
	want := Quorum{Name: "g", Counted: 3, Fewest: 2, CanLose: 1, Time: true, Needed: []string{}}
	if !reflect.DeepEqual(q, want) {
		t.Errorf("%+v, want %+v", q, want)
	}
	q = Examine(parse(t, text+"quorum op1\n")).Quorum
	want = Quorum{Name: "op1", Counted: 1, Fewest: 1, Time: true, Needed: []string{"op1"}}
	if !reflect.DeepEqual(q, want) {
		t.Errorf("%+v, want %+v", q, want)
	}
}

func TestExamine(t *testing.T) {
	log := "log " + vkey(t, 1, receipt.Ed25519, "log.example/a")
	text := log + " https://log.example/a\n#cocket period " + log[4:strings.LastIndex(log, "+")] +
		" sizes 3..5 until 2031-01-01T00:00:00Z\n"
	for i := range 5 {
		text += line(t, byte(10+i), fmt.Sprintf("w%d", i), fmt.Sprintf("w%d.example", i), "")
	}
	r := Examine(parse(t, text+"group h 2 w0 w1 w2\ngroup g all h w3\nquorum g\n"))
	want := Quorum{Name: "g", Counted: 4, Fewest: 3, CanLose: 0, Time: true, Needed: []string{"w3"}}
	words := "g: at least 3 of 4 witnesses must cosign; 0 of them, whichever, can be lost"
	if !reflect.DeepEqual(r.Quorum, want) || r.Quorum.Words() != words {
		t.Errorf("%+v: %s", r.Quorum, r.Quorum.Words())
	}
	if l := r.Logs[0]; l.From != 3 || *l.To != 5 || l.Until != "2031-01-01T00:00:00Z" || l.Origin != "log.example/a" {
		t.Errorf("%+v", l)
	}
	if w := r.Witnesses; !w[3].Counts || w[4].Counts || !r.Groups[0].Counts {
		t.Errorf("%+v", r)
	}
	q := Examine(parse(t, "quorum none\n")).Quorum
	if q.Words() != "none: the log alone is believed, no witness is asked" || q.Time {
		t.Errorf("%+v", q)
	}
}
