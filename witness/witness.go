// SPDX-License-Identifier: Apache-2.0

// Package witness cosigns the checkpoints of logs that only grow (c2sp.org/tlog-witness). For each
// origin it remembers the largest checkpoint that it has cosigned, and cosigns another only if a
// consistency proof leads there from the one remembered.
//
//	body ──▶ parse ──▶ origin known? ──▶ signed by the log? ──▶ judge ──▶ sign ──▶ commit ──▶ answer
//	          400          404                403            400 409 422             └─ unless another came first: judge again
//
// What it is trusted with: never to cosign two checkpoints of one log that are not consistent, and
// never to state a time before one that it has stated (TW-15). It therefore makes its state durable
// before a cosignature leaves, and stops for good when it cannot.
package witness

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"cocket.example/receipt"
	"github.com/prometheus/client_golang/prometheus"
)

// Config of a Witness. State, Keys and Logs are needed; the zero value of every other field means
// its default.
type Config struct {
	State *State
	// Keys make the cosignatures; each signs every checkpoint: one of Ed25519 (type 0x04), one of
	// ML-DSA-44 (type 0x06), or both.
	Keys []Signer
	// Logs are the logs to be witnessed at first; SetLogs replaces them.
	Logs []Log
	// Peers are the addresses of other witnesses that keep what this one cosigns (see peers): http or
	// https, without a final slash. They keep it under the first of Keys.
	Peers []string
	// PeerWrite is how many of them must have it before a cosignature leaves. Default: more than half.
	PeerWrite int
	// Keeps are the keys of other witnesses for which this one is a peer.
	Keeps []receipt.VerifierKey
	// Watcher reads what is behind the checkpoints that are cosigned; nil: nobody does.
	Watcher Watcher
	// ClockStep is by how much the clock may be behind the time of a log's latest cosignature. Within
	// it that time is stated again; beyond it nothing is signed (TW-15). Default 1 min.
	ClockStep time.Duration
	// Timeout bounds reading one request and writing one answer. Default 10 s.
	Timeout time.Duration
	// Limits bound what clients may take.
	Limits Limits

	Now        func() time.Time      // nil: time.Now
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil: not registered
}

// Watcher reads the entries of checkpoints that were cosigned (package watch). Its methods do no I/O.
type Watcher interface {
	// Gate returns why no checkpoint larger than the latest one of the origin is cosigned, or nil.
	Gate(origin string) error
	// Cosigned is told what was cosigned, once it is durable, and its signed note, which it keeps.
	Cosigned(c receipt.Checkpoint, note []byte)
}

func (c Config) withDefaults() Config {
	if c.ClockStep == 0 {
		c.ClockStep = time.Minute
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	c.Limits = c.Limits.withDefaults()
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Witness cosigns checkpoints. It is safe for concurrent use. For logs with a URL, and with peers, it
// cosigns only what Run has caught up with.
type Witness struct {
	config  Config
	keys    []key
	roster  atomic.Pointer[roster]
	slots   chan struct{} // holds one element for each add-checkpoint being answered
	guard   *guard
	quotas  *quotas
	metrics *metrics
	catchUp *catchUp
	peers   *peers
	keeps   map[string]receipt.VerifierKey // by keeperOf
	// peersVouch says that the peers were the same before this generation of the state.
	peersVouch bool
	keptSlots  chan struct{} // as slots, for what is brought to be kept

	subtrees *subtrees
}

// New checks the configuration. The state remains its owner's, to be closed after the last request.
func New(c Config) (*Witness, error) {
	c = c.withDefaults()
	if c.State == nil {
		return nil, errors.New("witness without state")
	}
	keys, err := newKeys(c.Keys)
	if err != nil {
		return nil, err
	}
	w := &Witness{
		config: c, keys: keys, slots: make(chan struct{}, c.Limits.Requests),
		guard: newGuard(c.Limits), quotas: newQuotas(),
	}
	w.subtrees = newSubtrees(keys, w.witnesses)
	if err := w.connect(); err != nil {
		return nil, err
	}
	if err := w.SetLogs(c.Logs); err != nil {
		return nil, err
	}
	w.metrics = newMetrics(c.Registerer, w)
	if c.Registerer != nil {
		if err := c.Registerer.Register(newWaitingMetrics(w)); err != nil {
			return nil, err
		}
	}
	if doubt := c.State.doubt; doubt != "" {
		c.Logger.Error("what was cosigned last is not known: nothing is cosigned for a log before peers or the "+
			"operator have vouched for it", "reason", doubt)
	}
	return w, nil
}

// connect prepares what has to do with other witnesses.
func (w *Witness) connect() (err error) {
	w.catchUp, w.keptSlots = newCatchUp(), make(chan struct{}, maxKeptAsked)
	if w.keeps, err = newKeeps(w.config.Keeps, w.own()); err != nil {
		return err
	}
	if w.peers, err = newPeers(w.config.Peers, w.config.PeerWrite, w.own()[0]); err != nil {
		return err
	}
	w.peersVouch, err = w.config.State.setPeers(w.peers.String())
	return err
}

// own returns the public keys of the witness.
func (w *Witness) own() (public []receipt.VerifierKey) {
	for _, k := range w.keys {
		public = append(public, k.public)
	}
	return public
}

// witnesses reports whether the origin is that of a log that is witnessed here.
func (w *Witness) witnesses(origin string) bool {
	_, known := w.log(origin)
	return known
}

// Health returns why the witness signs nothing any more, or nil.
func (w *Witness) Health(context.Context) error { return w.config.State.Fault() }

// Waiting returns for how many logs nothing is cosigned, and why, or nil. That is no fault of the witness,
// and a restart would not mend it.
func (w *Witness) Waiting() error {
	var parts []string
	waiting := w.waiting()
	for _, why := range slices.Sorted(maps.Keys(waiting)) {
		parts = append(parts, fmt.Sprintf("%d of %d logs (%s): %s", waiting[why], len(w.roster.Load().logs), why,
			reasonText[why]))
	}
	if len(parts) == 0 {
		return nil
	}
	return fmt.Errorf("nothing is cosigned for %s", strings.Join(parts, "; "))
}
