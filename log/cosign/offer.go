// SPDX-License-Identifier: Apache-2.0

package cosign

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"cocket.example/receipt"
)

// offer is a signed checkpoint and what the witnesses said to it.
type offer struct {
	checkpoint receipt.Checkpoint
	signed     []byte
	lines      map[string]receipt.Signature // valid cosignatures, by the policy's names
	errs       map[string]error             // what each of the others answered last
	cosigned   map[*endpoint]bool           // where a line came from
	unproven   map[*endpoint]bool           // who claimed to hold more and did not show it
	satisfied  bool                         // a quorum was handed out
}

func (o *offer) has(name string) bool {
	_, ok := o.lines[name]
	return ok
}

// put makes a signed checkpoint the newest offer. One that is still without a quorum stays, with the
// cosignatures that it has.
func (g *Gatherer) put(signed []byte) (*offer, error) {
	cp, _, err := receipt.ParseCheckpoint(signed)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.offer != nil && string(g.offer.signed) == string(signed) && !g.offer.satisfied {
		return g.offer, nil
	}
	g.offer = &offer{
		checkpoint: cp, signed: signed,
		lines: make(map[string]receipt.Signature), errs: make(map[string]error),
		cosigned: make(map[*endpoint]bool), unproven: make(map[*endpoint]bool),
	}
	g.wake()
	return g.offer, nil
}

func (g *Gatherer) newest() (*offer, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.offer, g.changed
}

// answered records what an endpoint said to an offer, and reports whether every witness there has
// cosigned it, now or before.
func (g *Gatherer) answered(o *offer, e *endpoint, t taken) (all bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(t.lines) > 0 {
		o.cosigned[e] = true
		delete(o.unproven, e)
	}
	all = true
	for _, w := range e.witnesses {
		line, ok := t.lines[w.Name]
		switch {
		case o.has(w.Name): // the line that is published already stays
		case ok:
			o.lines[w.Name] = line
			delete(o.errs, w.Name)
			g.metrics.size.WithLabelValues(w.Name).Set(float64(o.checkpoint.Size))
		default:
			all = false
			g.refused(o, w.Name, t.errs[w.Name])
		}
	}
	g.wake()
	return all
}

// refused records why there is no cosignature of a witness, and logs it once; mu is held.
func (g *Gatherer) refused(o *offer, name string, err error) {
	claims := errors.Is(err, errClaimsMore)
	if before := o.errs[name]; before == nil || before.Error() != err.Error() {
		level := slog.LevelWarn
		if claims {
			level = slog.LevelError
		}
		g.config.Logger.Log(context.Background(), level, "witness gave no cosignature",
			"witness", name, "size", o.checkpoint.Size, "err", err)
	}
	o.errs[name] = err
	g.metrics.failures.WithLabelValues(name).Inc()
	if claims {
		g.metrics.claims.WithLabelValues(name).Inc()
	}
}

// missing says who has not cosigned, and why.
func (g *Gatherer) missing(ctx context.Context, o *offer) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var why []string
	for _, w := range g.config.Policy.Witnesses {
		if o.has(w.Name) {
			continue
		}
		if err := o.errs[w.Name]; err != nil {
			why = append(why, fmt.Sprintf("%s: %v", w.Name, err))
		} else {
			why = append(why, w.Name+": no answer yet")
		}
	}
	return fmt.Errorf("no quorum of cosignatures (%s): %w", strings.Join(why, "; "), context.Cause(ctx))
}

// assemble puts the cosignatures behind the log's signatures, in the policy's order.
func (g *Gatherer) assemble(o *offer) []byte {
	b := slices.Clone(o.signed)
	for _, w := range g.config.Policy.Witnesses {
		if line, ok := o.lines[w.Name]; ok {
			b = append(b, line.String()...)
		}
	}
	return b
}
