// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"cocket.example/client/conform/internal/wire"
	"cocket.example/client/conform/verdict"
)

const (
	racers   = 64 // requests at once
	heats    = 4  // times that they are sent
	restarts = 5
)

// caseRace is W16: half of the requests lead from size 8 to a tree of 13, half to another of 11.
func caseRace(ctx context.Context, s *subject, r *verdict.Result) {
	for i := range heats {
		l := s.log(heat(i))
		if _, ok := s.step(ctx, r, l, [2]int64{0, common}); !ok {
			return
		}
		s.judgeRace(r, s.race(ctx, l))
	}
	r.Check("%d times %d updates at once, to two trees that exclude each other", heats, racers)
}

// race sends all requests at once.
func (s *subject) race(ctx context.Context, l testLog) []answer {
	offers := [2]offer{l.offerOf(l.main, common, 13), l.offerOf(l.fork, common, 11)}
	answers := make([]answer, racers)
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range answers {
		all.Go(func() {
			<-start
			answers[i] = s.post(ctx, offers[i%2])
		})
	}
	close(start)
	all.Wait()
	return answers
}

func (s *subject) judgeRace(r *verdict.Result, answers []answer) {
	won := []int{}
	for i, a := range answers {
		switch {
		case a.is(http.StatusOK):
			won = append(won, i)
		case !a.is(http.StatusConflict):
			must("R6", "one of many updates at once", http.StatusOK, http.StatusConflict).judge(r, a)
		}
	}
	if len(won) != 1 {
		r.Fail(verdict.Must, "TW-12", answers[0], "of %d updates at once from one size %d were cosigned, want one "+
			"and the others stale", racers, len(won))
		return
	}
	size := [2]int64{13, 11}[won[0]%2]
	for _, a := range answers {
		s.judgeStale(r, a, "one of many updates at once", size)
	}
}

// caseRestart is W17.
func caseRestart(ctx context.Context, s *subject, r *verdict.Result) {
	if s.config.Restart == nil {
		r.Skip("needs --restart: a command that kills the witness as kill -9 does, and starts it again")
		return
	}
	l := s.log("w17")
	old := int64(0)
	for i := range int64(restarts) {
		size := 5 + 3*i
		if _, ok := s.step(ctx, r, l, [2]int64{old, size}); !ok {
			return
		}
		if err := s.config.Restart(ctx); err != nil {
			s.err = fmt.Errorf("--restart: %w", err)
			return
		}
		u := must("TW-12", "the size before, after kill -9", http.StatusConflict)
		s.judgeStale(r, s.awaken(ctx, r, u, l.offer(size-2, size-1)), u.what, size)
		s.try(ctx, r, must("TW-12", "the same size, after kill -9", http.StatusOK), l.offer(size, size))
		old = size
	}
	r.Check("%d times kill -9 right after an answer", restarts)
}

// awaken tries an offer until the witness answers again.
func (s *subject) awaken(ctx context.Context, r *verdict.Result, u rule, o offer) (a answer) {
	bounded, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	for {
		if a = s.post(bounded, o); a.status != 0 || wire.Sleep(bounded, s.config.tick/10) != nil {
			u.judge(r, a)
			return a
		}
	}
}

// caseTime is W18: the clock of the witness is out of reach, but what it states is not.
func caseTime(ctx context.Context, s *subject, r *verdict.Result) {
	const refreshes = 20
	l := s.log("w18")
	old := int64(0)
	for range refreshes {
		a, ok := s.step(ctx, r, l, [2]int64{old, 5})
		if !ok {
			return
		}
		if old = 5; len(s.back) > 0 {
			r.Fail(verdict.Must, "TW-15", a, "states a time before that of an earlier cosignature for the same log")
			break
		}
	}
	r.Check("%d cosignatures of one size, and all others of the run", refreshes)
	r.Skip("what becomes of a clock that is set back: it cannot be set from here")
}
