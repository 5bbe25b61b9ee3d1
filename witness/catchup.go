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
		err := w.hearPeers(ctx, logger, l)
		if err == nil && fromLog == nil {
			err = w.makeKeepable(l)
		}
		if err == nil {
			err = w.share(ctx, l.Origin())
		}
		if err != nil {
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

// hearPeers asks the peers, and adopts what they keep.
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
	if !w.peersVouch || held.note != nil && len(kept) == 0 {
		return nil
	}
	return w.config.State.vouch(l.Origin())
}

// makeKeepable gives the record what peers want, one cosignature of the key under which they keep. There
// is none if that key is new, or if the record was found where its line was left out: then the checkpoint
// held is signed again. That is a refresh, and as before one the log is to have been heard: it may show a
// later cosignature, which must not be at an earlier time than this one.
func (w *Witness) makeKeepable(l Log) error {
	for range maxRaces {
		held, err := w.config.State.latest(l.Origin())
		if err != nil || !w.vouched(held) || w.keepable(held) {
			return err
		}
		_, signatures, err := receipt.ParseCheckpoint(held.note)
		if err != nil {
			return err
		}
		byLog, err := verify(l.Keys, held.checkpoint, signatures)
		if err != nil {
			byLog = nil // the log has changed its key
		}
		t, err := w.timestamp(held)
		if err != nil {
			return err
		}
		next, err := w.sign(held, request{checkpoint: held.checkpoint, signatures: byLog}, t)
		if err != nil {
			return err
		}
		if err := w.config.State.swap(l.Origin(), held, next); !errors.Is(err, errChanged) {
			return err
		}
	}
	return errChanged
}

// keepable reports whether peers keep the record.
func (w *Witness) keepable(r record) bool {
	_, err := recognizeKept(w.own()[0], r.note)
	return err == nil
}

// vouched reports whether the record has a checkpoint, and is known to be the latest.
func (w *Witness) vouched(r record) bool {
	return r.note != nil && r.generation == w.config.State.generation
}

// share lets a quorum of the peers keep what is held. What nobody has vouched for they do not get: it
// would look as if they had kept it all along.
func (w *Witness) share(ctx context.Context, origin string) error {
	held, err := w.config.State.latest(origin)
	if err != nil || !w.vouched(held) || !w.keepable(held) {
		return err
	}
	return w.peers.replicate(ctx, held)
}
