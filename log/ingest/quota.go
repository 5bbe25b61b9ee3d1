// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"net/http"
	"sync"
	"time"

	"cocket.example/log/internal/web"
)

// quota lets a submitter append rate entries a second on average. It is a debt that time pays off:
// whoever owes nothing may append a whole batch, however large, and then waits until it is paid.
// (A bucket of tokens would refuse a batch above its size for ever.)
type quota struct {
	rate float64 // entries a second; 0: no quota

	mu   sync.Mutex
	paid time.Time // when everything appended so far is paid off
}

// spend appends n entries to the debt, or says how long to wait.
func (q *quota) spend(now time.Time, n int) error {
	if q.rate == 0 {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if left := q.paid.Sub(now); left > 0 {
		e := web.Errorf(http.StatusTooManyRequests,
			"your quota of %g entries a second is used up, try again after the time in Retry-After", q.rate)
		e.RetryAfter = left
		return e
	}
	q.paid = now.Add(time.Duration(float64(n) / q.rate * float64(time.Second)))
	return nil
}
