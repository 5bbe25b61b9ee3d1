// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/log/cosign"
	"cocket.example/log/local"
	"cocket.example/receipt"
)

// siteWitnesses is the number of witnesses of a site that has some; two are the quorum.
const siteWitnesses = 3

// head is what a checkpoint says.
type head struct {
	Size uint64
	Root receipt.Hash
}

// site is a log on a real storage, with real witnesses behind HTTP servers. It remembers every
// signature that the log ever made.
type site struct {
	t         *testing.T
	dir       string
	config    log.Config
	witnesses []*guard

	mu    sync.Mutex
	heads []head
	dead  bool         // the log was killed: what its process still does is lost
	out   bytes.Buffer // what the log wrote
	count int          // entries made
}

func newSite(t *testing.T, witnesses int) *site {
	t.Helper()
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, origin)
	must(t, err)
	signer, err := receipt.NewSigner(skey)
	must(t, err)
	s := &site{t: t, dir: filepath.Join(t.TempDir(), "log")}
	policy := "log " + vkey + "\n"
	for i := range witnesses {
		key, url := s.addWitness(vkey, i)
		policy += fmt.Sprintf("witness w%d %s %s\n", i, key, url)
	}
	if witnesses == 0 {
		policy += "quorum none\n"
	} else {
		policy += "group most 2 w0 w1 w2\nquorum most\n"
	}
	s.config = log.Config{
		Origin: origin, Signers: []note.Signer{keeper{signer, s}}, Interval: 2 * time.Millisecond,
		Timeout: 300 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(s, nil)),
	}
	s.config.Policy, err = receipt.ParsePolicy([]byte(policy))
	must(t, err)
	must(t, local.Create(local.Dir(s.dir), origin))
	storage, err := s.open()
	must(t, err)
	must(t, log.Create(t.Context(), storage))
	must(t, storage.Close())
	return s
}

// Write takes what the log writes.
func (s *site) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

func (s *site) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// keeper keeps every head that is signed.
type keeper struct {
	note.Signer
	s *site
}

func (k keeper) Sign(msg []byte) ([]byte, error) {
	lines := strings.Split(string(msg), "\n")
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil {
		return nil, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		return nil, err
	}
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	if k.s.dead {
		return nil, errCrash
	}
	k.s.heads = append(k.s.heads, head{size, receipt.Hash(root)})
	return k.Signer.Sign(msg)
}

// signed returns every head that the log ever signed.
func (s *site) signed() []head {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]head(nil), s.heads...)
}

func (s *site) largest(heads []head) (size uint64) {
	for _, h := range heads {
		size = max(size, h.Size)
	}
	return size
}

func (s *site) open() (*local.Storage, error) {
	return local.Open(s.t.Context(), local.Config{
		FS: local.Dir(s.dir), MinFree: 1, Reserve: 1, Logger: s.config.Logger,
	})
}

// start runs the log. stop waits for its end; ended yields its error.
func (s *site) start(interval time.Duration) (l *log.Log, stop func(), ended <-chan error, err error) {
	s.t.Helper()
	storage, err := s.open()
	if err != nil {
		return nil, nil, nil, err
	}
	c := s.config
	c.Storage, c.Interval = storage, interval
	if len(s.witnesses) > 0 {
		c.Cosigner, err = cosign.New(cosign.Config{
			Policy: c.Policy, Logger: c.Logger,
			Prove: func(ctx context.Context, from, to uint64) ([]receipt.Hash, error) {
				return tile.Consistency(ctx, storage, from, to)
			},
			Root: func(ctx context.Context, size uint64) (receipt.Hash, error) {
				return tile.Root(ctx, storage, size)
			},
		})
		must(s.t, err)
	}
	l, err = log.New(c)
	must(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done, gone := make(chan error, 1), make(chan struct{})
	go func() { done <- l.Run(ctx); close(gone) }()
	return l, func() { cancel(); <-gone }, done, nil
}

func (s *site) batch(n int, name string) []log.Entry {
	batch := make([]log.Entry, n)
	for i := range batch {
		s.count++
		data := fmt.Appendf(nil, "%s %d", name, s.count)
		batch[i] = log.Entry{Data: data, Leaf: [32]byte(rfc6962.DefaultHasher.HashLeaf(data))}
	}
	return batch
}

// grow runs the log until n more entries are published.
func (s *site) grow(n int, name string) {
	s.t.Helper()
	l, stop, _, err := s.start(s.config.Interval)
	must(s.t, err)
	defer stop()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	for left := n; left > 0; {
		index := make([]uint64, min(left, n/3+1)) // some checkpoints on the way
		must(s.t, l.Append(ctx, s.batch(len(index), name), index))
		must(s.t, l.Wait(ctx, index[len(index)-1]))
		left -= len(index)
	}
}

// appendUnsigned runs the log until n more entries are acknowledged and integrated, calls then, and kills the log.
func (s *site) appendUnsigned(n int, name string, then func()) {
	s.t.Helper()
	l, stop, _, err := s.start(time.Hour)
	must(s.t, err)
	defer func() {
		s.mu.Lock()
		s.dead = true
		s.mu.Unlock()
		stop()
		s.mu.Lock()
		s.dead = false
		s.mu.Unlock()
	}()
	if n > 0 {
		index := make([]uint64, n)
		must(s.t, l.Append(s.t.Context(), s.batch(n, name), index))
		_, err = l.Entry(s.t.Context(), index[n-1]) // integrated: the directory lies still
		must(s.t, err)
	}
	then()
}

// outcome is how a start ended: refused says why nothing is signed, or is empty.
type outcome struct{ refused string }

// try starts the log, offers entries, and returns once they are published or the log has refused.
func (s *site) try(name string) outcome {
	s.t.Helper()
	l, stop, ended, err := s.start(s.config.Interval)
	if err != nil {
		return outcome{err.Error()}
	}
	defer stop()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	for tick := time.Tick(2 * time.Millisecond); ; {
		index := make([]uint64, 7)
		switch err := l.Append(ctx, s.batch(len(index), name), index); {
		case errors.Is(err, log.ErrPushback) && strings.Contains(err.Error(), "read-only"):
			stop() // by then it has said why
			return outcome{"refused: " + s.said()}
		case err == nil && s.covered(l, index[0]):
			return outcome{}
		}
		select {
		case err := <-ended:
			return outcome{fmt.Sprint(err)}
		case <-tick:
		case <-ctx.Done():
			s.t.Fatalf("neither published nor refused within 30 s: %s", s.said())
		}
	}
}

// covered gives the entry at index a moment to be published.
func (s *site) covered(l *log.Log, index uint64) bool {
	ctx, cancel := context.WithTimeout(s.t.Context(), 100*time.Millisecond)
	defer cancel()
	return l.Wait(ctx, index) == nil
}
