// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"

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
// transaction, and that each gets its own answer.
func TestGroupCommit(t *testing.T) {
	r := newRig(t)
	logs := make([]testLog, racers)
	for i := range logs {
		logs[i] = newTestLog(t, "log.example/"+strconv.Itoa(i))
		r.witness.logs[logs[i].origin] = []receipt.VerifierKey{logs[i].key}
	}
	s := r.witness.config.State
	before := transactions(t, s)
	s.writing.Lock() // as if a transaction were being written
	var all sync.WaitGroup
	for _, l := range logs {
		all.Go(func() {
			answer := r.post(l.grow(t, trunk, 0, 5))
			verifyLines(t, r.keys, l.head(trunk, 5), answer.Body.String())
		})
	}
	for pending := 0; pending < racers; {
		s.mu.Lock()
		pending = len(s.pending)
		s.mu.Unlock()
	}
	s.writing.Unlock()
	all.Wait()
	if n := transactions(t, s) - before; n != 1 {
		t.Errorf("%d requests took %d transactions, want 1", racers, n)
	}
}

// transactions counts those that were committed.
func transactions(t *testing.T, s *State) (n int) {
	t.Helper()
	err := s.db.View(func(tx *bolt.Tx) error {
		n = tx.ID()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
