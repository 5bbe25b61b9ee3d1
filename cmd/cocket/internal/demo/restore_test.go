// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	ours "cocket.example/client"
)

// TestRestoredSite restores the log's directory from an older copy, in front of running witnesses: the
// log signs nothing, says why, and is read on.
func TestRestoredSite(t *testing.T) {
	s, err := Prepare(t.TempDir(), bin)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, s)
	submit(t, c, 1)
	if err := s.KillLog(); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(s.path("older"), os.DirFS(s.path("log"))); err != nil {
		t.Fatal(err)
	}
	if err := s.StartLog(t.Context()); err != nil {
		t.Fatal(err)
	}
	submit(t, c, 2)
	if err := s.KillLog(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.path("log"), s.path("lost")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.path("older"), s.path("log")); err != nil {
		t.Fatal(err)
	}
	older := read(t, s.Dir, "log/checkpoint")
	if err := s.StartLog(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, s, c)
	if checkpoint, err := c.Checkpoint(t.Context()); err != nil || string(checkpoint) != string(older) {
		t.Errorf("published %q, %v, want what the copy holds", checkpoint, err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}

// submit submits made-up entries and waits for the receipt of the last.
func submit(t *testing.T, c *ours.Client, seed uint64) {
	t.Helper()
	index, err := c.SubmitBatch(t.Context(), made(t, seed, 10))
	if err == nil {
		_, err = c.Receipt(t.Context(), index[len(index)-1], patience)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// made makes up entries.
func made(t *testing.T, seed uint64, n int) (entries [][]byte) {
	t.Helper()
	in, err := openRows("", n)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		r, err := in.next()
		if err != nil {
			t.Fatal(err)
		}
		r.fields["declaration.number"] = fmt.Sprintf("%d-%s", seed, r.fields["declaration.number"])
		l := sealOne(1, r)
		if l.entry == nil {
			t.Fatal(l.Refused)
		}
		entries = append(entries, l.entry)
	}
	return entries
}

// wantRefusal waits until the log takes nothing more, and says why.
func wantRefusal(t *testing.T, s *Site, c *ours.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	const why = "a checkpoint with this log's signature is ahead of its storage"
	for !strings.Contains(string(read(t, s.Dir, "log.out")), why) {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("the log does not say %q: %s", why, read(t, s.Dir, "log.out"))
		}
	}
	if _, err := c.SubmitBatch(ctx, made(t, 3, 1)); err == nil {
		t.Error("an entry was taken")
	}
}
