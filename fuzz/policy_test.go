// SPDX-License-Identifier: Apache-2.0

package fuzz

import (
	"bytes"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"filippo.io/torchwood"
	"github.com/transparency-dev/formats/witness"
	"golang.org/x/mod/sumdb/note"

	"cocket.example/receipt"
)

// FuzzPolicyWords makes policies of whole words, each byte one of them, so that the fuzzer need not
// find keys that hold.
func FuzzPolicyWords(f *testing.F) {
	log, other := vkey(f, 1, receipt.Ed25519, "log.example/a"), vkey(f, 2, receipt.Ed25519, "log.example/a")
	period := "\n#cocket period " + log[:strings.LastIndex(log, "+")] + " sizes "
	words := []string{
		"\n", " ", "\t", "#", "log " + log, "log " + other, period,
		"0..", "7", "12", "..", " until 2031-01-01T00:00:00Z", "\nwitness ", "\ngroup ", "\nquorum ", "any ", "all ",
		"1 ", "2 ", "none", "a ", "b ", "c ", "g ", "h ", "a", "g", "h", "https://a.example", "\u00a0",
	}
	var w [3]string
	for i := range w {
		w[i] = vkey(f, byte(10+i), receipt.Cosignature, string('a'+rune(i))+".example/w") + " "
	}
	words = append(words, w[:]...)
	index := func(text string) (b []byte) {
		for text != "" {
			best := -1
			for i, w := range words {
				if strings.HasPrefix(text, w) && (best < 0 || len(w) > len(words[best])) {
					best = i
				}
			}
			b, text = append(b, byte(best)), text[len(words[best]):]
		}
		return b
	}
	witnesses := "\nwitness a " + w[0] + "https://a.example\nwitness b " + w[1] + "\nwitness c " + w[2]
	f.Add(index("log " + log + " https://a.example" + witnesses + "\ngroup g any a b \ngroup h all g c \nquorum h\n"))
	f.Add(index("log " + log + period + "0..7 until 2031-01-01T00:00:00Z\nlog " + other + witnesses + "\nquorum a\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var text strings.Builder
		for _, i := range b {
			text.WriteString(words[int(i)%len(words)])
		}
		policy := []byte(text.String())
		p, err := receipt.ParsePolicy(policy)
		if err != nil {
			return
		}
		if again, err := receipt.ParsePolicy([]byte(p.String())); err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%q parses back as %v, %v", p, again, err)
		}
		comparePolicy(t, p, policy)
	})
}

func vkey(f *testing.F, seed byte, typ receipt.KeyType, name string) string {
	_, vkey, err := receipt.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)), typ, name)
	if err != nil {
		f.Fatal(err)
	}
	return vkey
}

// comparePolicy compares what was read with the text, and with what others read.
func comparePolicy(t *testing.T, p receipt.Policy, b []byte) {
	if faults := receipt.FindFaults(b); len(faults) > 0 {
		t.Fatalf("faults of a good policy: %v", faults)
	}
	checkPeriods(t, p, b)
	if plainNames(p) {
		compareFormats(t, p, b)
		compareTorchwood(t, p, b)
	}
}

// checkPeriods: there are as many periods as comments that look like one, so that none was passed over.
func checkPeriods(t *testing.T, p receipt.Policy, b []byte) {
	want, got := 0, 0
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#cocket ") {
			want++
		}
	}
	for _, l := range p.Logs {
		if l.Period.Bounded() {
			got++
		}
		if to := l.Period.To; to != 0 && (l.Period.CheckSize(to+1) == nil || l.Period.CheckSize(to) != nil) {
			t.Fatalf("period %s takes %d or refuses %d", l.Period, to+1, to)
		}
	}
	if got != want {
		t.Fatalf("%d periods of %d", got, want)
	}
}

// plainNames reports whether the others can read the names: they take every Unicode space for the end
// of a field.
func plainNames(p receipt.Policy) bool {
	var names []string
	for _, l := range p.Logs {
		names = append(names, l.URL)
	}
	for _, w := range p.Witnesses {
		if receipt.KeyType(w.Key.Type) != receipt.Cosignature {
			return false
		}
		names = append(names, w.Name, w.URL)
	}
	for _, g := range p.Groups {
		names = append(names, g.Name)
	}
	return !strings.ContainsFunc(strings.Join(names, ""), unicode.IsSpace)
}

// compareFormats compares with transparency-dev/formats, which wants a URL of every witness, reserves
// its keywords, and reads thresholds of 8 bits and lines of 64 KiB.
func compareFormats(t *testing.T, p receipt.Policy, b []byte) {
	for _, w := range p.Witnesses {
		if _, err := url.Parse(w.URL); err != nil || w.URL == "" || keyword(w.Name) {
			return
		}
	}
	for _, g := range p.Groups {
		if keyword(g.Name) || g.Threshold > 255 {
			return
		}
	}
	if len(b) >= 1<<16 {
		return
	}
	theirs, err := witness.ParsePolicy(b)
	if err != nil {
		t.Fatalf("formats refuses %q: %v", b, err)
	}
	ours := expression(p, p.Quorum)
	if !strings.HasPrefix(ours, "(") { // they put a lone witness into a group
		ours = "(1 " + ours + ")"
	}
	if p.Quorum == "none" {
		ours = "(0)"
	}
	if got := theirExpression(theirs); got != ours {
		t.Fatalf("formats reads %s, we %s", got, ours)
	}
}

func keyword(name string) bool {
	return name == "log" || name == "witness" || name == "group" || name == "quorum"
}

// expression prints what a name stands for, with keys in the place of the witnesses' names.
func expression(p receipt.Policy, name string) string {
	for _, w := range p.Witnesses {
		if w.Name == name {
			return fmt.Sprintf("%s+%08x", w.Key.Name, w.Key.ID)
		}
	}
	for _, g := range p.Groups {
		if g.Name != name {
			continue
		}
		text := fmt.Sprintf("(%d", g.Threshold)
		for _, m := range g.Members {
			text += " " + expression(p, m)
		}
		return text + ")"
	}
	return "?"
}

func theirExpression(component any) string {
	switch c := component.(type) {
	case witness.Witness:
		return fmt.Sprintf("%s+%08x", c.Key.Name(), c.Key.KeyHash())
	case witness.Group:
		text := fmt.Sprintf("(%d", c.N)
		for _, member := range c.Components {
			text += " " + theirExpression(member)
		}
		return text + ")"
	}
	return "?"
}

// compareTorchwood compares with torchwood, which wants every log of a policy to sign, so it is asked
// of policies with one, for none, each, all but each and all of the witnesses.
func compareTorchwood(t *testing.T, p receipt.Policy, b []byte) {
	if len(p.Logs) != 1 || receipt.KeyType(p.Logs[0].Key.Type) != receipt.Ed25519 {
		return
	}
	theirs, err := torchwood.ParsePolicy(b)
	if err != nil {
		t.Fatalf("torchwood refuses %q: %v", b, err)
	}
	log := note.Signature{Name: p.Logs[0].Key.Name, Hash: p.Logs[0].Key.ID}
	same := func(valid func(i int) bool) {
		signatures, names := []note.Signature{log}, make(map[string]bool)
		for i, w := range p.Witnesses {
			if valid(i) {
				signatures = append(signatures, note.Signature{Name: w.Key.Name, Hash: w.Key.ID})
				names[w.Name] = true
			}
		}
		err := theirs.Check(log.Name, signatures)
		if ours := p.Satisfied(func(name string) bool { return names[name] }); ours != (err == nil) {
			t.Fatalf("with %v we say %t, torchwood %v", names, ours, err)
		}
	}
	for one := range min(len(p.Witnesses)+1, 40) { // the last is none, and all
		same(func(i int) bool { return i == one })
		same(func(i int) bool { return i != one })
	}
}
