// SPDX-License-Identifier: Apache-2.0

package policycheck

import (
	"bytes"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"cocket.example/receipt"
)

// vkey is a key that is the same in every run.
func vkey(t *testing.T, b byte, typ receipt.KeyType, name string) string {
	t.Helper()
	_, vkey, err := receipt.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{b}, 32)), typ, name)
	if err != nil {
		t.Fatal(err)
	}
	return vkey
}

func parse(t *testing.T, text string) receipt.Policy {
	t.Helper()
	p, err := receipt.ParsePolicy([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// randomPolicy joins random members into groups, and makes one of them the quorum; what is left is not
// counted.
func randomPolicy(t *testing.T, rng *rand.Rand, keys []string) receipt.Policy {
	var b strings.Builder
	var free []string
	for i, k := range keys {
		fmt.Fprintf(&b, "witness w%d %s\n", i, k)
		free = append(free, fmt.Sprintf("w%d", i))
	}
	for g := range 1 + rng.IntN(4) {
		rng.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
		n := 1 + rng.IntN(len(free))
		fmt.Fprintf(&b, "group g%d %d %s\n", g, 1+rng.IntN(n), strings.Join(free[:n], " "))
		free = append(free[n:], fmt.Sprintf("g%d", g))
	}
	return parse(t, b.String()+"quorum "+free[len(free)-1]+"\n")
}

// model finds by trying every set of witnesses what a tree computes.
type model struct {
	satisfied [1 << 6]bool
	n         int
}

func newModel(p receipt.Policy) *model {
	m := &model{n: len(p.Witnesses)}
	for set := range 1 << m.n {
		m.satisfied[set] = p.Satisfied(func(name string) bool { return set>>(name[1]-'0')&1 == 1 })
	}
	return m
}

func (m *model) fewest() int {
	least := m.n
	for set := range 1 << m.n {
		if m.satisfied[set] {
			least = min(least, bits.OnesCount(uint(set)))
		}
	}
	return least
}

func (m *model) fatal() int {
	least := m.n
	for lost := range 1 << m.n {
		if !m.satisfied[1<<m.n-1-lost] {
			least = min(least, bits.OnesCount(uint(lost)))
		}
	}
	return least
}

func (m *model) splits() bool {
	for set := range 1 << m.n {
		if m.satisfied[set] && m.satisfied[1<<m.n-1-set] {
			return true
		}
	}
	return false
}

func (m *model) counts(a int) bool {
	for set := range 1 << m.n {
		if m.satisfied[set|1<<a] != m.satisfied[set&^(1<<a)] {
			return true
		}
	}
	return false
}

// together: some set satisfies the quorum with both, and with neither of them alone.
func (m *model) together(a, b int) bool {
	for set := range 1 << m.n {
		rest := set &^ (1<<a | 1<<b)
		if m.satisfied[rest|1<<a|1<<b] && !m.satisfied[rest|1<<a] && !m.satisfied[rest|1<<b] {
			return true
		}
	}
	return false
}

func TestTreeEqualsTryingEverySet(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var keys []string
	for i := range 6 {
		keys = append(keys, vkey(t, byte(i), receipt.Cosignature, fmt.Sprintf("w%d.example", i)))
	}
	for range 300 {
		p := randomPolicy(t, rng, keys)
		tree, m := newTree(p), newModel(p)
		if tree.fewest() != m.fewest() || tree.fatal() != m.fatal() || tree.splits() != m.splits() {
			t.Fatalf("%sfewest %d, fatal %d, splits %t; by trying %d, %d, %t", p,
				tree.fewest(), tree.fatal(), tree.splits(), m.fewest(), m.fatal(), m.splits())
		}
		alone := strings.Join(tree.alone(), " ")
		for a := range 6 {
			name := fmt.Sprintf("w%d", a)
			if tree.counts(name) != m.counts(a) || strings.Contains(alone, name) == m.satisfied[63&^(1<<a)] {
				t.Fatalf("%switness %s: counts %t, needed: %s", p, name, tree.counts(name), alone)
			}
			for b := range 6 {
				if other := fmt.Sprintf("w%d", b); a != b && tree.together(name, other) != m.together(a, b) {
					t.Fatalf("%stogether %s %s: %t", p, name, other, tree.together(name, other))
				}
			}
		}
	}
}
