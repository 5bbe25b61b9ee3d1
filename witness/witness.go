// SPDX-License-Identifier: Apache-2.0

// Package witness cosigns the checkpoints of logs that only grow (c2sp.org/tlog-witness). For each
// origin it remembers the largest checkpoint that it has cosigned, and cosigns another only if a
// consistency proof leads there from the one remembered.
//
//	body ──▶ parse ──▶ origin known? ──▶ signed by the log? ──▶ judge ──▶ sign ──▶ commit ──▶ answer
//	          400          404                403            400 409 422     └─ one transaction ─┘
//
// What it is trusted with: never to cosign two checkpoints of one log that are not consistent, and
// never to state a time later or earlier than its clock's. It therefore makes its state durable
// before a cosignature leaves, and stops for good when it cannot.
package witness

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	Keys []*receipt.Cosigner
	// Logs are the logs to be witnessed at first; SetLogs replaces them.
	Logs []Log
	// Watcher reads what is behind the checkpoints that are cosigned; nil: nobody does.
	Watcher Watcher
	// ClockStep is by how much the clock may be behind the time of a log's latest cosignature. Within
	// it that time is stated again; beyond it nothing is signed (TW-15). Default 1 min.
	ClockStep time.Duration
	// Timeout bounds reading one request and writing one answer. Default 10 s.
	Timeout time.Duration

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
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Witness cosigns checkpoints. It starts no goroutine and is safe for concurrent use.
type Witness struct {
	config  Config
	roster  atomic.Pointer[roster]
	slots   chan struct{} // holds one element for each request being answered
	metrics *metrics
}

// New checks the configuration. The state remains its owner's, to be closed after the last request.
func New(c Config) (*Witness, error) {
	c = c.withDefaults()
	if c.State == nil {
		return nil, errors.New("witness without state")
	}
	if err := checkKeys(c.Keys); err != nil {
		return nil, err
	}
	w := &Witness{config: c, slots: make(chan struct{}, maxRequests), metrics: newMetrics(c.Registerer)}
	if err := w.SetLogs(c.Logs); err != nil {
		return nil, err
	}
	return w, nil
}

// checkKeys wants a key, and none twice.
func checkKeys(keys []*receipt.Cosigner) error {
	if len(keys) == 0 {
		return errors.New("witness without a cosignature key")
	}
	seen := make(map[string]bool)
	for _, k := range keys {
		if vkey := k.VerifierKey(); seen[vkey] {
			return fmt.Errorf("cosignature key %s is given twice", vkey)
		}
		seen[k.VerifierKey()] = true
	}
	return nil
}

// Health returns why the witness signs nothing any more, or nil.
func (w *Witness) Health(context.Context) error { return w.config.State.Fault() }
