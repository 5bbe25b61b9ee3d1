// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cocket.example/internal/soak"
)

var testID = ID{1, 2, 3}

// model is what a journal promises: what it acknowledged, and what a database has absorbed.
type model struct {
	rand     *rand.Rand
	disk     *disk
	journal  *Journal
	acked    [][]byte // record i+1
	inFlight []byte   // nil: none
	absorbed Position
	past     []Position // what it was at earlier times
	size     int64
}

func newModel(t *testing.T, seed uint64) *model {
	t.Helper()
	m := &model{rand: rand.New(rand.NewPCG(seed, 2)), size: MinSize}
	m.disk = &disk{rand: m.rand}
	var err error
	if m.journal, err = Format(m.disk, testID, Position{}, m.size); err != nil {
		t.Fatal(err)
	}
	return m
}

// run appends until n are acknowledged or a call fails.
func (m *model) run(n int) error {
	for range n {
		payload := make([]byte, 1+m.rand.IntN(3*block))
		for i := range payload {
			payload[i] = byte(m.rand.Uint32())
		}
		m.inFlight = payload
		_, err := m.journal.Append(payload)
		if errors.Is(err, ErrFull) {
			m.past = append(m.past, m.absorbed)
			m.absorbed = m.journal.Last()
			if err = m.journal.Turn(); err == nil {
				_, err = m.journal.Append(payload)
			}
		}
		if err != nil {
			return err
		}
		m.acked, m.inFlight = append(m.acked, payload), nil
	}
	return nil
}

// reopen opens what is found on a disk, and compares it with what was promised. One record that was
// being written may be there, too.
func (m *model) reopen(d *disk) error {
	j, err := Open(d)
	if err != nil {
		return err
	}
	m.disk, m.journal = d, j
	got, whole, err := replayed(j, m.absorbed)
	if err != nil || !whole {
		return fmt.Errorf("replay after %d: whole %t: %w", m.absorbed.Seq, whole, err)
	}
	want := m.acked[m.absorbed.Seq:]
	if len(got) == len(want)+1 && m.inFlight != nil && bytes.Equal(got[len(want)], m.inFlight) {
		m.acked, want = append(m.acked, m.inFlight), got
	}
	m.inFlight = nil
	if !slices.EqualFunc(got, want, bytes.Equal) {
		return fmt.Errorf("%d records after %d, want %d", len(got), m.absorbed.Seq, len(want))
	}
	if j.Last().Seq != uint64(len(m.acked)) {
		return fmt.Errorf("last record is %d, want %d", j.Last().Seq, len(m.acked))
	}
	return m.older()
}

// older replays for a database that was restored from a copy: all, or what is there and the word that
// it is not all.
func (m *model) older() error {
	for _, p := range m.past {
		got, whole, err := replayed(m.journal, p)
		if err != nil {
			return err
		}
		want := m.acked[p.Seq:]
		if whole && len(got) != len(want) || !slices.EqualFunc(got, want[len(want)-len(got):], bytes.Equal) {
			return fmt.Errorf("replay after older %d: %d records, whole %t, want %d", p.Seq, len(got), whole, len(want))
		}
	}
	m.past = m.past[max(0, len(m.past)-3):]
	return nil
}

func replayed(j *Journal, after Position) (got [][]byte, whole bool, err error) {
	whole, err = j.Replay(after, func(payload []byte) error {
		got = append(got, bytes.Clone(payload))
		return nil
	})
	return got, whole, err
}

// crashes lets a journal live through a number of crashes and failures, each at a random call.
func crashes(t *testing.T, seed uint64, lies func(extent) bool) error {
	m := newModel(t, seed)
	m.disk.lies = lies
	for range 12 {
		at, failure := m.disk.calls+1+m.rand.IntN(40), errors.New("no more space")
		for_ever := m.rand.IntN(2) == 0
		m.disk.fails = func(call int) error {
			if call == at || for_ever && call > at {
				return failure
			}
			return nil
		}
		if err := m.run(100); !errors.Is(err, failure) {
			return fmt.Errorf("a failed call went unnoticed: %w", err)
		}
		if _, err := m.journal.Append([]byte("more")); !errors.Is(err, failure) {
			return fmt.Errorf("the journal goes on after a failure: %w", err)
		}
		next := m.disk.restart()
		if m.rand.IntN(2) == 0 {
			next = m.disk.crash()
		}
		if err := m.reopen(next); err != nil {
			return err
		}
		m.absorb()
		if m.rand.IntN(2) == 0 { // at once again
			if err := m.reopen(m.disk.crash()); err != nil {
				return err
			}
		}
	}
	return nil
}

// absorb is what a database does at a start.
func (m *model) absorb() {
	m.past = append(m.past, m.absorbed)
	m.absorbed = m.journal.Last()
}

func TestCrashes(t *testing.T) {
	for seed := range uint64(soak.Rounds(20, 2_000)) {
		if err := crashes(t, seed, nil); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// TestEverySyncCounts turns off one kind of sync after the other: the test above sees it.
func TestEverySyncCounts(t *testing.T) {
	written := make(map[string]bool)
	for name, lies := range map[string]func(extent) bool{
		"of a record": func(e extent) bool { return string(e.data[:4]) == recordMagic },
		"of a header": func(e extent) bool { return strings.HasPrefix(string(e.data), headerMagic) },
		"at a start": func(e extent) bool { // the same bytes once more
			again := written[string(e.data)]
			written[string(e.data)] = true
			return again
		},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(200) {
				clear(written)
				if err := crashes(t, seed, lies); err != nil {
					t.Logf("seed %d: %v", seed, err)
					return
				}
			}
			t.Error("no run without it has failed")
		})
	}
}

// TestDamage flips bits in each block of a journal: behind a damaged record stands another, so it is
// refused, unless it is the last.
func TestDamage(t *testing.T) {
	m := newModel(t, 1)
	if err := m.run(9); err != nil {
		t.Fatal(err)
	}
	last := m.journal.Last()
	end := int(m.journal.place + m.journal.end)
	for at := block; at < end; at += 177 {
		d := m.disk.crash()
		d.data[at] ^= 0x10
		j, err := Open(d)
		if err == nil && j.Last().Seq < last.Seq-1 {
			t.Errorf("byte %d: ends with record %d without a word, want %d", at, j.Last().Seq, last.Seq)
		}
		if err != nil && !strings.Contains(err.Error(), "damaged: the journal ends with record") {
			t.Errorf("byte %d: %v", at, err)
		}
	}
}

// TestHeader damages headers: that of the current half hides acknowledged records, which are found.
func TestHeader(t *testing.T) {
	m := newModel(t, 2)
	if err := m.run(40); err != nil {
		t.Fatal(err)
	}
	flip := func(places ...int64) (*Journal, error) {
		d := m.disk.crash()
		for _, at := range places {
			d.data[at+50] ^= 1
		}
		return Open(d)
	}
	if m.journal.end == block {
		t.Fatal("the current half is empty")
	}
	other := m.size/2 - m.journal.place
	if _, err := flip(m.journal.place); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("current: %v", err)
	}
	if j, err := flip(other); err != nil || j.Last() != m.journal.Last() {
		t.Errorf("the other: %v", err)
	}
	if _, err := flip(0, m.size/2); err == nil || !strings.Contains(err.Error(), "neither half") {
		t.Errorf("both: %v", err)
	}
}

// TestReplayRefuses is a database that does not belong to the journal as it is.
func TestReplayRefuses(t *testing.T) {
	m := newModel(t, 3)
	if err := m.run(5); err != nil {
		t.Fatal(err)
	}
	if _, _, err := replayed(m.journal, Position{Seq: 6}); !errors.Is(err, ErrBehind) {
		t.Errorf("a younger database: %v", err)
	}
	if _, _, err := replayed(m.journal, Position{Seq: 3}); err == nil || !strings.Contains(err.Error(), "separate ways") {
		t.Errorf("another history: %v", err)
	}
	if _, _, err := replayed(m.journal, Position{Sum: [32]byte{1}}); err == nil {
		t.Error("another beginning: accepted")
	}
}

// TestFile makes and opens a journal on disk.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	if _, err := OpenFile(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("opening what is not there: %v", err)
	}
	if err := CreateFile(path, testID, Position{}, MinSize-1); err == nil {
		t.Error("made too small")
	}
	if err := CreateFile(path, testID, Position{Seq: 7}, MinSize+1); err != nil {
		t.Fatal(err)
	}
	if err := CreateFile(path, testID, Position{}, MinSize); err == nil {
		t.Error("made a second time")
	}
	j := openFile(t, path)
	if _, err := OpenFile(path); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("opened by two: %v", err)
	}
	if _, err := j.Append(nil); !errors.Is(err, ErrFull) {
		t.Errorf("appended before a turn: %v", err)
	}
	if err := j.Turn(); err != nil {
		t.Fatal(err)
	}
	if at, err := j.Append(make([]byte, j.Limit())); err != nil || at.Seq != 8 {
		t.Fatal(at, err)
	}
	if _, err := j.Append(make([]byte, j.Limit()+1)); err == nil || errors.Is(err, ErrFull) {
		t.Errorf("longer than the limit: %v", err)
	}
	last := j.Last()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if j := openFile(t, path); j.Last() != last || j.ID() != testID {
		t.Errorf("reopened at %d, want %d", j.Last().Seq, last.Seq)
	}
	for _, size := range []int64{0, MinSize - block, MinSize - 2*block, MinSize / 2} {
		copied := filepath.Join(t.TempDir(), "cut")
		b, _ := os.ReadFile(path)
		if err := os.WriteFile(copied, b[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := OpenFile(copied)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(f); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("of %d bytes: %v", size, err)
		}
	}
}

func openFile(t *testing.T, path string) *Journal {
	t.Helper()
	f, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	j, err := Open(f)
	if err != nil {
		t.Fatal(err)
	}
	return j
}
