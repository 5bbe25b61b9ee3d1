// SPDX-License-Identifier: Apache-2.0

package refers_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"cocket.example/log/internal/logtest"
	"cocket.example/log/refers"
)

// counted is a log that counts what is read of it.
type counted struct {
	*logtest.Log
	bundles atomic.Int64
}

func (c *counted) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	c.bundles.Add(1)
	return c.Log.ReadBundle(ctx, index, width)
}

// open opens the index of a log and runs it until the function that it returns is called.
func open(t *testing.T, l refers.Log, path string) (*refers.Index, func()) {
	t.Helper()
	x, err := refers.Open(refers.Config{Log: l, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- x.Run(ctx) }()
	var stopped bool
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return x, stop
}

func want(t *testing.T, x *refers.Index, target []byte, size uint64, indexes ...uint64) {
	t.Helper()
	got, err := x.Find(t.Context(), logtest.LeafHash(target), size)
	if err != nil || !slices.Equal(got, indexes) {
		t.Errorf("found %v (%v), want %v", got, err, indexes)
	}
}

func TestFind(t *testing.T) {
	l := logtest.Start(t)
	path := filepath.Join(l.Dir, "refers.db")
	x, _ := open(t, l, path)
	a, b := logtest.Issue(t), logtest.Issue(t)
	amended := logtest.Refer(t, "amend", a)
	l.Add(t, a, b, amended)
	want(t, x, a, 3, 2)
	want(t, x, b, 3)
	l.Add(t, logtest.Refer(t, "withdraw", amended), logtest.Refer(t, "withdraw", a))
	want(t, x, a, 5, 2, 4)
	want(t, x, amended, 5, 3)
}

// TestOnlyDeclarationsCount: bytes that look like a reference, in a log that takes any.
func TestOnlyDeclarationsCount(t *testing.T) {
	l := logtest.Start(t)
	x, _ := open(t, l, filepath.Join(l.Dir, "refers.db"))
	a := logtest.Issue(t)
	cut := logtest.Refer(t, "amend", a)
	l.Add(t, a, cut[:len(cut)-1], append([]byte("x"), cut...), cut)
	want(t, x, a, 4, 3)
}

// TestManyBundles resumes after a restart where it was, and finds everything again without a file.
func TestManyBundles(t *testing.T) {
	l := &counted{Log: logtest.Start(t)}
	path := filepath.Join(l.Dir, "refers.db")
	x, stop := open(t, l, path)
	a := logtest.Issue(t)
	l.Add(t, a)
	l.Add(t, filler(1, 600)...)
	l.Add(t, logtest.Refer(t, "amend", a))
	l.Add(t, filler(602, 200)...)
	l.Add(t, logtest.Refer(t, "withdraw", a))
	want(t, x, a, 803, 601, 802)
	stop()

	before := l.bundles.Load()
	x, stop = open(t, l, path)
	want(t, x, a, 803, 601, 802)
	if read := l.bundles.Load() - before; read != 0 {
		t.Errorf("%d bundles were read again after a restart", read)
	}
	stop()

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	x, _ = open(t, l, path)
	want(t, x, a, 803, 601, 802)
}

func filler(start, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = fmt.Appendf(nil, "filler %d", start+i)
	}
	return all
}

func TestDamagedFileIsMadeAnew(t *testing.T) {
	l := logtest.Start(t)
	a := logtest.Issue(t)
	l.Add(t, a, logtest.Refer(t, "amend", a))
	path := filepath.Join(l.Dir, "refers.db")
	if err := os.WriteFile(path, make([]byte, 70_000), 0o600); err != nil {
		t.Fatal(err)
	}
	x, _ := open(t, l, path)
	want(t, x, a, 2, 1)
}

// TestOtherHistory puts the index of one log into the directory of another of the same name.
func TestOtherHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "refers.db")
	first, second := logtest.Start(t), logtest.Start(t)
	a := logtest.Issue(t)
	first.Add(t, a, logtest.Refer(t, "amend", a))
	x, stop := open(t, first, path)
	want(t, x, a, 2, 1)
	stop()

	second.Add(t, a, []byte("something"), logtest.Refer(t, "amend", a))
	x, _ = open(t, second, path)
	want(t, x, a, 3, 2)
}

// renamed is a log of another name.
type renamed struct{ *logtest.Log }

func (renamed) Origin() string { return "other.example/log" }

func TestOtherLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "refers.db")
	first, second := logtest.Start(t), logtest.Start(t)
	a := logtest.Issue(t)
	first.Add(t, a, logtest.Refer(t, "amend", a))
	x, stop := open(t, first, path)
	want(t, x, a, 2, 1)
	stop()
	x, _ = open(t, renamed{second}, path)
	want(t, x, a, 0)
}

func TestFindWaits(t *testing.T) {
	l := logtest.Start(t)
	x, stop := open(t, l, filepath.Join(l.Dir, "refers.db"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := x.Find(ctx, [32]byte{}, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("found before anything is in the log: %v", err)
	}
	stop()
	if _, err := x.Find(t.Context(), [32]byte{}, 1); err == nil {
		t.Error("found after the index has stopped")
	}
}
