// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client/conform/internal/wire"
	"cocket.example/client/conform/verdict"
	"cocket.example/receipt"
)

// maxSeen bounds the checkpoints that are remembered.
const maxSeen = 4096

// subject is the log under test, and what is known of it so far. One goroutine owns it; only the
// adder may be used by several.
type subject struct {
	config Config
	web    *web
	adder  *adder // nil: it may not be added to

	seen   []head // every checkpoint that differs from the one before it, in the order of time
	latest *head  // the largest that verifies; nil: none
	stops  []stop // where the growing log was looked at; see climb

	// err ends the run: the log is not reached, or refuses what it was said to take.
	err error
}

func newSubject(c Config) (*subject, error) {
	s := &subject{config: c}
	var err error
	if s.web, err = newWeb(c); err != nil {
		return nil, err
	}
	if len(c.Keys) == 0 && (c.Policy == nil || len(c.Policy.Logs) == 0) {
		return nil, errors.New("no key of the log: give its vkey, or a policy that names it")
	}
	if c.Add != "" {
		s.adder, err = newAdder(c)
	}
	return s, err
}

// settling is how long a log that was just started may take to publish its first checkpoint.
const settling = 5 * time.Second

// begin makes sure that there is a server at all.
func (s *subject) begin(ctx context.Context) error {
	for began := time.Now(); ; {
		h := s.head(ctx)
		if h.answer.err != nil && h.answer.status == 0 {
			return fmt.Errorf("the log was not reached: %w", errors.Join(h.answer.err, ctx.Err()))
		}
		if !h.answer.missing() || time.Since(began) > settling || wire.Sleep(ctx, s.config.Interval) != nil {
			s.seen = []head{h}
			return nil
		}
	}
}

// head is one answer for /checkpoint, read as loosely as can be: whether it is strict is for L01
// and L02 alone, and the others shall find out what they can.
type head struct {
	answer answer
	origin string
	tree   tlog.Tree
	err    error // why it cannot be trusted
	at     time.Time
}

// head fetches the checkpoint and remembers what is new about it.
func (s *subject) head(ctx context.Context) head {
	h := head{answer: s.web.send(ctx, request{path: "/checkpoint", limit: maxCheckpoint}), at: time.Now()}
	if !h.answer.good() {
		h.err = errors.New(h.answer.what())
	} else if h.err = s.verify(h.answer.body); h.err == nil {
		h.origin, h.tree, h.err = readLoosely(h.answer.body)
	}
	last := len(s.seen) - 1
	if last < 0 || last+1 < maxSeen && !bytes.Equal(s.seen[last].answer.body, h.answer.body) {
		s.seen = append(s.seen, h)
	}
	if h.err == nil && (s.latest == nil || h.tree.N >= s.latest.tree.N) {
		s.latest = &h
	}
	return h
}

// verify wants the signature of one of the keys. L01 wants that of every one.
func (s *subject) verify(signed []byte) (err error) {
	for _, key := range s.keys() {
		if err = signedBy(key, signed); err == nil {
			return nil
		}
	}
	return err
}

// keys are those that the caller named, or else those of the policy.
func (s *subject) keys() []receipt.VerifierKey {
	if len(s.config.Keys) > 0 {
		return s.config.Keys
	}
	keys := make([]receipt.VerifierKey, len(s.config.Policy.Logs))
	for i, l := range s.config.Policy.Logs {
		keys[i] = l.Key
	}
	return keys
}

// signedBy checks a log's signature: of type 0x01 with foreign code, of others with ours.
func signedBy(key receipt.VerifierKey, signed []byte) error {
	if v, err := note.NewVerifier(key.String()); err == nil {
		_, err := note.Open(signed, note.VerifierList(v))
		return err
	}
	cp, signatures, err := receipt.ParseCheckpoint(signed)
	if err != nil {
		return err
	}
	return key.VerifyLog(cp, signatures)
}

// readLoosely reads the first three lines.
func readLoosely(signed []byte) (origin string, tree tlog.Tree, err error) {
	lines := strings.SplitN(string(signed), "\n", 4)
	if len(lines) < 4 {
		return "", tree, errors.New("fewer than three lines")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil || tree.N < 0 {
		return "", tree, fmt.Errorf("its size is %.40q", lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return "", tree, fmt.Errorf("its root is %.60q", lines[2])
	}
	tree.Hash = tlog.Hash(root)
	return lines[0], tree, nil
}

// await waits until a checkpoint covers this size, and reports whether one did in time.
func (s *subject) await(ctx context.Context, size int64) bool {
	for began := time.Now(); s.latest.tree.N < size; {
		if time.Since(began) > s.config.Timeout || wire.Sleep(ctx, s.pause()) != nil {
			return false
		}
		s.head(ctx)
	}
	return true
}

// pause is the time between two looks at the checkpoint while it is expected to change.
func (s *subject) pause() time.Duration { return min(s.config.Interval, 20*time.Millisecond) }

// report sums up.
func (s *subject) report(results verdict.Results) Report {
	r := Report{URL: s.config.URL, Requests: s.web.requests, Results: results}
	if s.latest != nil {
		r.Origin, r.To = s.latest.origin, s.latest.tree.N
		for _, h := range s.seen {
			if h.err == nil {
				r.From = h.tree.N
				break
			}
		}
	}
	if s.adder != nil {
		r.Added = s.adder.added.Load()
	}
	return r
}
