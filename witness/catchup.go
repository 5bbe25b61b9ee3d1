// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"cocket.example/receipt"
	"golang.org/x/sync/errgroup"
)

// A state that was brought back as a whole cannot be told from one that was not touched. So after
// every start the witness first asks, for each log, those that know what it signed before:
//
//	the log, if it has a URL ── its checkpoint, with our cosignature ──┐
//	the peers, if there are ─── what they keep of the log ────────────┤
//	                                                                  ▼
//	                        adopt what is later than what is held, stop where it contradicts
//	                                                                  ▼
//	                        let a quorum of peers keep what is held ──▶ cosign
//
// A state that is known to have forgotten (State.generation) needs a quorum of peers or the operator's
// word: a log that forks has no reason to show what would convict it.

// reason is why nothing is cosigned for a log.
type reason string

const (
	ready         reason = ""
	logUnheard    reason = "log"           // it has not shown its checkpoint yet
	peersUnheard  reason = "peers"         // too few have answered yet
	doubtful      reason = "doubt"         // the state has forgotten, and nobody has vouched for the log
	contradictory reason = "contradiction" // our own cosignatures contradict each other
)

// text is for the clients.
var reasonText = map[reason]string{
	logUnheard:    "since its start this witness has not heard from the log what it cosigned before",
	peersUnheard:  "since its start this witness has not heard from its peers what it cosigned before",
	doubtful:      "this witness may have forgotten what it cosigned before",
	contradictory: "cosignatures of this witness for this log contradict each other: it makes no more",
}

// maxCatchUp is of how many logs at once it is asked.
const maxCatchUp = 32

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

// begin notes the logs that are to be asked for. Those that were heard once since the start stay so.
func (c *catchUp) begin(logs map[string]Log, peers int) {
	c.mu.Lock()
	defer c.mu.Unlock()
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

// reason returns why nothing is cosigned for a log that is witnessed, or ready.
func (w *Witness) reason(held record) reason {
	switch held.generation {
	case halted:
		return contradictory
	case w.config.State.generation:
		return w.catchUp.unheard(held.checkpoint.Origin)
	}
	if why := w.catchUp.unheard(held.checkpoint.Origin); why == peersUnheard {
		return why // who may vouch for it
	}
	return doubtful
}

// mayCosign refuses while something is to be heard of the log.
func (w *Witness) mayCosign(held record) error {
	why := w.reason(held)
	if why == ready {
		return nil
	}
	refused := refuse(http.StatusServiceUnavailable, "%s", reasonText[why])
	refused.logged = true
	return refused
}

// waiting counts the logs for which nothing is cosigned, by reason.
func (w *Witness) waiting() map[reason]int {
	n := make(map[reason]int)
	for origin := range w.roster.Load().logs {
		held, _ := w.config.State.latest(origin)
		if why := w.reason(held); why != ready {
			n[why]++
		}
	}
	return n
}

// Run catches up with what was cosigned before, for every log, and for those that SetLogs adds. It
// returns when ctx ends and nothing that it or a request has begun is under way; ctx is to end after the
// last request.
func (w *Witness) Run(ctx context.Context) error {
	defer w.peers.running.Wait()
	for ctx.Err() == nil {
		origins, next := w.catchUp.due(time.Now())
		w.catchUpAll(ctx, origins)
		if len(origins) > 0 {
			continue // what is due has changed
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-timer.C:
		case <-w.catchUp.kick:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return nil
}

func (w *Witness) catchUpAll(ctx context.Context, origins []string) {
	var group errgroup.Group
	group.SetLimit(maxCatchUp)
	for _, origin := range origins {
		group.Go(func() error {
			if l, ok := w.log(origin); ok && ctx.Err() == nil {
				w.catchUpOne(ctx, l)
			}
			return nil
		})
	}
	_ = group.Wait()
}

func (w *Witness) catchUpOne(ctx context.Context, l Log) {
	logger := w.config.Logger.With("origin", l.Origin())
	why, err := w.hear(ctx, logger, l)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		logger.Warn("not heard yet what was cosigned before", "of", string(why), "err", err)
	default:
		logger.Debug("heard what was cosigned before")
	}
	w.catchUp.done(l.Origin(), why, time.Now())
}

// hear asks the log and the peers, and adopts what they show. It returns who was not heard.
func (w *Witness) hear(ctx context.Context, logger *slog.Logger, l Log) (reason, error) {
	var fromLog error
	if l.URL != "" {
		fromLog = w.hearLog(ctx, logger.With("from", l.URL), l)
	}
	if len(w.peers.urls) > 0 {
		if err := w.hearPeers(ctx, logger, l); err != nil {
			return peersUnheard, err
		}
	}
	if fromLog != nil {
		return logUnheard, fromLog
	}
	return ready, nil
}

// hearLog asks the log for its checkpoint. One that the log has not signed says nothing at all. One
// without our cosignature says nothing of what we signed: a log may get on without us.
func (w *Witness) hearLog(ctx context.Context, logger *slog.Logger, l Log) error {
	status, note, err := w.peers.send(ctx, http.MethodGet, strings.TrimSuffix(l.URL, "/")+"/checkpoint", nil)
	switch {
	case err != nil:
		return err
	case status == http.StatusNotFound:
		return nil // it has published none yet
	case status != http.StatusOK:
		return fmt.Errorf("status %d", status)
	}
	c, signatures, err := receipt.ParseCheckpoint(note)
	if err != nil {
		return err
	}
	if c.Origin != l.Origin() {
		return fmt.Errorf("checkpoint of %q, want one of %q", c.Origin, l.Origin())
	}
	if _, err := verify(l.Keys, c, signatures); err != nil {
		return err
	}
	found, err := recognize(w.own, l, note)
	if errors.Is(err, errNotOurs) {
		logger.Info("the log's checkpoint has no cosignature of this witness", "size", c.Size)
		return nil
	}
	if err != nil {
		return err
	}
	return w.adopt(logger, found)
}

// hearPeers asks the peers, and lets a quorum of them keep what is then held.
func (w *Witness) hearPeers(ctx context.Context, logger *slog.Logger, l Log) error {
	kept, unheard := w.peers.read(ctx, l.Origin(), func(note []byte) (record, error) {
		return recognize(w.own, l, note)
	})
	for _, found := range kept {
		if err := w.adopt(logger.With("from", "peers"), found); err != nil {
			return err
		}
	}
	if unheard != nil {
		return unheard
	}
	if err := w.config.State.vouch(l.Origin()); err != nil {
		return err
	}
	held, err := w.config.State.latest(l.Origin())
	if err != nil || held.note == nil || held.generation == halted {
		return err
	}
	return w.peers.replicate(ctx, held)
}
