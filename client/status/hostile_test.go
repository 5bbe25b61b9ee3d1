// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cocket.example/client"
	"cocket.example/declaration"
	"cocket.example/receipt"
)

// TestStateIsANote: a state with its references taken out hides a withdrawal, since nothing ties them to the root. So
// the answer says what rests on it, and what others could have written is refused.
func TestStateIsANote(t *testing.T) {
	b, cert := filled(600)
	b.add(refer("withdraw", "a.example", cert, 5))
	state := filepath.Join(t.TempDir(), "scan")
	ask := func() Answer { return asks(t, Config{Source: b, Read: true, State: state}, cert)[0] }
	if a := ask(); says(a, a.Size) != "withdrawn by 600" || a.Rests() != "" {
		t.Errorf("%q, rests on %q", says(a, a.Size), a.Rests())
	}
	s, _, err := load(state, testKeys.policy)
	if err != nil {
		t.Fatal(err)
	}
	s.found = nil
	if err := s.store(state); err != nil {
		t.Fatal(err)
	}
	b.add(issue("a.example", 88_000))
	// A copy that cannot be asked is read once more to find the entry, and then nothing rests on the state.
	if a := ask(); says(a, a.Size) != "withdrawn by 600" || a.Rests() != "" {
		t.Errorf("%q, rests on %q", says(a, a.Size), a.Rests())
	}
	s.store(state)
	a := asks(t, Config{Source: desk{book: b}, Read: true, State: state}, cert)[0]
	if want := "entries 0 to 600 were read by an earlier scan, as " + state + " notes"; a.Rests() != want {
		t.Errorf("%q rests on %q, want %q", says(a, a.Size), a.Rests(), want)
	}
	if info := must(os.Stat(state)); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %04o", info.Mode().Perm())
	}
	for _, mode := range []os.FileMode{0o620, 0o602, 0o666} {
		os.Chmod(state, mode)
		if _, _, err := load(state, testKeys.policy); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	os.Chmod(state, 0o600)
	if os.Geteuid() == 0 {
		os.Chown(state, 12345, -1)
		if _, _, err := load(state, testKeys.policy); err == nil || !strings.Contains(err.Error(), "another user") {
			t.Errorf("of another user: %v", err)
		}
	}
}

// TestUnwritableState is told before anything is read.
func TestUnwritableState(t *testing.T) {
	b, cert := filled(10)
	c := Config{Source: b, Policy: testKeys.policy, Read: true, State: filepath.Join(t.TempDir(), "no", "scan")}
	c.Progress = func(uint64, uint64) { t.Error("it was read") }
	if _, err := Ask(t.Context(), c, declaration.LeafHash(cert)); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Error(err)
	}
}

// TestOwnBytes: what is kept of an entry does not keep its bundle.
func TestOwnBytes(t *testing.T) {
	b, cert := filled(256)
	a := asks(t, Config{Source: desk{book: b}}, cert)[0]
	if cap(a.Data) > 2*len(a.Data) {
		t.Errorf("an entry of %d bytes keeps %d", len(a.Data), cap(a.Data))
	}
}

// counting counts the bundles that are read.
type counting struct {
	desk
	bundles *int
}

func (c counting) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	*c.bundles++
	return c.desk.ReadBundle(ctx, index, width)
}

// TestManyEvents: a bundle is read once for all that stands in it, and the proofs of many show their progress.
func TestManyEvents(t *testing.T) {
	b, cert := filled(8)
	for i := range 150 {
		b.add(refer("amend", "a.example", cert, 1000+i))
	}
	n, told := 0, 0
	a := asks(t, Config{Source: counting{desk{book: b}, &n}, Proving: func(uint64, uint64) { told++ }}, cert)[0]
	if len(a.Events) != 150 || n > 4 || told < 150 {
		t.Errorf("%d events, %d bundles read, %d times told", len(a.Events), n, told)
	}
}

// TestTooManyReferences: without a state those are kept that matter; with one it says what to do, and leaves a
// state that can be gone on from.
func TestTooManyReferences(t *testing.T) {
	b, cert := filled(300)
	later := refer("withdraw", "a.example", cert, 1)
	amend := refer("amend", "a.example", cert, 2)
	last := refer("withdraw", "a.example", amend, 3)
	b.add(later) // before the amendment of another entry, on which nothing depends
	for i := range 40 {
		b.add(refer("amend", "a.example", b.entries[20+i], 5000+i))
	}
	other := b.entries[60]
	line := refer("amend", "a.example", other, 6000)
	end := refer("withdraw", "a.example", line, 6001)
	b.add(end, line, end, amend, last)
	for name, c := range map[string]Config{"copy": {Source: b}, "log": {Source: desk{book: b}}} {
		c.Read = true
		whole := asks(t, c, cert, line, end, amend)
		c.most = 12
		for i, a := range asks(t, c, cert, line, end, amend) {
			if says(a, a.Size) != says(whole[i], a.Size) || a.Index != whole[i].Index || a.Void != whole[i].Void {
				t.Errorf("%s: %d: %q %q, want %q %q", name, i, says(a, a.Size), a.Void, says(whole[i], a.Size), whole[i].Void)
			}
		}
	}
	state := filepath.Join(t.TempDir(), "scan")
	c := Config{Source: b, Policy: testKeys.policy, Read: true, State: state, most: 12}
	for range 2 {
		_, err := Ask(t.Context(), c, declaration.LeafHash(cert))
		if err == nil || !strings.Contains(err.Error(), "read without a state (no --state)") {
			t.Errorf("%v", err)
		}
	}
}

// TestDoubt: an entry of a newer version that came before on the same target may have taken its place.
func TestDoubt(t *testing.T) {
	cert := issue("a.example", 1)
	newer := append([]byte("cocket-entry/v2\n"), refer("withdraw", "a.example", cert, 2)[len("cocket-entry/v1\n"):]...)
	amend := refer("amend", "a.example", cert, 3)
	b := newBook(cert, newer, amend, append([]byte("cocket-entry/v2\n"), amend[len("cocket-entry/v1\n"):]...))
	for _, c := range []Config{{Source: b, Read: true}} {
		a := asks(t, c, cert, amend)
		if s := a[1].State(); s.Kind != Unknown || s.Unknown == nil || s.Unknown.Index != 1 || len(s.Unknown.Receipt) == 0 {
			t.Errorf("the amendment is %s by %+v", s.Kind, s.Unknown)
		}
		if s := a[0].State(); s.Kind != Superseded || s.Unknown == nil || a[0].At(1).Kind != InForce || a[0].At(2).Kind != Unknown {
			t.Errorf("it is %s, and before the amendment %s", s.Kind, a[0].At(2).Kind)
		}
	}
}

// none says that it holds nothing.
type none struct{ desk }

func (none) Lookup(context.Context, receipt.Hash) (uint64, bool, error) { return 0, false, nil }
func (none) Refers(context.Context, receipt.Hash) ([]uint64, error)     { return nil, fs.ErrNotExist }

// TestAt: where an entry stands by its receipt counts, whatever the log says.
func TestAt(t *testing.T) {
	b, cert := filled(600)
	b.add(refer("withdraw", "a.example", cert, 5), issue("a.example", 77_000), cert)
	leaf := declaration.LeafHash(cert)
	c := Config{Source: copies{desk{book: b}}, Policy: testKeys.policy}
	if _, err := Ask(t.Context(), c, leaf); !errors.Is(err, ErrContradiction) || !strings.Contains(err.Error(), "entry 600 refers to it already") {
		t.Errorf("a later copy: %v", err)
	}
	c.At = map[receipt.Hash]uint64{leaf: 7}
	if a := asks(t, c, cert)[0]; says(a, a.Size) != "withdrawn by 600" || a.Index != 7 {
		t.Errorf("by its receipt: %q, index %d", says(a, a.Size), a.Index)
	}
	c.Source = none{desk{book: b}}
	if _, err := Ask(t.Context(), c, leaf); !errors.Is(err, ErrContradiction) || errors.Is(err, ErrNotFiled) {
		t.Errorf("denied: %v", err)
	}
}

// TestNotAccused: files that answer no question withhold nothing, and a damaged copy is no lie of the log.
func TestNotAccused(t *testing.T) {
	b, cert := filled(600)
	b.add(refer("withdraw", "a.example", cert, 5))
	a := asks(t, Config{Source: none{desk{book: b}}, Read: true}, cert)[0]
	if says(a, a.Size) != "withdrawn by 600" || len(a.Withheld) > 0 {
		t.Errorf("%q, withheld %v", says(a, a.Size), a.Withheld)
	}
	b.entries[20] = issue("b.example", 1)
	_, err := Ask(t.Context(), Config{Source: b, Policy: testKeys.policy, Read: true}, declaration.LeafHash(cert))
	if !errors.Is(err, ErrDamaged) || errors.Is(err, ErrContradiction) {
		t.Errorf("a damaged copy: %v", err)
	}
}

// TestEach: one that is not filed denies no other answer.
func TestEach(t *testing.T) {
	b, cert := filled(10)
	absent := declaration.LeafHash(issue("c.example", 3))
	answers, err := Ask(t.Context(), Config{Source: desk{book: b}, Policy: testKeys.policy}, absent, declaration.LeafHash(cert))
	if !errors.Is(err, ErrNotFiled) || len(answers) != 2 {
		t.Fatalf("%d answers, %v", len(answers), err)
	}
	if a := answers[1]; !errors.Is(answers[0].Err, ErrNotFiled) || a.Err != nil || says(a, a.Size) != "in force" {
		t.Errorf("%v, and %v", answers[0].Err, answers[1].Err)
	}
}

// TestLongLine: the last of many amendments is answered as the first is.
func TestLongLine(t *testing.T) {
	b := newBook(issue("a.example", 1))
	for i := range 1200 {
		b.add(refer("amend", "a.example", b.entries[i], i))
	}
	a := asks(t, Config{Source: b, Read: true}, b.entries[1200])[0]
	if says(a, a.Size) != "in force" {
		t.Errorf("%q", says(a, a.Size))
	}
}

// TestEvidence: a fork is found with what convicts the log.
func TestEvidence(t *testing.T) {
	b, cert := filled(300)
	other, _ := filled(250)
	other.add(issue("b.example", 1))
	for _, known := range []uint64{251, 300} {
		before := other.trusted(251)
		if known == 300 {
			other.add(b.entries[251:]...)
			before = other.trusted(300)
		}
		c := Config{Source: b, Policy: testKeys.policy, Read: true, Known: []receipt.Trusted{before}}
		_, err := Ask(t.Context(), c, declaration.LeafHash(cert))
		var fork *ForkError
		if !errors.Is(err, client.ErrFork) || !errors.As(err, &fork) {
			t.Fatalf("size %d: %v", known, err)
		}
		proof, err := receipt.ParseFork(fork.Evidence())
		if err == nil {
			_, err = proof.SignedBy(testKeys.policy.Logs...)
		}
		if err != nil || !fork.Proven() {
			t.Errorf("size %d: %v", known, err)
		}
		if notes := (&ForkError{Older: []byte("a\n"), Newer: []byte("b\n"), err: fmt.Errorf("x")}); string(notes.Evidence()) != "a\n\nb\n" {
			t.Errorf("%q", notes.Evidence())
		}
	}
}
