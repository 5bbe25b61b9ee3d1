// SPDX-License-Identifier: Apache-2.0

package fsck

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// Signature says how far a checkpoint's signature was checked.
type Signature string

// What was checked of the checkpoint's signatures.
const (
	NotChecked Signature = "not checked" // no key was given: the tree is compared with an unproven root
	ByKey      Signature = "log"         // the log's own signature holds
	ByPolicy   Signature = "policy"      // the log's holds, and the policy's quorum is satisfied
	Broken     Signature = "broken"      // it does not hold; the tree was not compared
)

// Report is what a check found.
type Report struct {
	Origin    string    `json:"origin"`
	Size      uint64    `json:"size"`
	Root      []byte    `json:"root"`
	Signature Signature `json:"signature"`
	Entries   uint64    `json:"entries"` // hashed
	Resumed   uint64    `json:"resumed"` // entries that an earlier run found good
	Bundles   uint64    `json:"bundles"` // read
	Tiles     uint64    `json:"tiles"`   // read
	// Proven: what is not damaged gives the checkpoint's root.
	Proven  bool     `json:"proven"`
	Damaged uint64   `json:"damaged"` // resources
	Damages []Damage `json:"damages"` // the first of them
}

// Damage is one resource that is not what it should be.
type Damage struct {
	Path    string `json:"path"` // below the log's prefix
	Problem string `json:"problem"`

	ref     tile.Ref
	rebuilt []byte // what a tile holds if the rest is right; nil: not known from here
	tied    bool   // no vote could tell; in order after all if the root proves what was trusted
}

// Good reports whether all of the log was found in order.
func (r Report) Good() bool { return r.Damaged == 0 && r.Proven }

func (c *checker) damage(d Damage) {
	c.report.Damaged++
	if d.tied {
		c.tied++
	}
	if len(c.report.Damages) < c.Limit {
		c.report.Damages = append(c.report.Damages, d)
	}
}

// acquit takes back what was only suspected, once the root has proven it.
func (c *checker) acquit() {
	c.report.Damaged -= c.tied
	c.report.Damages = slices.DeleteFunc(c.report.Damages, func(d Damage) bool { return d.tied })
}

// damaged reports a tile or bundle by its tlog-tiles name.
func (c *checker) damaged(ref tile.Ref, problem string, rebuilt []byte) {
	c.damage(Damage{Path: ref.Path(), Problem: problem, ref: ref, rebuilt: append([]byte(nil), rebuilt...)})
}

const checkpointPath = "checkpoint"

// checkpoint reads and judges the checkpoint; ok is false where there is nothing to go on with.
func (c *checker) checkpoint(ctx context.Context) (cp receipt.Checkpoint, ok bool, err error) {
	signed, err := c.Source.Checkpoint(ctx)
	if err != nil {
		found, failed := unreadable(err)
		if failed != nil || errors.Is(found, errMissing) { // a directory without one is no log
			return cp, false, fmt.Errorf("checkpoint: %w", err)
		}
		c.damage(Damage{Path: checkpointPath, Problem: found.Error()})
		return cp, false, nil
	}
	cp, signatures, err := receipt.ParseCheckpoint(signed)
	if err != nil {
		c.damage(Damage{Path: checkpointPath, Problem: err.Error()})
		return cp, false, nil
	}
	c.report.Origin, c.report.Size, c.report.Root = cp.Origin, cp.Size, cp.Root[:]
	c.report.Signature = NotChecked
	switch {
	case c.Policy != nil:
		c.report.Signature = ByPolicy
		_, err = c.Policy.Verify(signed)
	case c.Key != nil:
		c.report.Signature = ByKey
		if err = c.Key.VerifyLog(cp, signatures); err == nil && c.Key.Name != cp.Origin {
			err = fmt.Errorf("origin %q is not the log of key %q", cp.Origin, c.Key.Name)
		}
	}
	if err != nil {
		c.report.Signature = Broken
		c.damage(Damage{Path: checkpointPath, Problem: err.Error() + "; the tree cannot be judged by it"})
	}
	return cp, err == nil, nil
}
