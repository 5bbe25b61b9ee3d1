// SPDX-License-Identifier: Apache-2.0

// Package storagetest is the contract that every storage passes, as tests. A storage's own tests
// add faults: History says, after any number of them, whether a promise was broken.
package storagetest

import (
	"context"
	"testing"
	"time"

	"cocket.example/log"
)

// An Opener opens one log as it was left last.
type Opener func(t testing.TB) log.Storage

// Session is a storage that runs.
type Session struct {
	log.Storage
	History *History

	t      testing.TB
	cancel context.CancelFunc
	done   chan error
}

// Start opens and runs a storage. When the test ends, the whole log is checked and the storage
// stopped, without being asked.
func Start(t testing.TB, open Opener, h *History) *Session {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &Session{Storage: open(t), History: h, t: t, cancel: cancel, done: make(chan error, 1)}
	go func() { s.done <- s.Run(ctx) }()
	t.Cleanup(s.Stop)
	return s
}

// Stop checks the log and stops the storage.
func (s *Session) Stop() {
	s.t.Helper()
	if s.cancel == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.History.Verify(ctx, s); err != nil {
		s.t.Error(err)
	}
	s.halt()
}

// halt stops the storage at once.
func (s *Session) halt() {
	s.t.Helper()
	s.cancel()
	s.cancel = nil
	if err := <-s.done; err != nil {
		s.t.Errorf("run: %v", err)
	}
}

// add appends entries that must be taken, and returns their indexes.
func (s *Session) add(batch []log.Entry) []uint64 {
	s.t.Helper()
	index, err := s.History.Append(context.Background(), s, batch)
	if err != nil {
		s.t.Fatal(err)
	}
	return index
}

// settle waits until all is integrated and returns the tree.
func (s *Session) settle() log.Tree {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.History.Settle(ctx, s); err != nil {
		s.t.Fatal(err)
	}
	tree, err := s.Tree(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	return tree
}

// Run puts a storage through the contract. create makes a new, empty log.
func Run(t *testing.T, create func(t testing.TB) Opener) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, open Opener)
	}{
		{"Indexes", testIndexes},
		{"EqualEntries", testEqualEntries},
		{"EntryLengths", testEntryLengths},
		{"Refusals", testRefusals},
		{"Reads", testReads},
		{"Growth", testGrowth},
		{"Drain", testDrain},
		{"Journal", testJournal},
		{"JournalRefusals", testJournalRefusals},
		{"Publish", testPublish},
		{"Covering", testCovering},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, create(t)) })
	}
}
