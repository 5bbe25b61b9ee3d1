// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"cocket.example/internal/soak"
	"cocket.example/receipt"
)

// naiveSatisfied asks a name of the policy, from the top down (TP-5, TP-6).
func naiveSatisfied(p receipt.Policy, name string, valid func(string) bool) bool {
	for _, g := range p.Groups {
		if g.Name != name {
			continue
		}
		n := 0
		for _, m := range g.Members {
			if naiveSatisfied(p, m, valid) {
				n++
			}
		}
		return n >= g.Threshold
	}
	return valid(name)
}

// naiveTime is the least t such that the cosignatures with 0 < time ≤ t satisfy the quorum by
// themselves; 0 if there is none.
func naiveTime(p receipt.Policy, times map[string]int64) int64 {
	for t := int64(1); t <= maxTestTime; t++ {
		if naiveSatisfied(p, p.Quorum, func(w string) bool { return times[w] > 0 && times[w] <= t }) {
			return t
		}
	}
	return 0
}

// maxTestTime is the largest time that these tests let a witness state: few, so that many are equal.
const maxTestTime = 9

// crowd is a log and witnesses w0, w1, … with their cosignatures of one checkpoint for every time.
type crowd struct {
	log    receipt.VerifierKey
	keys   []receipt.VerifierKey
	signed []byte
	lines  [][]string // by witness and time
}

func newCrowd(n int) *crowd {
	log, key := logKey(1, origin)
	cp := newTree(2).checkpoint(2)
	c := &crowd{log: key, signed: must(cp.Sign(log))}
	for i := range n {
		cosigner, key := witnessKey(byte(20+i), fmt.Sprintf("w%d.example", i))
		line := make([]string, maxTestTime+1)
		line[0] = forged(key, byte(20+i), cp, 0).String() // a time of 0, which no cosigner of ours states
		for at := 1; at <= maxTestTime; at++ {
			line[at] = must(cosigner.Cosign(cp, time.Unix(int64(at), 0))).String()
		}
		c.keys, c.lines = append(c.keys, key), append(c.lines, line)
	}
	return c
}

// cosigned draws who cosigns and when, and returns the note; a time of −1 is no cosignature.
func (c *crowd) cosigned(rng *rand.Rand) ([]byte, map[string]int64) {
	b, times := slices.Clone(c.signed), map[string]int64{}
	for i, line := range c.lines {
		at := rng.Int64N(maxTestTime+4) - 3
		if at >= 0 {
			b = append(b, line[at]...)
		}
		times[fmt.Sprintf("w%d", i)] = max(at, -1)
	}
	return b, times
}

// randomPolicy joins random members into groups until one group is left. Some begin as the two keys
// of one operator, in an any group of their own.
func randomPolicy(rng *rand.Rand, log receipt.VerifierKey, keys []receipt.VerifierKey) receipt.Policy {
	var b strings.Builder
	var free []string
	fmt.Fprintf(&b, "log %s\n", log)
	for i, k := range keys {
		fmt.Fprintf(&b, "witness w%d %s\n", i, k)
		free = append(free, fmt.Sprintf("w%d", i))
	}
	for op := range rng.IntN(len(keys)/2 + 1) {
		fmt.Fprintf(&b, "group op%d any %s %s\n", op, free[0], free[1])
		free = append(free[2:], fmt.Sprintf("op%d", op))
	}
	for g := 0; len(free) > 1; g++ {
		rng.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
		n := 1 + rng.IntN(len(free))
		fmt.Fprintf(&b, "group g%d %d %s\n", g, 1+rng.IntN(n), strings.Join(free[:n], " "))
		free = append(free[n:], fmt.Sprintf("g%d", g))
	}
	return must(receipt.ParsePolicy([]byte(b.String() + "quorum " + free[0] + "\n")))
}

// Quorum and time equal their definitions, over random nested policies and cosignatures.
func TestQuorumEqualsItsDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	c := newCrowd(8)
	rounds, satisfied, timeless := soak.Rounds(600, 20_000), 0, 0
	for range rounds {
		p := randomPolicy(rng, c.log, c.keys)
		b, times := c.cosigned(rng)
		r := p.Examine(b)
		want := naiveTime(p, times)
		if r.NoLaterThan.IsZero() != (want == 0) || want != 0 && r.NoLaterThan.Unix() != want {
			t.Fatalf("%swith %v: %s, by definition %d", p, times, r.NoLaterThan, want)
		}
		quorum := naiveSatisfied(p, p.Quorum, func(w string) bool { return times[w] >= 0 })
		if (r.Err() == nil) != quorum {
			t.Fatalf("%swith %v: %v, by definition %t", p, times, r.Err(), quorum)
		}
		if quorum {
			satisfied++
		}
		if quorum && want == 0 {
			timeless++
		}
	}
	if satisfied < rounds/10 || satisfied > rounds*19/20 || timeless < rounds/100 {
		t.Errorf("of %d policies %d satisfied, %d of them without a time: the test shows little",
			rounds, satisfied, timeless)
	}
}

// Every subset of six witnesses, over random nested policies.
func TestSatisfiedEqualsItsDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	c := newCrowd(6)
	for range soak.Rounds(300, 30_000) {
		p := randomPolicy(rng, c.log, c.keys)
		for subset := range 1 << len(c.keys) {
			valid := func(name string) bool { return subset>>(name[1]-'0')&1 == 1 }
			if got := p.Satisfied(valid); got != naiveSatisfied(p, p.Quorum, valid) {
				t.Fatalf("%swith witnesses %06b: %t", p, subset, got)
			}
		}
	}
}

// The two keys of one operator in an any group count once, and the earlier of their times counts.
func TestOneOperatorCountsOnce(t *testing.T) {
	c := newCrowd(4)
	text := "log " + c.log.String() + "\n"
	for i, k := range c.keys {
		text += fmt.Sprintf("witness w%d %s\n", i, k)
	}
	p := accept(t, text+"group op any w0 w1\ngroup g 2 op w2 w3\nquorum g\n")
	for _, s := range []struct {
		times [4]int // −1: none
		want  int64  // 0: not satisfied
	}{
		{[4]int{1, 2, -1, -1}, 0},
		{[4]int{7, 2, 5, -1}, 5},
		{[4]int{2, 7, 5, -1}, 5},
		{[4]int{9, 7, 5, -1}, 7},
		{[4]int{-1, 7, 5, -1}, 7},
		{[4]int{9, 0, 5, -1}, 9}, // a time of 0 is no time
		{[4]int{1, 2, 8, 6}, 6},
		{[4]int{-1, -1, 8, 6}, 8},
	} {
		b := slices.Clone(c.signed)
		for i, at := range s.times {
			if at >= 0 {
				b = append(b, c.lines[i][at]...)
			}
		}
		r := p.Examine(b)
		if (r.Err() == nil) != (s.want > 0) || s.want > 0 && r.NoLaterThan.Unix() != s.want {
			t.Errorf("times %v: %s, %v, want %d", s.times, r.NoLaterThan, r.Err(), s.want)
		}
	}
}
