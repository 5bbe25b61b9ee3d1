// SPDX-License-Identifier: Apache-2.0

package ingest_test

import (
	"context"
	"testing"

	"cocket.example/declaration"
	"cocket.example/log"
	"cocket.example/log/ingest"
	"cocket.example/log/internal/logtest"
)

// gated is a log whose appends wait for a gate, and say when they came to it.
type gated struct {
	*logtest.Log
	entered chan struct{}
	open    chan struct{}
}

func (g gated) Append(ctx context.Context, batch []log.Entry, index []uint64) error {
	g.entered <- struct{}{}
	<-g.open
	return g.Log.Append(ctx, batch, index)
}

func TestRefers(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t)})
	issued := logtest.Issue(t)
	withdrawal := logtest.Refer(t, "withdraw", issued)
	s.add(withdrawal).want(t, 409, "line refers names no entry of this log…")
	s.add(issued).want(t, 200, "0")
	s.add(withdrawal).want(t, 200, "1")
	s.add(withdrawal).want(t, 200, "1") // repeated
	amendment := logtest.Refer(t, "amend", issued)
	s.add(amendment).want(t, 200, "2")
	s.add(logtest.Refer(t, "amend", amendment)).want(t, 200, "3")
	s.add(logtest.Refer(t, "withdraw", withdrawal)).want(t, 409, "refers: …")
}

func TestRefersWithinBatch(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t)})
	issued := logtest.Issue(t)
	amendment := logtest.Refer(t, "amend", issued)
	withdrawal := logtest.Refer(t, "withdraw", amendment)
	s.addBatch(amendment, issued).want(t, 409, "entry 0: line refers names no entry of this log…")
	s.addBatch(issued, amendment, withdrawal, amendment).want(t, 200, "0 3\n1 1\n")
	s.addBatch(withdrawal, amendment).want(t, 200, "2 1\n1 1\n") // known: not looked at again
	s.addBatch(logtest.Issue(t), logtest.Refer(t, "withdraw", withdrawal)).
		want(t, 409, "entry 1: refers: …")
}

func TestRefersOfAnother(t *testing.T) {
	list := submitters()
	list[1].Events, list[1].Profiles = nil, nil
	s := serve(t, ingest.Config{Log: logtest.Start(t), Submitters: list})
	issued := logtest.Issue(t)
	s.add(issued).want(t, 200, "0")
	leaf := logtest.LeafHash(issued)
	theirs := logtest.Seal(t, declaration.Declaration{
		Event: "withdraw", Submitter: "clerk.example", Refers: &leaf,
	})
	s.add(theirs, header("Authorization", "Bearer "+otherToken)).want(t, 409, "refers: …")
}

func TestRefersToBytes(t *testing.T) {
	s := serve(t, ingest.Config{Log: logtest.Start(t), Entries: ingest.Any})
	bytes := []byte("not a declaration")
	s.add(bytes).want(t, 200, "0")
	s.add(logtest.Refer(t, "withdraw", bytes)).want(t, 409, "line refers names an entry that is no declaration\n")
}
