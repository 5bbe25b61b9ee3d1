// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"time"

	"cocket.example/internal/strict"
	"cocket.example/log/internal/web"
	"cocket.example/receipt"
)

// receipt is the tlog-proof of one entry. The earliest kept checkpoint that covers it changes while
// checkpoints are thinned out, so that a receipt is not immutable although every one stays valid.
func (h *Handler) receipt(r *http.Request, path string) (resource, error) {
	index, err := strict.Decimal(path)
	if err != nil {
		return resource{}, notYet("not the path of a receipt, such as receipt/17")
	}
	q, err := parseReceiptQuery(r)
	if err != nil {
		return resource{}, err
	}
	if err := h.await(r.Context(), index, q.wait); err != nil {
		return resource{}, err
	}
	proof, err := h.config.Log.Receipt(r.Context(), index, q.latest)
	if errors.Is(err, fs.ErrNotExist) {
		return resource{}, notYet("no published checkpoint covers this index yet, ask again with wait=60s")
	}
	if err != nil {
		return resource{}, err
	}
	if q.ed25519 {
		if proof.Checkpoint, err = onlyEd25519(proof.Checkpoint); err != nil {
			return resource{}, err
		}
	}
	cache := minute
	if q.latest {
		cache = second
	}
	return resource{body: proof.Bytes(), kind: text, cache: cache}, nil
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
