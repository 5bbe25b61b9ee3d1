// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
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
// A state that is known to have forgotten (State.generation) needs a quorum of peers that kept before it
// did, or the operator's word: a log that forks has no reason to show what would convict it.

// reason is why nothing is cosigned for a log.
type reason string

const (
	ready         reason = ""
	logUnheard    reason = "log"           // it has not shown its checkpoint yet
	peersUnheard  reason = "peers"         // too few have answered yet
	doubtful      reason = "doubt"         // the state has forgotten, and nobody has vouched for the log
	contradictory reason = "contradiction" // our own cosignatures contradict each other
)

// reasonText is for the clients.
var reasonText = map[reason]string{
	logUnheard:    "since its start this witness has not heard from the log what it cosigned before",
	peersUnheard:  "since its start this witness has not heard from its peers what it cosigned before",
	doubtful:      "this witness may have forgotten what it cosigned before",
	contradictory: "cosignatures of this witness for this log contradict each other: it makes no more",
}

// maxCatchUp is of how many logs at once it is asked.
const maxCatchUp = 32

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
	settle := time.NewTicker(settleInterval)
	defer settle.Stop()
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
		case <-settle.C:
			w.settle()
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return nil
}

// settleInterval is how often the database absorbs the journal at least, so that a journal alone that is
// brought back from an older copy shows.
const settleInterval = time.Minute

func (w *Witness) settle() {
	if err := w.config.State.settle(); err != nil {
		w.config.Logger.Error("the database could not absorb the journal", "err", err)
	}
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
		if held, err := w.visible(l.Origin()); err == nil {
			w.tell(held)
		}
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
		return w.publishedNone(l)
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
	found, err := recognize(w.own(), l, note)
	if errors.Is(err, errNotOurs) {
		logger.Info("the log's checkpoint has no cosignature of this witness", "size", c.Size)
		return nil
	}
	if err != nil {
		return err
	}
	return w.adopt(logger, found)
}

// publishedNone judges a log that has no checkpoint: a new one may need this witness for its first. One
// that was cosigned before has one, so this is another place.
func (w *Witness) publishedNone(l Log) error {
	held, err := w.config.State.latest(l.Origin())
	if err == nil && held.note != nil {
		err = errors.New("status 404, and it was cosigned before: is its url right?")
	}
	return err
}

// hearPeers asks the peers, and lets a quorum of them keep what is then held.
func (w *Witness) hearPeers(ctx context.Context, logger *slog.Logger, l Log) error {
	kept, unheard := w.peers.read(ctx, l.Origin(), func(note []byte) (record, error) {
		return recognize(w.own(), l, note)
	})
	for _, found := range kept {
		if err := w.adopt(logger.With("from", "peers"), found); err != nil {
			return err
		}
	}
	if unheard != nil {
		return unheard
	}
	held, err := w.config.State.latest(l.Origin())
	if err != nil {
		return err
	}
	if held.generation != w.config.State.generation {
		if !w.peersVouch || held.note != nil && len(kept) == 0 || held.generation == halted {
			return nil // and they get nothing that would look as if they had kept it all along
		}
		if err := w.config.State.vouch(l.Origin()); err != nil {
			return err
		}
	}
	if held.note == nil {
		return nil
	}
	return w.peers.replicate(ctx, held)
}
