// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"cocket.example/internal/soak"
	"cocket.example/receipt"
	"github.com/anishathalye/porcupine"
)

// offer is one request of a race, and outcome its answer.
type offer struct {
	old, size int
	branch    branch
}

type outcome struct {
	status int
	known  int   // with status 409
	time   int64 // with status 200
}

// head is all that a witness has to know of a log.
type head struct {
	size int
	root receipt.Hash
	time int64
}

// sequential is a witness that answers one request after the other, in so few words that they can be
// read: porcupine looks for an order of the requests of a race in which it gives the same answers.
var sequential = porcupine.Model{
	Init: func() any { return head{root: emptyRoot} },
	Step: func(state, input, output any) (bool, any) {
		held, in, out := state.(head), input.(offer), output.(outcome)
		follows := in.branch.root(0, in.old) == held.root
		switch {
		case in.old != held.size:
			return out.status == http.StatusConflict && out.known == held.size, held
		case !follows:
			return out.status == http.StatusUnprocessableEntity, held
		}
		next := head{in.size, in.branch.root(0, in.size), out.time}
		return out.status == http.StatusOK && out.time >= held.time, next
	},
	Equal:             func(a, b any) bool { return a == b },
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
}

// TestRace lets 64 requests race, again and again: growth on three branches that contradict each other,
// refreshes, and old sizes from before. There is an order in which a sequential witness gives the same
// answers, so no two cosignatures are for trees that are inconsistent, or smaller than one before.
func TestRace(t *testing.T) {
	r := newRig(t)
	cosigned := 0
	for round := range soak.Rounds(12, 1000) {
		log := newTestLog(t, "log.example/"+strconv.Itoa(round))
		r.setLogs(Log{Keys: []receipt.VerifierKey{log.key}})
		history := r.race(log, rand.New(rand.NewPCG(7, uint64(round))))
		for _, o := range history {
			if o.Output.(outcome).status == http.StatusOK {
				cosigned++
			}
		}
		r.inTime(history)
		switch result, _ := porcupine.CheckOperationsVerbose(sequential, fold(history), time.Minute); result {
		case porcupine.Illegal:
			for _, o := range history {
				t.Log(sequential.DescribeOperation(o.Input, o.Output))
			}
			t.Fatalf("round %d: no order of the requests explains the answers", round)
		case porcupine.Unknown:
			t.Fatalf("round %d: it was not found in time whether there is an order", round)
		}
	}
	t.Logf("%d cosignatures", cosigned)
}

// inTime wants who asked after an answer had come to hear of nothing smaller.
func (r *rig) inTime(history []porcupine.Operation) {
	for _, a := range history {
		for _, b := range history {
			out := b.Output.(outcome)
			later := a.Output.(outcome).status == http.StatusOK && a.Return < b.Call
			stale := out.status == http.StatusOK && b.Input.(offer).size < a.Input.(offer).size ||
				out.status == http.StatusConflict && out.known < a.Input.(offer).size
			if later && stale {
				r.t.Errorf("after %s came %s", sequential.DescribeOperation(a.Input, a.Output),
					sequential.DescribeOperation(b.Input, b.Output))
			}
		}
	}
}

// fold makes one of all refusals that say the same, or porcupine would try the subsets of them for hours:
// one that is tried first, because it changes nothing, and that came before the first of them returned.
// That none came before it was asked for is inTime's.
func fold(history []porcupine.Operation) (folded []porcupine.Operation) {
	type refused struct {
		out  outcome
		old  int // with status 422
		root receipt.Hash
	}
	at := make(map[refused]int)
	for _, o := range history {
		in, out := o.Input.(offer), o.Output.(outcome)
		same := refused{out: out}
		if out.status == http.StatusUnprocessableEntity {
			same.old, same.root = in.old, in.branch.root(0, in.old)
		}
		i, ok := at[same]
		switch {
		case out.status == http.StatusOK || out.status == http.StatusConflict && in.old == out.known:
			folded = append(folded, o)
		case ok:
			folded[i].Return = min(folded[i].Return, o.Return)
		default:
			at[same] = len(folded)
			o.Call = -1
			folded = append(folded, o)
		}
	}
	return folded
}

func (r *rig) race(log testLog, random *rand.Rand) []porcupine.Operation {
	offers, bodies := make([]offer, racers), make([][]byte, racers)
	for i := range offers {
		o := offer{branch: []branch{{"left", 2}, {"right", 2}, {"third", 4}}[random.IntN(3)]}
		o.old = random.IntN(6)
		if random.IntN(3) == 0 {
			o.old = 0
		}
		o.size = o.old + 1 + random.IntN(3)
		if random.IntN(8) == 0 {
			o.size = o.old // a refresh
		}
		offers[i], bodies[i] = o, log.grow(r.t, o.branch, o.old, o.size)
	}
	history := make([]porcupine.Operation, racers)
	begin := time.Now()
	race(racers, func(i int) {
		if i%16 == 0 { // a clock that is not steady
			r.clock.set(start.Add(time.Duration(i) * time.Second / 4).Add(-time.Duration(i%32) * time.Second / 2))
		}
		call := time.Since(begin)
		answer := r.post(bodies[i])
		history[i] = porcupine.Operation{
			ClientId: i, Input: offers[i], Call: int64(call), Return: int64(time.Since(begin)),
		}
		out := outcome{status: answer.Code}
		switch answer.Code {
		case http.StatusConflict:
			out.known, _ = strconv.Atoi(strings.TrimSpace(answer.Body.String()))
		case http.StatusOK:
			c := log.head(offers[i].branch, offers[i].size)
			out.time = verifyLines(r.t, r.keys, c, answer.Body.String()).Unix()
		}
		history[i].Output = out
	})
	return history
}

// TestModelSees shows that the model finds what it is for.
func TestModelSees(t *testing.T) {
	at := func(n int64, in offer, out outcome) porcupine.Operation {
		return porcupine.Operation{ClientId: int(n), Input: in, Output: out, Call: n, Return: n}
	}
	left, right := branch{"left", 2}, branch{"right", 2}
	first := at(1, offer{0, 3, left}, outcome{status: 200, time: 100})
	for name, second := range map[string]porcupine.Operation{
		"a fork":              at(2, offer{3, 5, right}, outcome{status: 200, time: 100}),
		"a fork of one size":  at(2, offer{3, 3, right}, outcome{status: 200, time: 100}),
		"a smaller tree":      at(2, offer{0, 2, left}, outcome{status: 200, time: 100}),
		"an earlier time":     at(2, offer{3, 4, left}, outcome{status: 200, time: 99}),
		"another size held":   at(2, offer{0, 4, left}, outcome{status: 409, known: 2}),
		"a refusal of growth": at(2, offer{3, 4, left}, outcome{status: 422}),
	} {
		if porcupine.CheckOperations(sequential, []porcupine.Operation{first, second}) {
			t.Errorf("%s is explained", name)
		}
	}
	good := at(2, offer{3, 4, left}, outcome{status: 200, time: 100})
	if !porcupine.CheckOperations(sequential, []porcupine.Operation{first, good}) {
		t.Error("growth is not explained")
	}
}
