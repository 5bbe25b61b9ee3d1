// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"cocket.example/internal/soak"
	"cocket.example/receipt"
	"cocket.example/witness/journal"
)

// forgetful is the file of a journal, of which a crash leaves what was synced, and any sectors of the
// writes since. It calls before for each write and sync, which may fail it.
type forgetful struct {
	journal.File
	random  *rand.Rand
	durable []byte
	pending []written
	before  func() error
	lies    bool // its syncs do nothing
}

type written struct {
	at   int64
	data []byte
}

func (f *forgetful) WriteAt(b []byte, at int64) (int, error) {
	if err := f.before(); err != nil {
		return 0, err
	}
	f.pending = append(f.pending, written{at, bytes.Clone(b)})
	return f.File.WriteAt(b, at)
}

func (f *forgetful) Sync() error {
	if err := f.before(); err != nil {
		return err
	}
	if f.lies {
		return nil
	}
	for _, w := range f.pending {
		copy(f.durable[w.at:], w.data)
	}
	f.pending = nil
	return nil
}

// crash returns what a crash leaves at this moment.
func (f *forgetful) crash() []byte {
	b, chance := bytes.Clone(f.durable), []float64{0, 0.5, 1}[f.random.IntN(3)]
	for _, w := range f.pending {
		for i := 0; i < len(w.data); i += 512 {
			if f.random.Float64() < chance {
				copy(b[int(w.at)+i:], w.data[i:min(i+512, len(w.data))])
			}
		}
	}
	return b
}

// crashed is what a crash has left, and what was answered by then.
type crashed struct {
	journal, database []byte
	answered          map[string]uint64 // size by origin
}

// openForgetful opens a rig's state on a forgetful journal. The database needs no such file: no call to the
// journal comes while it is written, and what it has committed is synced.
func (r *rig) openForgetful(before func(*forgetful) error) (file *forgetful) {
	r.t.Helper()
	r.open(func(path string) (*State, error) {
		f := files(path)
		f.openJournal = func(path string) (journal.File, error) {
			opened, err := journal.OpenFile(path)
			if err != nil {
				return nil, err
			}
			content, err := os.ReadFile(path)
			file = &forgetful{File: opened, durable: content, random: rand.New(rand.NewPCG(3, 3))}
			file.before = func() error { return before(file) }
			return file, err
		}
		return f.Open()
	})
	return file
}

// crashes runs a witness of three logs and crashes it, as it were, before many calls. It returns an error
// if one of the states that are left has lost what was answered.
func crashes(t *testing.T, rounds int, lies bool) error {
	r := newRig(t)
	var left []crashed
	answered := make(map[string]uint64)
	random := rand.New(rand.NewPCG(4, uint64(rounds)))
	r.close()
	file := r.openForgetful(func(f *forgetful) error {
		if random.IntN(4) > 0 {
			return nil
		}
		database, err := os.ReadFile(r.path)
		c := crashed{journal: f.crash(), database: database, answered: make(map[string]uint64)}
		for origin, size := range answered {
			c.answered[origin] = size
		}
		left = append(left, c)
		return err
	})
	file.lies = lies
	var logs []Log
	var signers []testLog
	for i := range 3 {
		l := newTestLog(t, fmt.Sprint("log.example/", i))
		signers, logs = append(signers, l), append(logs, Log{Keys: []receipt.VerifierKey{l.key}})
	}
	r.setLogs(logs...)
	for range rounds {
		l := signers[random.IntN(len(signers))]
		old := int(answered[l.origin])
		r.want(200, l.grow(t, trunk, old, old+1+random.IntN(2)))
		held, _ := r.witness.config.State.latest(l.origin)
		answered[l.origin] = held.checkpoint.Size
	}
	for i, c := range left {
		if err := c.check(t); err != nil {
			return fmt.Errorf("crash %d of %d: %w", i+1, len(left), err)
		}
	}
	t.Logf("%d crashes", len(left))
	return nil
}

func (c crashed) check(t *testing.T) error {
	path := filepath.Join(t.TempDir(), "witness.db")
	err := errors.Join(os.WriteFile(path, c.database, 0o600), os.WriteFile(journalOf(path), c.journal, 0o600))
	if err != nil {
		return err
	}
	state, err := OpenState(path)
	if err != nil {
		return err
	}
	defer state.Close()
	if state.generation != 0 {
		return fmt.Errorf("in doubt: %s", state.doubt)
	}
	for origin, size := range c.answered {
		if held, _ := state.latest(origin); held.checkpoint.Size < size {
			return fmt.Errorf("holds size %d of %s, and has answered %d", held.checkpoint.Size, origin, size)
		}
	}
	return nil
}

func TestCrashes(t *testing.T) {
	if err := crashes(t, soak.Rounds(60, 2000), false); err != nil {
		t.Fatal(err)
	}
}

// TestCrashesSeeSync shows that the test above sees a journal that is not synced.
func TestCrashesSeeSync(t *testing.T) {
	if err := crashes(t, 60, true); err == nil {
		t.Error("nothing is lost without a sync")
	} else {
		t.Log(err)
	}
}

// TestFailures fails each of the first calls to the journal in turn, once or for ever: the witness stops
// for good, and no cosignature gets out that a restart does not know of.
func TestFailures(t *testing.T) {
	for _, failure := range []error{syscall.EIO, syscall.ENOSPC} {
		for fails := range soak.Rounds(5, 80) {
			forEver := fails%2 == 0
			r := newRig(t)
			r.close()
			calls := 0
			r.openForgetful(func(*forgetful) error {
				if calls++; calls == fails+3 || forEver && calls > fails+3 { // 2 at the opening
					return failure
				}
				return nil
			})
			size, statuses := 0, []int{}
			for len(statuses) < 200 && len(statuses) < size+4 { // three times after it has stopped
				status := r.post(r.log.grow(t, trunk, size, size+1)).Code
				if statuses = append(statuses, status); status == 200 {
					size++
				}
			}
			stopped := slices.Index(statuses, 503)
			if stopped < 0 || slices.Contains(statuses[stopped:], 200) || r.witness.Health(t.Context()) == nil {
				t.Fatalf("%v at call %d: answers %v", failure, fails, statuses)
			}
			_ = r.witness.config.State.Close()
			r.open(OpenState)
			if held := max(0, r.held()); held < size || held > size+1 {
				t.Fatalf("%v at call %d: held %d after a restart, answered %d", failure, fails, held, size)
			}
		}
	}
}
