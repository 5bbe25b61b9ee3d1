// SPDX-License-Identifier: Apache-2.0

// Package log SKELETON of Log: the agreed API; its owner replaces this file by real ones.
package log

import (
	"context"
	"log/slog"
	"time"

	"cocket.example/receipt"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/mod/sumdb/note"
)

// Config of a Log. The zero value of every optional field means its default.
type Config struct {
	Origin     string
	Signers    []note.Signer // the log's keys (type 0x01), named like the origin
	Storage    Storage
	Policy     receipt.Policy        // the log's own key and its witnesses with URLs
	Cosigner   Cosigner              // nil: the policy's quorum is none
	Interval   time.Duration         // between checkpoints when there is something new; default 200 ms
	Heartbeat  time.Duration         // after which the same tree is signed again; default 10 min
	Timeout    time.Duration         // how long one publication waits for the quorum; default 5 s
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil: not registered
}

// Cosigner gathers cosignatures. log/cosign implements it.
type Cosigner interface {
	// Run owns every goroutine.
	Run(ctx context.Context) error
	// Confirm returns once the witnesses that were not heard from could not satisfy the quorum alone,
	// having sent the checkpoint signed last again (or asked their monitoring GET). An error that wraps
	// ErrAhead: a witness showed a checkpoint with the log's own signature that is larger or differs.
	Confirm(ctx context.Context, signed []byte) error
	// Cosign offers a signed checkpoint to every witness and returns it with the valid
	// cosignatures, once they satisfy the quorum.
	Cosign(ctx context.Context, signed []byte) ([]byte, error)
	// Cosigned returns the checkpoint offered last with every valid cosignature that came since.
	Cosigned() []byte
}

// Log appends, checks, journals, signs, publishes and proves.
type Log struct{}

// New checks the configuration. It starts nothing.
func New(c Config) (*Log, error) { panic("unwritten") }

// Run runs storage, cosigner and publication; returns when ctx ends and everything accepted is published (or cannot be).
func (l *Log) Run(ctx context.Context) error { panic("unwritten") }

// Append makes a batch durable; see Storage.Append.
func (l *Log) Append(ctx context.Context, batch []Entry, index []uint64) error { panic("unwritten") }

// Lookup finds a durable entry by leaf hash, signed or not.
func (l *Log) Lookup(ctx context.Context, leaf [32]byte) (uint64, bool, error) { panic("unwritten") }

// Entry reads a durable and integrated entry, signed or not; it waits until it is integrated.
func (l *Log) Entry(ctx context.Context, index uint64) ([]byte, error) { panic("unwritten") }

// Wait returns once a published checkpoint has more than index entries.
func (l *Log) Wait(ctx context.Context, index uint64) error { panic("unwritten") }

// Signed is the largest size that was journalled and signed: what may be read.
func (l *Log) Signed() uint64 { panic("unwritten") }

// ReadTile is the storage's, never beyond Signed (fs.ErrNotExist).
func (l *Log) ReadTile(ctx context.Context, level, index uint64, width int) ([]byte, error) {
	panic("unwritten")
}

// ReadBundle is the storage's, never beyond Signed.
func (l *Log) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	panic("unwritten")
}

// Published is the published checkpoint; fs.ErrNotExist if none yet.
func (l *Log) Published(ctx context.Context) ([]byte, error) { panic("unwritten") }

// Receipt for the earliest kept checkpoint that covers index, or the published one if latest.
func (l *Log) Receipt(ctx context.Context, index uint64, latest bool) (receipt.Receipt, error) {
	panic("unwritten")
}

// Metadata-ish: Origin, Policy for serve.
func (l *Log) Origin() string { panic("unwritten") }
