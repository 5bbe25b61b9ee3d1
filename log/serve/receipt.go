// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cocket.example/internal/strict"
	"cocket.example/log/internal/web"
	"cocket.example/receipt"
)

// receipt is the tlog-proof of one entry, or the batch receipt of several. The earliest kept checkpoint
// that covers them changes while checkpoints are thinned out, so that a receipt is not immutable
// although every one stays valid.
func (h *Handler) receipt(r *http.Request, path string) (resource, error) {
	s, err := parseSpan(path)
	if err != nil {
		return resource{}, err
	}
	q, err := parseReceiptQuery(r)
	if err != nil {
		return resource{}, err
	}
	if err := h.await(r.Context(), s.end-1, q.wait); err != nil {
		return resource{}, err
	}
	body, err := h.prove(r.Context(), s, q)
	if errors.Is(err, fs.ErrNotExist) {
		return resource{}, notYet("no published checkpoint covers %s yet, ask again with wait=60s", s)
	}
	if err != nil {
		return resource{}, err
	}
	cache := minute
	if q.latest {
		cache = second
	}
	return resource{body: body, kind: text, cache: cache}, nil
}

// span is what the path of a receipt names: an entry, or all of a batch.
type span struct {
	start, end uint64
	batch      bool
}

// parseSpan parses "17", or "4096-14096", whose end is not in the batch.
func parseSpan(path string) (s span, err error) {
	first, end, batch := strings.Cut(path, "-")
	s.batch = batch
	if s.start, err = strict.Decimal(first); err == nil {
		s.end = s.start + 1
		if batch {
			s.end, err = strict.Decimal(end)
		}
	}
	if err != nil || s.start >= s.end {
		return s, notYet("not the path of a receipt, such as receipt/17 or receipt/4096-14096")
	}
	return s, nil
}

func (s span) String() string {
	if s.batch {
		return "these indexes"
	}
	return "this index"
}

// prove prints the receipt.
func (h *Handler) prove(ctx context.Context, s span, q receiptQuery) ([]byte, error) {
	if s.batch {
		b, err := h.config.Log.BatchReceipt(ctx, s.start, s.end, q.latest)
		if err == nil {
			b.Checkpoint, err = q.signatures(b.Checkpoint)
		}
		return b.Bytes(), err
	}
	r, err := h.config.Log.Receipt(ctx, s.start, q.latest)
	if err == nil {
		r.Checkpoint, err = q.signatures(r.Checkpoint)
	}
	return r.Bytes(), err
}

// receiptQuery is what may be said of a receipt: ?wait=10s&at=latest&signatures=ed25519.
type receiptQuery struct {
	url.Values
	wait    time.Duration
	latest  bool
	ed25519 bool
}

func parseReceiptQuery(r *http.Request) (q receiptQuery, err error) {
	if q.Values, err = web.Query(r, "wait", "at", "signatures"); err != nil {
		return q, err
	}
	if q.wait, err = web.Wait(q.Values); err != nil {
		return q, err
	}
	if q.latest, err = q.is("at", "latest"); err != nil {
		return q, err
	}
	q.ed25519, err = q.is("signatures", "ed25519")
	return q, err
}

// is reports whether a parameter is given, which has one possible value.
func (q receiptQuery) is(name, value string) (bool, error) {
	if q.Has(name) && q.Get(name) != value {
		return false, web.Errorf(http.StatusBadRequest, "unknown value of %s, want %s", name, value)
	}
	return q.Has(name), nil
}

// signatures leaves out of a checkpoint what was not asked for.
func (q receiptQuery) signatures(checkpoint []byte) ([]byte, error) {
	if !q.ed25519 {
		return checkpoint, nil
	}
	return onlyEd25519(checkpoint)
}

// await waits until a published checkpoint covers index. That the time ran out is for the receipt
// to say.
func (h *Handler) await(ctx context.Context, index uint64, wait time.Duration) error {
	if wait == 0 {
		return nil
	}
	err := h.waiters.Wait(ctx, wait, func(ctx context.Context) error {
		return h.config.Log.Wait(ctx, index)
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// onlyEd25519 leaves out every signature line but those of 64 bytes (a log's, type 0x01) and of a
// time and 64 bytes (a witness's, type 0x04). Signatures of other types are longer. A checkpoint that
// the log has signed with other types alone has no such form.
func onlyEd25519(checkpoint []byte) ([]byte, error) {
	parsed, signatures, err := receipt.ParseCheckpoint(checkpoint)
	if err != nil {
		return nil, err
	}
	note := append(parsed.Body(), '\n')
	signed := false
	for _, s := range signatures {
		n := len(s.Sig)
		signed = signed || n == ed25519.SignatureSize && s.Name == parsed.Origin
		if n == ed25519.SignatureSize || n == 8+ed25519.SignatureSize {
			note = append(note, s.String()...)
		}
	}
	if !signed {
		return nil, notYet("the log has no Ed25519 key for this checkpoint, ask without signatures=ed25519")
	}
	return note, nil
}
