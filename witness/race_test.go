// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"cocket.example/receipt"
)

// racers is how many requests a test sends at the same time.
const racers = 64

// race runs n functions at the same time.
func race(n int, run func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { run(i) })
	}
	group.Wait()
}

// TestOneOfTwoBranches is W16: of 64 updates from one head to two that contradict each other, one
// wins.
func TestOneOfTwoBranches(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	bodies := [][]byte{
		r.log.grow(t, branch{"left", 5}, 5, 9),
		r.log.grow(t, branch{"right", 5}, 5, 9),
	}
	status := make([]int, racers)
	race(racers, func(i int) { status[i] = r.post(bodies[i%2]).Code })
	count := make(map[int]int)
	for _, s := range status {
		count[s]++
	}
	if count[http.StatusOK] != 1 || count[http.StatusConflict] != racers-1 {
		t.Errorf("answers %v, want one 200 and %d times 409", count, racers-1)
	}
}

// TestStorm lets 64 submitters, half of them on another branch, bring the witness from where it says
// it is to somewhere further. Whatever it has cosigned then lies on one branch, and each submitter
// sees it grow only.
func TestStorm(t *testing.T) {
	r := newRig(t)
	branches := []branch{{"left", 3}, {"right", 3}}
	var mu sync.Mutex
	cosigned := make(map[receipt.Checkpoint]bool)
	race(racers, func(i int) {
		b, random := branches[i%2], rand.New(rand.NewPCG(1, uint64(i)))
		for old, round := 0, 0; round < 20; round++ {
			size := old + random.IntN(4)
			answer := r.post(r.log.grow(t, b, old, size))
			switch answer.Code {
			case http.StatusOK:
				mu.Lock()
				cosigned[r.log.head(b, size)] = true
				mu.Unlock()
				old = size
			case http.StatusConflict:
				known, err := strconv.Atoi(strings.TrimSuffix(answer.Body.String(), "\n"))
				if err != nil || known < old {
					t.Errorf("witness went back from %d to %q", old, answer.Body)
				}
				old = known
			}
		}
	})
	for c := range cosigned {
		if c.Size > 3 && c.Root != r.branchOf(branches, cosigned).root(0, int(c.Size)) {
			t.Errorf("size %d was cosigned on the other branch", c.Size)
		}
	}
	if len(cosigned) < 5 {
		t.Errorf("only %d checkpoints were cosigned: nothing raced", len(cosigned))
	}
}

// branchOf returns the branch on which the largest checkpoint lies.
func (r *rig) branchOf(branches []branch, cosigned map[receipt.Checkpoint]bool) branch {
	for _, b := range branches {
		if cosigned[r.log.head(b, r.held())] {
			return b
		}
	}
	r.t.Fatal("the latest checkpoint was never answered")
	return branch{}
}

// TestGroupCommit shows that requests of many logs that come while one is written share the next
// commit, and that each gets its own answer.
func TestGroupCommit(t *testing.T) {
	r := newRig(t)
	logs := make([]testLog, racers)
	var witnessed []Log
	for i := range logs {
		logs[i] = newTestLog(t, "log.example/"+strconv.Itoa(i))
		witnessed = append(witnessed, Log{Keys: []receipt.VerifierKey{logs[i].key}})
	}
	r.setLogs(witnessed...)
	before := commits(r.witness.config.State)
	answers := r.together(racers, func(i int) []byte { return logs[i].grow(t, trunk, 0, 5) })
	for i, answer := range answers {
		verifyLines(t, r.keys, logs[i].head(trunk, 5), answer.Body.String())
	}
	if n := commits(r.witness.config.State) - before; n != 1 {
		t.Errorf("%d requests took %d commits, want 1", racers, n)
	}
}

// TestOneCommit shows that requests that share a commit are judged one after the other:
// two that contradict each other do not both pass.
func TestOneCommit(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	answers := r.together(2, func(i int) []byte {
		return r.log.grow(t, []branch{{"left", 5}, {"right", 5}}[i], 5, 9)
	})
	if sum := answers[0].Code + answers[1].Code; sum != 200+409 {
		t.Errorf("answers %d and %d, want 200 and 409", answers[0].Code, answers[1].Code)
	}
}

// together posts n bodies so that they share one commit.
func (r *rig) together(n int, body func(i int) []byte) []*httptest.ResponseRecorder {
	s, answers := r.witness.config.State, make([]*httptest.ResponseRecorder, n)
	s.writing.Lock() // as if another commit were being written
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { answers[i] = r.post(body(i)) })
	}
	for pending := 0; pending < n; runtime.Gosched() {
		s.mu.Lock()
		pending = len(s.pending)
		s.mu.Unlock()
	}
	s.writing.Unlock()
	all.Wait()
	return answers
}

// commits counts those that were made.
func commits(s *State) int {
	s.writing.Lock()
	defer s.writing.Unlock()
	return int(s.journal.Last().Seq)
}
