// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"cocket.example/receipt"
)

// peers are other witnesses that keep the latest checkpoints that this one has cosigned (see kept.go).
// Before a cosignature leaves, a quorum of them has made it durable; and at a start so many are asked
// that one of every such quorum is among them:
//
//	n = 3, write = 2        before an answer: A B .      at a start: n − write + 1 = 2:  . B C
//
// So a witness whose whole state was brought back from an older copy hears of what it signed since,
// whatever its logs say, unless peers forget or lie.
type peers struct {
	outbound
	urls   []string
	write  int    // how many make a quorum of writers
	keeper string // lower-case hex SHA-256 of the vkey under which they keep

	slots   map[string]chan struct{} // by URL; bounds the requests that this peer has not answered
	running sync.WaitGroup           // requests, some of which last longer than what waited for a quorum

	mu sync.Mutex
	// shown is by origin what a quorum has; older ones of it may be with others.
	shown map[string]record
}

// Bounds on one request to a peer or a log, and on those that a peer has not answered.
const (
	peerTimeout = 5 * time.Second
	maxToPeer   = 1024
)

func newPeers(urls []string, write int, own receipt.VerifierKey) (*peers, error) {
	for i, u := range urls {
		if err := checkURL(u); err != nil {
			return nil, fmt.Errorf("peer %d: %w", i+1, err)
		}
		if slices.Contains(urls[:i], u) {
			return nil, fmt.Errorf("peer %s is given twice", u)
		}
	}
	if write == 0 {
		write = len(urls)/2 + 1
	}
	if len(urls) > 0 && (write < 1 || write > len(urls)) {
		return nil, fmt.Errorf("quorum of %d peers, want 1 to %d", write, len(urls))
	}
	slots := make(map[string]chan struct{})
	for _, u := range urls {
		slots[u] = make(chan struct{}, maxToPeer)
	}
	return &peers{
		outbound: newOutbound(peerTimeout), urls: urls, write: write, keeper: keeperOf(own),
		slots: slots, shown: make(map[string]record),
	}, nil
}

// String names the peers, their quorum and the key that they keep for; nothing if there are none.
func (p *peers) String() string {
	if len(p.urls) == 0 {
		return ""
	}
	urls := slices.Sorted(slices.Values(p.urls))
	return fmt.Sprintf("%s %d of %s", p.keeper, p.write, strings.Join(urls, " "))
}

// keeperOf names a witness in paths and keys: the lower-case hex SHA-256 of its vkey.
func keeperOf(key receipt.VerifierKey) string { return hexSum(key.String()) }

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (p *peers) path(url, origin string) string {
	return url + "/kept/" + p.keeper + "/" + hexSum(origin) + "/checkpoint"
}

// reply is what one peer answered.
type reply struct {
	url    string
	status int
	body   []byte
	err    error
}

// ask sends the same request to every peer, and calls enough with each answer until it returns true. What
// is still under way then goes on for at most its timeout, so that a slow peer gets its copies, too.
func (p *peers) ask(ctx context.Context, method string, r record, enough func(reply) bool) error {
	replies, longer := make(chan reply, len(p.urls)), context.WithoutCancel(ctx)
	for _, url := range p.urls {
		slots := p.slots[url]
		select {
		case slots <- struct{}{}:
		default:
			replies <- reply{url: url, err: fmt.Errorf("%s: too many requests at once", url)}
			continue
		}
		p.running.Go(func() {
			defer func() { <-slots }()
			status, body, err := p.send(longer, method, p.path(url, r.checkpoint.Origin), r.note)
			replies <- reply{url, status, body, err}
		})
	}
	var errs []error
	for range p.urls {
		select {
		case got := <-replies:
			if enough(got) {
				return nil
			}
			if got.err == nil {
				got.err = fmt.Errorf("%s: status %d", got.url, got.status)
			}
			errs = append(errs, got.err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("too few of %d peers: %w", len(p.urls), errors.Join(errs...))
}

// errContrary means that there is no quorum because a peer keeps a cosignature of this witness that
// contradicts the one it got: a copy of this witness is running, or has been. If there is one in spite of
// that, what the other peer keeps has not left the copy, or the peer lies.
var errContrary = errors.New("a peer keeps what contradicts it")

// replicate returns nil once a quorum of peers has the record, which may be shown from then on.
func (p *peers) replicate(ctx context.Context, r record) error {
	if len(p.urls) == 0 {
		return nil
	}
	n, contrary := 0, false
	err := p.ask(ctx, http.MethodPut, r, func(got reply) bool {
		if got.err == nil && got.status == http.StatusNoContent {
			n++
		}
		contrary = contrary || got.err == nil && got.status == http.StatusConflict
		return n == p.write
	})
	if err != nil && contrary {
		return errContrary
	}
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if before, ok := p.shown[r.checkpoint.Origin]; !ok || before.relate(r) == newer {
		p.shown[r.checkpoint.Origin] = r
	}
	return nil
}

// read returns what the peers keep of a log, which may be nothing. What is not recognized counts as no
// answer. The error is that too few have answered; what the others keep is returned all the same.
func (p *peers) read(ctx context.Context, origin string, recognize func(note []byte) (record, error),
) (found []record, err error) {
	n, need := 0, len(p.urls)-p.write+1
	err = p.ask(ctx, http.MethodGet, blank(origin), func(got reply) bool {
		switch {
		case got.err != nil:
		case got.status == http.StatusOK:
			if r, err := recognize(got.body); err == nil {
				found = append(found, r)
				n++
			}
		case got.status == http.StatusNotFound && string(got.body) == keptNothing+"\n":
			n++
		}
		return n == need
	})
	return found, err
}

// visible returns the latest record that may be shown: without peers the durable one.
func (w *Witness) visible(origin string) (record, error) {
	held, err := w.config.State.latest(origin)
	if err != nil || len(w.peers.urls) == 0 {
		return held, err
	}
	w.peers.mu.Lock()
	defer w.peers.mu.Unlock()
	if shown, ok := w.peers.shown[origin]; ok {
		return shown, nil
	}
	if held.note != nil {
		return held, refuse(http.StatusServiceUnavailable, "it is not known yet whether the peers have this")
	}
	return held, nil
}
