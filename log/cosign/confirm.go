// SPDX-License-Identifier: Apache-2.0

package cosign

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"

	"cocket.example/log"
	"cocket.example/receipt"
)

// Confirm asks, before the first new signature after a start, what the witnesses hold. It sends the
// checkpoint signed last again: a witness that cosigns it holds nothing larger. Where a monitoring
// prefix is known, what is published there is compared too. It returns once the witnesses that were
// not heard from could not satisfy the quorum alone.
//
// A witness that claims to hold more (409) is asked to show it:
//
//	it shows a checkpoint with this log's signature ──▶ ErrAhead: nothing is signed any more
//	it shows none, and more witnesses have cosigned
//	than make such claims ─────────────────────────────▶ an alarm; it is left out and counts as heard
//	it shows none, and they have not ──────────────────▶ an alarm; the start waits
//
// The last line is for a log that was restored from an older copy, whose witnesses do not say what
// they hold: then a claim is all that is seen of it.
func (g *Gatherer) Confirm(ctx context.Context, signed []byte) error {
	o, err := g.put(signed)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, looking := errgroup.WithContext(ctx)
	for _, e := range g.endpoints {
		if e.monitor != "" {
			group.Go(func() error { return g.compare(looking, e, o.checkpoint) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return g.await(ctx, o, func() bool {
		heard := g.heard(o)
		return g.config.Policy.Quorum == "none" ||
			!g.config.Policy.Satisfied(func(name string) bool { return !heard[name] })
	})
}

// heard is who has said what it holds, or has claimed what it does not show while others, more than
// make such claims, cosigned. Whoever has two keys at one address is counted once.
func (g *Gatherer) heard(o *offer) map[string]bool {
	heard := make(map[string]bool)
	for _, e := range g.endpoints {
		for _, w := range e.witnesses {
			heard[w.Name] = o.has(w.Name) || o.unproven[e] && len(o.unproven) < len(o.cosigned)
		}
	}
	return heard
}

// compare looks at what a witness publishes. One that cannot be read is passed over: it still has to
// cosign.
func (g *Gatherer) compare(ctx context.Context, e *endpoint, ours receipt.Checkpoint) error {
	err := g.look(ctx, e, ours)
	if errors.Is(err, errUnread) {
		g.config.Logger.Warn("the witness's monitoring address gave no checkpoint", "witness", e.name(), "err", err)
		return nil
	}
	return err
}

// question looks for the proof of a larger tree at a witness that claims to hold one, below its
// monitoring prefix, or its own URL if none is known.
func (g *Gatherer) question(ctx context.Context, e *endpoint, o *offer) {
	err := g.look(ctx, e, o.checkpoint)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case errors.Is(err, log.ErrAhead):
		g.ahead = err
	case err != nil && e.unread < maxTries-1:
		e.unread++
	default:
		e.unread = 0
		o.unproven[e] = true
	}
}

// errUnread means that a witness did not say what it holds.
var errUnread = errors.New("what the witness holds cannot be read")

// look reads what a witness publishes of this log (TW-24). Only a checkpoint with the log's own
// signature counts.
func (g *Gatherer) look(ctx context.Context, e *endpoint, ours receipt.Checkpoint) error {
	theirs, err := g.fetch(ctx, e, ours.Origin)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnread, err)
	}
	if theirs.Size > ours.Size {
		return fmt.Errorf("witness %s holds size %d with this log's signature, signed here are %d: %w",
			e.name(), theirs.Size, ours.Size, log.ErrAhead)
	}
	root, err := g.config.Root(ctx, theirs.Size)
	if err != nil {
		return err
	}
	if root != theirs.Root {
		return fmt.Errorf("witness %s holds another tree of size %d with this log's signature: %w",
			e.name(), theirs.Size, log.ErrAhead)
	}
	return nil
}

var errForeign = errors.New("it does not hold this log's signature")

// fetch reads and authenticates a witness's checkpoint of this log; the empty tree stands for none.
// The line of any one of the log's keys makes it the log's.
func (g *Gatherer) fetch(ctx context.Context, e *endpoint, origin string) (receipt.Checkpoint, error) {
	empty := receipt.Checkpoint{Origin: origin, Root: sha256.Sum256(nil)}
	url := fmt.Sprintf("%s/%x/checkpoint", cmp.Or(e.monitor, e.url), sha256.Sum256([]byte(origin)))
	resp, err := e.do(ctx, http.MethodGet, url, nil)
	if err != nil {
		return empty, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return empty, nil
	}
	if resp.StatusCode != http.StatusOK {
		return empty, refusal(resp)
	}
	b, err := readAll(resp.Body, receipt.MaxCheckpoint)
	if err != nil {
		return empty, err
	}
	cp, signatures, err := receipt.ParseCheckpoint(b)
	if err != nil {
		return empty, err
	}
	for _, l := range g.config.Policy.Logs {
		if cp.Origin == origin && l.Key.Name == origin && l.Key.VerifyLog(cp, signatures) == nil {
			return cp, nil
		}
	}
	return empty, errForeign
}
