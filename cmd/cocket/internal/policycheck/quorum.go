// SPDX-License-Identifier: Apache-2.0

package policycheck

import (
	"slices"

	"cocket.example/receipt"
)

// tree is a policy's groups, seen from the quorum. A name is a member of at most one group (TP-7), so
// they are a tree, and members of a group have no witness in common.
//
//	quorum g ─┬─ group op any ─┬─ a   two keys of one operator: one party, which is honest, or lost,
//	          │                └─ b   with both of them
//	          └─ c                    a party by itself
type tree struct {
	policy  receipt.Policy
	parent  map[string]receipt.Group // the group that a name is a member of
	parties []party
	party   map[string]bool // names of parties
}

// party is one operator: a witness, or an any group of witnesses with one host in their key names.
type party struct {
	name      string
	witnesses []receipt.Witness
}

func newTree(p receipt.Policy) tree {
	t := tree{policy: p, parent: make(map[string]receipt.Group), party: make(map[string]bool)}
	witnesses := make(map[string]receipt.Witness)
	for _, w := range p.Witnesses {
		witnesses[w.Name] = w
	}
	for _, g := range p.Groups {
		for _, m := range g.Members {
			t.parent[m] = g
		}
		if keys := oneOperator(g, witnesses); keys != nil {
			t.add(party{g.Name, keys})
			for _, w := range keys {
				delete(witnesses, w.Name)
			}
		}
	}
	for _, w := range p.Witnesses {
		if _, ok := witnesses[w.Name]; ok {
			t.add(party{w.Name, []receipt.Witness{w}})
		}
	}
	return t
}

// oneOperator returns the members of an any group of two or more witnesses with one host in their key
// names; nil if the group is no such.
func oneOperator(g receipt.Group, witnesses map[string]receipt.Witness) (keys []receipt.Witness) {
	if g.Threshold != 1 || len(g.Members) < 2 {
		return nil
	}
	for _, m := range g.Members {
		w, ok := witnesses[m]
		if !ok || len(keys) > 0 && nameHost(w.Key.Name) != nameHost(keys[0].Key.Name) {
			return nil
		}
		keys = append(keys, w)
	}
	return keys
}

func (t *tree) add(p party) {
	t.parties = append(t.parties, p)
	t.party[p.name] = true
}

// fold computes a value of the quorum from one of every party, group by group in their order.
func fold[T any](t tree, value T, group func(k int, members []T) T) T {
	values := make(map[string]T)
	for _, p := range t.parties {
		values[p.name] = value
	}
	for _, g := range t.policy.Groups {
		if t.party[g.Name] {
			continue
		}
		members := make([]T, len(g.Members))
		for i, m := range g.Members {
			members[i] = values[m]
		}
		values[g.Name] = group(g.Threshold, members)
	}
	return values[t.policy.Quorum]
}

// fewest is how many parties at least satisfy the quorum.
func (t tree) fewest() int {
	return fold(t, 1, func(k int, members []int) int { return smallest(k, members) })
}

// fatal is how many parties at least must be lost for the quorum to be out of reach: of a group all
// but k−1 members.
func (t tree) fatal() int {
	return fold(t, 1, func(k int, members []int) int { return smallest(len(members)-k+1, members) })
}

// smallest is the sum of the n smallest numbers.
func smallest(n int, numbers []int) (sum int) {
	for _, x := range slices.Sorted(slices.Values(numbers))[:n] {
		sum += x
	}
	return sum
}

// splits reports whether two sets of parties without a common one both satisfy the quorum. Members
// that do so count for either side; of the others each counts for one.
func (t tree) splits() bool {
	return fold(t, false, func(k int, members []bool) bool {
		both := 0
		for _, m := range members {
			if m {
				both++
			}
		}
		return 2*max(0, k-both) <= len(members)-both
	})
}

// path is the names from a witness or group up to the quorum; nil if the quorum does not count it.
func (t tree) path(name string) []string {
	path := []string{name}
	for name != t.policy.Quorum {
		above, ok := t.parent[name]
		if !ok {
			return nil
		}
		name = above.Name
		path = append(path, name)
	}
	return path
}

// counts reports whether the quorum counts a witness or group.
func (t tree) counts(name string) bool { return t.path(name) != nil }

// together reports whether two parties can both be needed for one quorum: whether the group where their
// paths meet wants more than one member.
func (t tree) together(a, b string) bool {
	above := t.path(b)
	for _, name := range t.path(a) {
		if g, ok := t.parent[name]; ok && slices.Contains(above, g.Name) {
			return g.Threshold > 1
		}
	}
	return false
}

// alone lists the parties without any one of which the quorum cannot be reached: all groups from them
// up to the quorum want all of their members.
func (t tree) alone() (names []string) {
	for _, p := range t.parties {
		path := t.path(p.name)
		if path == nil {
			continue
		}
		needed := true
		for _, name := range path[:len(path)-1] {
			above := t.parent[name]
			needed = needed && above.Threshold == len(above.Members)
		}
		if needed {
			names = append(names, p.name)
		}
	}
	return names
}
