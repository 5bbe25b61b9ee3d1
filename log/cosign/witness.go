// SPDX-License-Identifier: Apache-2.0

package cosign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

const (
	maxAnswer   = 64 << 10 // bytes of a witness's answer
	maxTries    = 3        // requests for one checkpoint before a pause
	maxPause    = 30 * time.Second
	firstPause  = 100 * time.Millisecond
	maxRetry    = time.Minute // of a Retry-After
	sizeType    = "text/x.tlog.size"
	bodyType    = "text/plain; charset=utf-8"
	statusLimit = 512 // bytes of an error answer that are read
)

// errClaimsMore means that a witness claims to hold a larger tree than the log has signed. It is an
// alarm; a bare number proves nothing, so the witness is left out, no more (TW-18).
var errClaimsMore = errors.New("the witness claims to hold a larger tree than this log ever signed: " +
	"was the log restored from an older copy, or is its key used elsewhere?")

// errBusy carries a Retry-After.
type errBusy struct{ after time.Duration }

func (e errBusy) Error() string { return fmt.Sprintf("busy, asks for %s of patience", e.after) }

// errBroken means that there was no whole answer. What net/http says of it may repeat what the witness
// sent, and is shown as a refusal is.
type errBroken struct{ err error }

func (e errBroken) Error() string { return fmt.Sprintf("%.200s", strict.Printable(e.err.Error(), "")) }

func (e errBroken) Unwrap() error { return e.err }

// endpoint is one address where the policy has a witness, or several: a witness with an Ed25519 and an
// ML-DSA-44 key is two in the policy, and one answer holds the cosignatures of both. Its goroutine owns
// size and unread.
type endpoint struct {
	url, monitor string
	witnesses    []receipt.Witness // with this URL, in the policy's order
	client       *http.Client
	prove        func(ctx context.Context, from, to uint64) ([]receipt.Hash, error)
	size         uint64 // of the tree that it holds, as far as known (TW-18)
	unread       int    // times in a row that its proof of a larger tree could not be read
}

// name names the endpoint in messages by its first witness in the policy.
func (e *endpoint) name() string { return e.witnesses[0].Name }

// taken are the cosignatures of an answer by the policy's names of the witnesses, and why there is
// none of the others.
type taken struct {
	lines map[string]receipt.Signature
	errs  map[string]error
}

// none is an answer without any cosignature.
func (e *endpoint) none(err error) taken {
	t := taken{errs: make(map[string]error)}
	for _, w := range e.witnesses {
		t.errs[w.Name] = err
	}
	return t
}

// ask sends a checkpoint and returns the cosignatures in the answer; the error is of the whole answer.
// It learns the size that the witness holds from its answers.
func (e *endpoint) ask(ctx context.Context, o *offer) (taken, error) {
	for range maxTries {
		if e.size > o.checkpoint.Size {
			e.size = 0 // only ever what a 409 claimed
		}
		t, retry, err := e.try(ctx, o)
		if err != nil {
			return e.none(err), err
		}
		if !retry {
			return t, nil
		}
	}
	err := fmt.Errorf("%d times in a row it held another size than it had said", maxTries)
	return e.none(err), err
}

func (e *endpoint) try(ctx context.Context, o *offer) (t taken, retry bool, err error) {
	proof, err := e.prove(ctx, e.size, o.checkpoint.Size)
	if err != nil {
		return t, false, fmt.Errorf("consistency proof: %w", err)
	}
	body := receipt.AddCheckpoint{Old: e.size, Proof: proof, Checkpoint: o.signed}.Bytes()
	resp, err := e.do(ctx, http.MethodPost, e.url+"/add-checkpoint", body)
	if err != nil {
		return t, false, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		if t, err = e.take(resp.Body, o.checkpoint); len(t.lines) > 0 {
			e.size = o.checkpoint.Size
		}
		return t, false, err
	case http.StatusConflict:
		retry, err = e.learn(resp, o.checkpoint.Size)
		return t, retry, err
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return t, false, errBusy{retryAfter(resp)}
	}
	return t, false, refusal(resp)
}

func (e *endpoint) do(ctx context.Context, method, url string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", bodyType)
	}
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, errBroken{err}
	}
	return resp, nil
}

// take reads the answer to a checkpoint: signature lines and nothing else, of which those of the
// witnesses' keys are taken if they hold (TW-19). Each is judged by itself.
func (e *endpoint) take(body io.Reader, cp receipt.Checkpoint) (t taken, err error) {
	b, err := readAll(body, maxAnswer)
	if err != nil {
		return t, err
	}
	lines, err := receipt.ParseSignatures(b)
	if err != nil {
		return t, fmt.Errorf("the answer is not signature lines: %w", err)
	}
	t = taken{make(map[string]receipt.Signature), make(map[string]error)}
	for _, w := range e.witnesses {
		line, err := pick(w, lines, cp)
		if err != nil {
			t.errs[w.Name] = err
		} else {
			t.lines[w.Name] = line
		}
	}
	return t, nil
}

// pick returns the only cosignature of a witness's key, if it holds.
func pick(w receipt.Witness, lines []receipt.Signature, cp receipt.Checkpoint) (receipt.Signature, error) {
	var found []receipt.Signature
	for _, line := range lines {
		if line.Name == w.Key.Name && line.ID == w.Key.ID {
			found = append(found, line)
		}
	}
	if len(found) != 1 {
		return receipt.Signature{}, fmt.Errorf("%d cosignatures of key %s+%08x in the answer, want one",
			len(found), w.Key.Name, w.Key.ID)
	}
	t, err := w.Key.VerifyCosignature(cp, found[0])
	if err == nil && t.IsZero() {
		err = errors.New("the cosignature states no time (TW-11)")
	}
	return found[0], err
}

// learn takes the size that the witness holds from a 409, and reports whether to try again with it.
func (e *endpoint) learn(resp *http.Response, ours uint64) (again bool, err error) {
	if kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); kind != sizeType {
		return false, refusal(resp)
	}
	b, err := readAll(resp.Body, 32)
	if err != nil {
		return false, err
	}
	size, err := strict.Decimal(strings.TrimSuffix(string(b), "\n"))
	switch {
	case err != nil:
		return false, fmt.Errorf("the size in the answer: %w", err)
	case size > ours:
		return false, fmt.Errorf("%w: %d, signed are %d", errClaimsMore, size, ours)
	case size == e.size:
		return false, fmt.Errorf("it holds size %d and says that it does not", size)
	}
	e.size = size
	return true, nil
}

// refusal makes an error of an answer, whose text is kept short and printable. Behind a status below
// 200 stands a connection that speaks another protocol, which is not waited for.
func refusal(resp *http.Response) error {
	if resp.StatusCode < http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	b, _ := io.ReadAll(io.LimitReader(resp.Body, statusLimit))
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return fmt.Errorf("status %d: %.120q", resp.StatusCode, line)
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("the answer is longer than %d bytes", limit)
	}
	return b, err
}

func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strict.Decimal(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		seconds = 1
	}
	return time.Duration(min(seconds, uint64(maxRetry/time.Second))) * time.Second
}

// backoff is the pause after an answer that was no cosignature: it doubles, with jitter.
type backoff struct{ pause time.Duration }

// wait pauses and reports whether ctx is still alive.
func (b *backoff) wait(ctx context.Context, err error) bool {
	b.pause = min(max(2*b.pause, firstPause), maxPause)
	d := b.pause/2 + rand.N(b.pause/2)
	var busy errBusy
	if errors.As(err, &busy) {
		d = max(d, busy.after+rand.N(time.Second))
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
