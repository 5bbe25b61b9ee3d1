// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"maps"
	"math/rand/v2"
	"sync"
	"time"
)

// The wait before a log is asked for again.
const (
	firstWait = time.Second
	maxWait   = time.Minute
)

// catchUp is what is known of the logs since the start.
type catchUp struct {
	kick chan struct{} // holds an element if there may be something to do

	mu sync.Mutex
	// missing is by origin what is still to be heard; a log that is not in it was heard, or is new to
	// the roster and not begun.
	heard   map[string]bool
	missing map[string]*attempt
}

// attempt is what has become of asking for a log.
type attempt struct {
	reason reason
	wait   time.Duration
	due    time.Time // when to ask again
}

func newCatchUp() *catchUp {
	return &catchUp{
		kick: make(chan struct{}, 1), heard: make(map[string]bool), missing: make(map[string]*attempt),
	}
}

// begin notes the logs that are to be asked for, while they become those that are witnessed. Those that
// were heard once since the start stay so.
func (c *catchUp) begin(logs map[string]Log, peers int, become func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	become()
	maps.DeleteFunc(c.missing, func(origin string, _ *attempt) bool { _, ok := logs[origin]; return !ok })
	for origin, l := range logs {
		if c.heard[origin] || c.missing[origin] != nil {
			continue
		}
		switch {
		case l.URL != "":
			c.missing[origin] = &attempt{reason: logUnheard}
		case peers > 0:
			c.missing[origin] = &attempt{reason: peersUnheard}
		default:
			c.heard[origin] = true
		}
	}
	c.wake()
}

// again lets the peers be heard once more.
func (c *catchUp) again(origin string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard[origin] {
		delete(c.heard, origin)
		c.missing[origin] = &attempt{reason: peersUnheard}
	}
	c.wake()
}

func (c *catchUp) wake() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// due returns the logs to ask for now, and when the next one is.
func (c *catchUp) due(now time.Time) (origins []string, next time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next = now.Add(maxWait)
	for origin, a := range c.missing {
		if a.due.After(now) {
			next = earlier(next, a.due)
		} else {
			origins = append(origins, origin)
		}
	}
	return origins, next
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// done notes what asking has come to. The waits grow, and differ, so that no log or peer that comes back
// is asked for everything at once.
func (c *catchUp) done(origin string, why reason, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.missing[origin]
	if a == nil { // left out meanwhile
		return
	}
	if why == ready {
		delete(c.missing, origin)
		c.heard[origin] = true
		return
	}
	a.reason, a.wait = why, min(max(2*a.wait, firstWait), maxWait)
	a.due = now.Add(a.wait/2 + rand.N(a.wait))
}

// unheard returns what is still to be heard of a log, or ready.
func (c *catchUp) unheard(origin string) reason {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch a := c.missing[origin]; {
	case c.heard[origin]:
		return ready
	case a != nil:
		return a.reason
	}
	return peersUnheard // it came this moment
}
