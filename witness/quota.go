// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"net/http"
	"sync"
	"time"
)

const (
	day = 24 * 60 * 60 // seconds
	// minBurst is how many cosignatures of a log with a small quota may follow each other at once.
	minBurst = 10
)

// quota is what a log may still have today. What nobody but the log can make, a larger checkpoint,
// and what anybody can send, the latest one once more, are counted apart: a stranger who sends the
// public checkpoint again and again does not keep the log from growing.
//
//	growth   a checkpoint larger than the latest cosigned one    qpd a day
//	refresh  the latest cosigned one                             qpd a day
//
// Only what is cosigned counts. After a pause an hour's worth may come at once, and 10 where that is
// less. It is kept in memory: a restart begins anew.
type quota struct {
	growth, refresh bucket
	refused         [2]uint64 // growth, refresh
}

// Kinds of cosignatures: places in quota.refused, and labels of the metric.
const (
	growing = iota
	refreshing
)

var kinds = [...]string{growing: "growth", refreshing: "refresh"}

// quotas are by the origins of the logs that have one and were cosigned since the start.
type quotas struct {
	mu  sync.Mutex
	all map[string]*quota
}

func newQuotas() *quotas { return &quotas{all: make(map[string]*quota)} }

// retain forgets those of logs that are left out.
func (q *quotas) retain(r *roster) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for origin := range q.all {
		if r.logs[origin].QPD == 0 {
			delete(q.all, origin)
		}
	}
}

// refused returns how many cosignatures were refused by kind, and whether the origin has a quota.
func (q *quotas) refused(origin string) (n [2]uint64, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	one, ok := q.all[origin]
	if ok {
		n = one.refused
	}
	return n, ok
}

// daily is the rate of a quota.
func daily(qpd uint32) rate {
	n := float64(qpd)
	return rate{second: n / day, burst: min(n, max(n/24, minBurst))}
}

// spend takes from the quota of the request's log, which it has signed, what a cosignature costs. An
// empty one refuses.
func (w *Witness) spend(held record, r request) error {
	origin := r.checkpoint.Origin
	log, _ := w.log(origin)
	if log.QPD == 0 {
		return nil
	}
	kind := growing
	if held.note != nil && held.checkpoint.Size == r.checkpoint.Size {
		kind = refreshing
	}
	wait := w.quotas.spend(origin, kind, daily(log.QPD), w.config.Now())
	if wait == 0 {
		return nil
	}
	refused := refuse(http.StatusTooManyRequests, "this witness cosigns %d larger checkpoints of %s a day, "+
		"and as many refreshes", log.QPD, origin)
	refused.reason, refused.retry = "qpd", wait
	return refused
}

// spend returns how long to wait if nothing is left of the kind.
func (q *quotas) spend(origin string, kind int, daily rate, now time.Time) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	one := q.all[origin]
	if one == nil {
		one = new(quota)
		q.all[origin] = one
	}
	b := &one.growth
	if kind == refreshing {
		b = &one.refresh
	}
	if b.fill(daily, now) < 1 {
		one.refused[kind]++
		return max(b.wait(daily), time.Second)
	}
	b.level--
	return 0
}
