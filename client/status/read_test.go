// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"cocket.example/client"
	"cocket.example/declaration"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// filled is a log of n entries, in which some refer to others across bundles and steps.
func filled(n int) (b *book, cert []byte) {
	b = new(book)
	for i := range n {
		entry := issue("a.example", i)
		switch {
		case i == 7:
			cert = entry
		case i%300 == 299:
			entry = refer("amend", "a.example", b.entries[i-150], i)
		}
		b.add(entry)
	}
	return b, cert
}

// stopping breaks a reading off after so many bundles.
type stopping struct {
	*book
	left *atomic.Int64
	stop context.CancelFunc
}

func (s stopping) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	if s.left.Add(-1) == 0 {
		s.stop()
	}
	return s.book.ReadBundle(ctx, index, width)
}

// TestResume breaks a reading off again and again, lets the log grow meanwhile, and wants the answer of one
// that was never broken off, with no bundle read twice but for those of the step that was broken off.
func TestResume(t *testing.T) {
	const steps, bundles = 3, 5
	b, cert := filled(steps*bundles*tile.Width + 2_000)
	state := filepath.Join(t.TempDir(), "scan")
	var left atomic.Int64
	for round := range steps {
		ctx, cancel := context.WithCancel(t.Context())
		left.Store(bundles + 3)
		c := Config{Source: stopping{b, &left, cancel}, Policy: testKeys.policy, Read: true, State: state, step: bundles}
		_, err := Ask(ctx, c, declaration.LeafHash(cert))
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("round %d: %v", round, err)
		}
		s, _, err := load(state, testKeys.policy)
		if want := uint64(round+1) * bundles * tile.Width; err != nil || s.edge.End() != want {
			t.Fatalf("round %d: read %d entries, want %d: %v", round, s.edge.End(), want, err)
		}
		b.add(issue("a.example", 1_000_000+round))
	}
	withdrawn := b.size()
	b.add(refer("withdraw", "a.example", cert, 9))
	left.Store(1 << 30)
	c := Config{Source: stopping{b, &left, func() {}}, Read: true, State: state}
	a := asks(t, c, cert)[0]
	whole := asks(t, Config{Source: b, Read: true}, cert)[0]
	if got := a.At(a.Size); got.Kind != Withdrawn || got.Chain[0].Index != withdrawn || !a.Complete {
		t.Errorf("it is %s by %+v", got.Kind, got.Chain)
	}
	if says(a, a.Size) != says(whole, a.Size) || a.Index != whole.Index || a.Root != whole.Root {
		t.Errorf("%q, and read at once %q", says(a, a.Size), says(whole, a.Size))
	}
	s, _, err := load(state, testKeys.policy)
	r := newReading(c.withDefaults(), saved{}, nil)
	err = errors.Join(err, r.to(t.Context(), receipt.Checkpoint{Size: a.Size, Root: a.Root}, func() error { return nil }))
	if err != nil || !slices.Equal(s.found, r.found) || s.edge.End() != a.Size {
		t.Errorf("the state holds %d references, want %d: %v", len(s.found), len(r.found), err)
	}
}

// TestNewOnly: who has read a log reads only what is new, and of entries that he asks about for the
// first time the log tells where they stand.
func TestNewOnly(t *testing.T) {
	b, cert := filled(5000)
	state := filepath.Join(t.TempDir(), "scan")
	asks(t, Config{Source: desk{book: b}, Read: true, State: state}, cert)
	before := b.size()
	b.add(issue("a.example", 77_000), refer("amend", "a.example", b.entries[20], 5))
	var least uint64 = 1 << 60
	progress := func(done, total uint64) { least = min(least, done) }
	c := Config{Source: desk{book: b}, Read: true, State: state, Progress: progress}
	a := asks(t, c, b.entries[20], cert, b.entries[before])
	if says(a[0], a[0].Size) != "superseded by 5001, in force" || a[2].Index != before || least < before {
		t.Errorf("%q, index %d, read from %d", says(a[0], a[0].Size), a[2].Index, least)
	}
}

// TestStoppedAtOnce: a reading that was broken off before anything was read begins anew, and reads once.
func TestStoppedAtOnce(t *testing.T) {
	b, cert := filled(600)
	state := filepath.Join(t.TempDir(), "scan")
	var left atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	left.Store(1)
	c := Config{Source: stopping{b, &left, cancel}, Policy: testKeys.policy, Read: true, State: state}
	if _, err := Ask(ctx, c, declaration.LeafHash(cert)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	left.Store(1 << 20)
	a := asks(t, c, cert)[0]
	if read := 1<<20 - left.Load(); a.Index != 7 || read > 4 {
		t.Errorf("index %d, %d bundles were read", a.Index, read)
	}
}

// TestLaterCopy: a log that knows of a reading to come says that an entry stands where a copy of it
// does, so that its withdrawal would come before it.
func TestLaterCopy(t *testing.T) {
	b, cert := filled(600)
	b.add(refer("withdraw", "a.example", cert, 5), issue("a.example", 77_000), cert)
	state := filepath.Join(t.TempDir(), "scan")
	asks(t, Config{Source: b, Read: true, State: state}, b.entries[3])
	a := asks(t, Config{Source: copies{desk{book: b}}, Read: true, State: state}, cert)[0]
	if says(a, a.Size) != "withdrawn by 600" || a.Index != 7 {
		t.Errorf("%q, index %d", says(a, a.Size), a.Index)
	}
}

// copies tells of the last copy of an entry.
type copies struct{ desk }

func (c copies) Lookup(_ context.Context, leaf receipt.Hash) (index uint64, ok bool, err error) {
	for i, e := range c.entries {
		if declaration.LeafHash(e) == leaf {
			index, ok = uint64(i), true
		}
	}
	return index, ok, nil
}

// TestState refuses what is no state of this log.
func TestState(t *testing.T) {
	b, cert := filled(1000)
	dir := t.TempDir()
	state := filepath.Join(dir, "scan")
	asks(t, Config{Source: b, Read: true, State: state}, cert)
	good := must(os.ReadFile(state))
	other, _ := filled(999)
	other.add(issue("b.example", 1), issue("b.example", 2))
	shorter := newBook(b.entries[:900]...)
	broken := saved{edge: must(tile.RestoreRange(1, [][]byte{make([]byte, 32)})), checkpoint: b.signed(1000)}.bytes()
	for _, test := range []struct {
		name  string
		state []byte
		log   *book
		want  string
		is    error
	}{
		{"good", good, b, "", nil},
		{"of another history", good, other, "contradict each other", client.ErrFork},
		{"of a longer log", good, shorter, "size 900 after 1000", client.ErrStale},
		{"of entries that were never there", broken, b, "are not those of this log, delete it", nil},
		{"cut off", good[:len(good)-1], b, "damaged", nil},
		{"flipped", bytes.Replace(good, []byte("size 1000"), []byte("size 1001"), 1), b, "damaged", nil},
		{"empty", nil, b, "not the state of a scan: choose another name", nil},
		{"an opening", []byte(`{"cocket":"opening/v1","salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`), b, "choose another name", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(state, test.state, 0o600); err != nil {
				t.Fatal(err)
			}
			c := Config{Source: test.log, Policy: testKeys.policy, Read: true, State: state}
			_, err := Ask(t.Context(), c, declaration.LeafHash(cert))
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is not %v", err, test.is)
			}
		})
	}
}
