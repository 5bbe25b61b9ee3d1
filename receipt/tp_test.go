// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"cocket.example/receipt"
)

// lines are good lines of a policy: a log, and witnesses a, b and c.
type lines struct{ log, a, b, c string }

func policyLines() (l lines) {
	_, log := logKey(1, origin)
	l.log = "log " + log.String() + "\n"
	for i, line := range []*string{&l.a, &l.b, &l.c} {
		name := string(rune('a' + i))
		_, k := witnessKey(byte(2+i), name+".example")
		*line = "witness " + name + " " + k.String() + "\n"
	}
	return l
}

// accept parses a policy that must be good.
func accept(t *testing.T, text string) receipt.Policy {
	t.Helper()
	p, err := receipt.ParsePolicy([]byte(text))
	if err != nil {
		t.Errorf("%q: %v", text, err)
	}
	return p
}

// refuse wants an error with these words for every policy.
func refuse(t *testing.T, words string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		_, err := receipt.ParsePolicy([]byte(text))
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: got error %v, want one with %q", text, err, words)
		}
	}
}

// valid makes the argument of Satisfied.
func valid(names ...string) func(string) bool {
	return func(name string) bool { return strings.Contains(" "+strings.Join(names, " ")+" ", " "+name+" ") }
}

func TestTP1(t *testing.T) {
	l := policyLines()
	want := accept(t, l.log+l.a+"quorum a\n")
	spread := "\n \t \n# quorum none\n\t #\n" + strings.ReplaceAll(l.log+l.a+"quorum a\n", " ", " \t  ")
	spread = strings.ReplaceAll(spread, "\n", " \t\n\t ")
	if got := accept(t, spread+"\n"); !reflect.DeepEqual(got, want) {
		t.Errorf("%q is read as %v, want %v", spread, got, want)
	}
	for _, line := range []string{l.log, l.a, "group g any a\n", "quorum a\n"} {
		text := strings.Replace(l.log+l.a+"group g any a\nquorum a\n", line, strings.Replace(line, "\n", " # c\n", 1), 1)
		refuse(t, "comments have lines of their own (TP-1)", text)
	}
	refuse(t, "LF", l.a+"quorum a", "quorum none\n#")
}

func TestTP2(t *testing.T) {
	l := policyLines()
	for b := range 256 {
		allowed := b == '\t' || b == '\n' || b >= 0x20 && b != 0x7f
		_, err := receipt.ParsePolicy([]byte("#" + string([]byte{byte(b)}) + "\nquorum none\n"))
		if (err == nil) != allowed {
			t.Errorf("byte 0x%02x in a comment: %v", b, err)
		}
	}
	// High bytes are opaque: neither trimmed as white space, nor folded, nor normalised, nor UTF-8.
	for _, name := range []string{"a\u00a0", "\u00a0a", "\u3000", "\ufeffa", "\xff\xfe", "Ä", "A\u0308", "ä"} {
		other := strings.Replace(l.b, "witness b", "witness Ä\u00a0", 1)
		p := accept(t, strings.Replace(l.a, "witness a", "witness "+name, 1)+other+"group g all "+name+"\nquorum g\n")
		if len(p.Witnesses) == 2 && p.Witnesses[0].Name != name {
			t.Errorf("name %q is read as %q", name, p.Witnesses[0].Name)
		}
	}
	refuse(t, "TP-2", "quorum none\r\n", "\x00quorum none\n", "quorum\vnone\n", "quorum none\x7f\n")
	refuse(t, "want log, witness, group or quorum", "quorum\u00a0none\n", "\u00a0quorum none\n", "\ufeffquorum none\n")
}

func TestTP3(t *testing.T) {
	w := newWorld()
	_, other := logKey(51, origin)
	_, elsewhere := logKey(52, "log.example/b")
	with := func(keys ...receipt.VerifierKey) error {
		text := strings.TrimPrefix(w.policy.String(), "log "+w.logKey.String()+"\n")
		for _, k := range keys {
			text = "log " + k.String() + " https://log.example/\n" + text
		}
		_, err := accept(t, text).Verify(w.signed(5))
		return err
	}
	if err := with(other, elsewhere, w.logKey); err != nil {
		t.Errorf("one of three logs has signed: %v", err)
	}
	wantError(t, with(other), "no log of the policy has signed")
	wantError(t, with(elsewhere), "is no log of the policy")
	refuse(t, "TP-3", "log\nquorum none\n", "log "+w.logKey.String()+" https://log.example x\nquorum none\n")
	refuse(t, "verifier key", "log "+origin+"\nquorum none\n")
}

func TestTP4(t *testing.T) {
	l := policyLines()
	p := accept(t, l.a+strings.Replace(l.b, "\n", " https://b.example/w\n", 1)+"quorum a\n")
	if p.Witnesses[0].URL != "" || p.Witnesses[1].URL != "https://b.example/w" {
		t.Errorf("URLs %q and %q", p.Witnesses[0].URL, p.Witnesses[1].URL)
	}
	refuse(t, "TP-4", "witness\nquorum none\n", "witness a\nquorum none\n",
		strings.Replace(l.a, "\n", " https://a.example x\n", 1)+"quorum a\n")
}

func TestTP5(t *testing.T) {
	l := policyLines()
	names := []string{"a", "b", "c"}
	for threshold, k := range map[string]int{"any": 1, "all": 3, "1": 1, "2": 2, "3": 3} {
		p := accept(t, l.a+l.b+l.c+"group g "+threshold+" a b c\nquorum g\n")
		for n := range 4 {
			if got := p.Satisfied(valid(names[:n]...)); got != (n >= k) {
				t.Errorf("threshold %s with %d cosignatures: %t", threshold, n, got)
			}
		}
	}
	for _, threshold := range []string{"0", "4", "-1", "+1", "01", "1.0", "ALL", "18446744073709551617"} {
		refuse(t, "TP-5", l.a+l.b+l.c+"group g "+threshold+" a b c\nquorum g\n")
	}
	refuse(t, "TP-5", l.a+"group\nquorum a\n", l.a+"group g\nquorum a\n", l.a+"group g all\nquorum g\n",
		"group g all a\n"+l.a+"quorum g\n", l.a+"group g all g\nquorum g\n", l.a+"group g all b\nquorum a\n")
}

func TestTP6(t *testing.T) {
	l := policyLines()
	accept(t, "quorum none\n")
	accept(t, l.a+"quorum a\n")
	accept(t, l.a+"quorum a\n"+l.b) // what follows is not asked
	refuse(t, "TP-6", "", l.a, "quorum\n", "quorum none none\n", "quorum none\nquorum none\n",
		l.a+"quorum a\nquorum none\n", "quorum a\n"+l.a, l.log+"quorum all\n")
	refuse(t, "TP-5", l.a+"group g any a none\nquorum g\n")
}

func TestTP7(t *testing.T) {
	l := policyLines()
	accept(t, l.a+l.b+l.c+"group g all a b\ngroup h any g c\nquorum h\n")
	refuse(t, "TP-7", l.a+strings.Replace(l.b, "witness b", "witness a", 1)+"quorum a\n",
		l.a+l.b+"group a all b\nquorum a\n",
		l.a+"group g all a\n"+strings.Replace(l.b, "witness b", "witness g", 1)+"quorum g\n",
		l.a+l.b+"group g all a\ngroup g all b\nquorum g\n", l.a+"group g 1 a a\nquorum g\n",
		l.a+l.b+"group g all a\ngroup h 2 a b\nquorum h\n", l.a+"group g all a\ngroup h all g\ngroup i all g\nquorum i\n")
}

func TestTP8(t *testing.T) {
	l := policyLines()
	_, renamed := logKey(1, "other.example")
	_, again := witnessKey(2, "other.example")
	refuse(t, "TP-8", l.log+l.log+"quorum none\n", l.log+"log "+renamed.String()+"\nquorum none\n",
		l.a+"witness z "+again.String()+"\nquorum a\n")
}

func TestTP9(t *testing.T) {
	_, log := logKey(1, origin)
	_, witness := witnessKey(2, "a.example")
	refuse(t, "TP-9", "log "+witness.String()+"\nquorum none\n", "witness a "+log.String()+"\nquorum a\n")
}

func TestTP10(t *testing.T) {
	const n = 40
	var b strings.Builder
	for i := range n {
		_, l := logKey(byte(i), fmt.Sprintf("l%d.example", i))
		_, w := witnessKey(byte(n+i), fmt.Sprintf("w%d.example", i))
		fmt.Fprintf(&b, "log %s\nwitness w%d %s\n", l, i, w)
	}
	fmt.Fprint(&b, "group g0 all w0\n")
	for i := 1; i < n; i++ { // one in the other
		fmt.Fprintf(&b, "group g%d all g%d w%d\n", i, i-1, i)
	}
	p := accept(t, b.String()+"quorum g39\n")
	if len(p.Logs) != n || len(p.Witnesses) != n || len(p.Groups) != n {
		t.Errorf("%d logs, %d witnesses, %d groups", len(p.Logs), len(p.Witnesses), len(p.Groups))
	}
	if !p.Satisfied(func(string) bool { return true }) || p.Satisfied(func(w string) bool { return w != "w0" }) {
		t.Error("groups nested 40 deep are not counted right")
	}
	refuse(t, "at most", strings.Repeat("#\n", 1<<20))
}

func TestTP11(t *testing.T) {
	w := newWorld()
	p := accept(t, "quorum none\n")
	_, err := p.Verify(w.signed(5)) // no log is known from context here
	wantError(t, err, "is no log of the policy")
}

func TestTP12(t *testing.T) {
	l := policyLines()
	for _, name := range []string{"none", "all", "any"} {
		refuse(t, "reserved", strings.Replace(l.a, "witness a", "witness "+name, 1)+"quorum none\n",
			l.a+"group "+name+" all a\nquorum none\n")
	}
	for _, name := range []string{"log", "witness", "group", "quorum", "2", "None"} {
		accept(t, strings.Replace(l.a, "witness a", "witness "+name, 1)+"quorum "+name+"\n")
	}
	refuse(t, "TP-1", strings.Replace(l.a, "witness a", "witness a#1", 1)+"quorum none\n")
	refuse(t, "TP-5", l.a+"group g 01 a\nquorum g\n")
	refuse(t, "LF", "quorum none")
	// Two lines of one operator count twice, unless an any group joins them.
	twice := accept(t, l.a+l.b+l.c+"group g 2 a b c\nquorum g\n")
	once := accept(t, l.a+l.b+l.c+"group op any a b\ngroup g 2 op c\nquorum g\n")
	if !twice.Satisfied(valid("a", "b")) || once.Satisfied(valid("a", "b")) || !once.Satisfied(valid("b", "c")) {
		t.Error("the keys of one operator are not counted as the groups say")
	}
}

// What other parsers were measured to let through is refused.
func TestTP13(t *testing.T) {
	l := policyLines()
	ok := l.log + l.a + l.b
	accept(t, ok+"group g 2 a b\nquorum g\n")
	for name, text := range map[string]string{
		"group of nothing, all":     ok + "group g all\nquorum g\n",
		"group of nothing, any":     ok + "group g any\nquorum g\n",
		"threshold 0":               ok + "group g 0 a\nquorum g\n",
		"key of a witness twice":    l.a + strings.Replace(l.a, "witness a", "witness z", 1) + "quorum a\n",
		"key of a log twice":        l.log + l.log + "quorum none\n",
		"member twice":              ok + "group g 2 a a\nquorum g\n",
		"member of two groups":      ok + "group g all a\ngroup h all a b\nquorum h\n",
		"two quorums":               ok + "quorum a\nquorum b\n",
		"second quorum none":        ok + "quorum a\nquorum none\n",
		"NBSP between fields":       ok + "quorum\u00a0a\n",
		"NBSP in a group":           ok + "group g 2\u00a0a b\nquorum g\n",
		"control character":         ok + "quorum a\f\n",
		"CR":                        strings.ReplaceAll(ok, "\n", "\r\n") + "quorum a\r\n",
		"comment within a line":     ok + "quorum a # all\n",
		"comment within a field":    ok + "quorum a#b\n",
		"key id of another key":     strings.Replace(l.a, "a.example+", "a.example+0", 1) + "quorum a\n",
		"key id of another name":    strings.Replace(l.a, "a.example+", "b.example+", 1) + "quorum a\n",
		"quorum before its group":   ok + "quorum g\ngroup g 2 a b\n",
		"quorum before its witness": "quorum a\n" + l.a,
		"no quorum":                 ok,
		"quorum of nobody":          ok + "quorum z\n",
	} {
		if p, err := receipt.ParsePolicy([]byte(text)); err == nil {
			t.Errorf("%s: accepted as %v", name, p)
		}
	}
	accept(t, l.a+"quorum a\n") // a witness without URL, which others refuse
	at := strings.NewReplacer("\n", " https://w.example\n")
	if p := accept(t, at.Replace(l.a+l.b)+"group g all a b\nquorum g\n"); p.Satisfied(valid("a")) {
		t.Error("two witnesses at one URL count as one")
	}
}
