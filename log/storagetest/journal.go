// SPDX-License-Identifier: Apache-2.0

package storagetest

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"
	"time"

	"cocket.example/log"
)

// epoch is when the heads of these tests were signed.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// testJournal signs a growing tree and opens the log again after every head.
func testJournal(t *testing.T, open Opener) {
	h := NewHistory()
	previous := log.Head{}
	for i, n := range []int{0, 1, 0, 299} { // a heartbeat, too
		s := Start(t, open, h)
		got, err := s.Signed(t.Context())
		if err != nil || got.Size != previous.Size || !got.Time.Equal(previous.Time) {
			t.Fatalf("journal %v, want %v: %v", got, previous, err)
		}
		s.add(Entries(int(previous.Size), n))
		next := log.Head{Tree: s.settle(), Time: epoch.Add(time.Duration(i) * time.Second)}
		if err := s.Sign(t.Context(), got, next); err != nil {
			t.Fatal(err)
		}
		h.signed = []log.Head{next}
		previous = next
		s.Stop()
	}
}

// testJournalRefusals: a head that does not go on from the last is refused, and leaves it alone.
func testJournalRefusals(t *testing.T, open Opener) {
	h := NewHistory()
	s := Start(t, open, h)
	first, err := s.Signed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.add(Entries(0, 10))
	ten := log.Head{Tree: s.settle(), Time: epoch}
	if err := s.Sign(t.Context(), first, ten); err != nil {
		t.Fatal(err)
	}
	h.signed = []log.Head{ten}
	s.add(Entries(10, 10))
	tree := s.settle()
	good := log.Head{Tree: tree, Time: epoch}
	for _, c := range []struct {
		name     string
		previous log.Head
		next     log.Head
		conflict bool
	}{
		{"another previous head", first, good, true},
		{"another previous root", log.Head{Tree: log.Tree{Size: 10}, Time: epoch}, good, true},
		{"another previous time", log.Head{Tree: ten.Tree, Time: epoch.Add(-time.Second)}, good, true},
		{"a smaller size", ten, log.Head{Tree: first.Tree, Time: epoch}, false},
		{"a second root", ten, log.Head{Tree: log.Tree{Size: 10, Root: tree.Root}, Time: epoch}, false},
		{"an earlier time", ten, log.Head{Tree: tree, Time: epoch.Add(-time.Second)}, false},
		{"part of a second", ten, log.Head{Tree: tree, Time: epoch.Add(time.Millisecond)}, false},
		{"no time", ten, log.Head{Tree: tree}, false},
		{"a tree that is not integrated", ten, log.Head{Tree: log.Tree{Size: 21, Root: tree.Root}, Time: epoch}, false},
	} {
		err := s.Sign(t.Context(), c.previous, c.next)
		if err == nil || errors.Is(err, log.ErrConflict) != c.conflict {
			t.Errorf("%s: %v", c.name, err)
		}
		if got, _ := s.Signed(t.Context()); got.Size != 10 || got.Root != ten.Root || !got.Time.Equal(epoch) {
			t.Errorf("%s: the journal has become %v", c.name, got)
		}
	}
	if err := s.Sign(t.Context(), ten, good); err != nil {
		t.Error(err)
	}
	h.signed = []log.Head{good}
}

// testPublish publishes sizes up to the next tile and the same one again, and opens the log again
// after each.
func testPublish(t *testing.T, open Opener) {
	h := NewHistory()
	var last []byte
	for _, n := range []int{0, 1, 199, 0, 56, 1} {
		s := Start(t, open, h)
		got, err := s.Published(t.Context())
		if last == nil && !errors.Is(err, fs.ErrNotExist) || !bytes.Equal(got, last) {
			t.Fatalf("published %q, want %q: %v", got, last, err)
		}
		if n > 0 {
			s.add(Entries(int(s.settle().Size), n))
		}
		s.settle()
		if err := h.Publish(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		last = h.published[0].checkpoint
		s.Stop()
	}
	s := Start(t, open, h)
	small := Checkpoint(log.Head{Tree: log.Tree{Size: 200}, Time: epoch})
	if err := s.Publish(t.Context(), 200, small); err == nil {
		t.Error("a smaller size was published")
	}
	if err := s.Publish(t.Context(), 300, small); err == nil {
		t.Error("a checkpoint was published under another size than its own")
	}
	if got, err := s.Published(t.Context()); err != nil || !bytes.Equal(got, last) {
		t.Errorf("published %q after refusals, want %q: %v", got, last, err)
	}
}

// testCovering publishes many checkpoints; Verify asks for each of them.
func testCovering(t *testing.T, open Opener) {
	h := NewHistory()
	for range 3 {
		s := Start(t, open, h)
		for i := range 10 {
			s.add(Entries(int(s.settle().Size), 1+i%3))
			s.settle()
			if err := h.Publish(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Covering(t.Context(), s.settle().Size); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("an entry that no checkpoint covers: %v", err)
		}
		s.Stop()
	}
}
