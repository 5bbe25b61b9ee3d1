// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Fault is a mistake in a policy, with what would be right.
type Fault struct {
	Line int // from 1; 0 if it is not of one line
	Err  error
}

// Error names the line.
func (f Fault) Error() string {
	if f.Line == 0 {
		return "policy: " + f.Err.Error()
	}
	return fmt.Sprintf("policy line %d: %v", f.Line, f.Err)
}

// Unwrap returns the mistake without its line.
func (f Fault) Unwrap() error { return f.Err }

// maxFaults bounds the list of faults of one policy.
const maxFaults = 100

// FindFaults lists what is wrong with a policy, by lines, at most 100 faults; none if ParsePolicy
// takes it.
func FindFaults(policy []byte) []Fault {
	_, faults := parsePolicy(policy)
	return faults
}

func parsePolicy(b []byte) (Policy, []Fault) {
	if len(b) > maxPolicy {
		return Policy{}, []Fault{{Err: fmt.Errorf("%d bytes, want at most %d", len(b), maxPolicy)}}
	}
	p := &policyParser{names: map[string]bool{}, member: map[string]bool{}, keys: map[string]bool{}, roles: map[string]string{}}
	var faults []Fault
	for line := range strings.Lines(string(b)) {
		p.number++
		text, ended := strings.CutSuffix(line, "\n")
		err := p.line(text)
		if err == nil && !ended {
			err = errors.New("the last line is not ended by LF (TP-1)")
		}
		if err != nil {
			faults = append(faults, Fault{p.number, err})
		}
		if len(faults) == maxFaults {
			return Policy{}, faults
		}
	}
	return p.policy, append(p.timeless(faults), p.unfinished()...)
}

// timeless adds that a period ends at some time in a policy whose witnesses vouch for none.
func (p *policyParser) timeless(faults []Fault) []Fault {
	if p.policy.Quorum != "none" || p.until == 0 {
		return faults
	}
	err := errors.New("until needs witnesses, who vouch for the time: with quorum none a period has sizes only")
	at, _ := slices.BinarySearchFunc(faults, p.until, func(f Fault, line int) int { return cmp.Compare(f.Line, line) })
	return slices.Insert(faults, at, Fault{p.until, err})
}

// unfinished finds what the whole policy lacks.
func (p *policyParser) unfinished() []Fault {
	if p.quorums > 0 {
		return nil
	}
	return []Fault{{Err: errors.New(`no line "quorum <name>" (TP-6)`)}}
}
