// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cocket.example/receipt"
)

// badSigner changes what a good signer answers.
type badSigner struct {
	Signer
	change func(receipt.Signature, error) (receipt.Signature, error)
	shift  time.Duration
}

func (b badSigner) Cosign(cp receipt.Checkpoint, t time.Time) (receipt.Signature, error) {
	return b.change(b.Signer.Cosign(cp, t.Add(b.shift)))
}

func (b badSigner) CosignSubtree(s receipt.Subtree) (receipt.Signature, error) {
	return b.change(b.Signer.CosignSubtree(s))
}

// TestBadSigner: what a signer does not sign, or not as it should, is answered with 503, is neither
// stored nor shown, and does not go out beside the good cosignature of another key. Once the signer is
// well the log gets its cosignatures with the same request.
func TestBadSigner(t *testing.T) {
	same := func(s receipt.Signature, err error) (receipt.Signature, error) { return s, err }
	for name, bad := range map[string]badSigner{
		"error": {change: func(s receipt.Signature, _ error) (receipt.Signature, error) {
			return s, errors.New("the token is not plugged in")
		}},
		"a bit flipped": {change: func(s receipt.Signature, err error) (receipt.Signature, error) {
			s.Sig[20] ^= 1
			return s, err
		}},
		"nothing": {change: func(receipt.Signature, error) (receipt.Signature, error) {
			return receipt.Signature{}, nil
		}},
		"another name": {change: func(s receipt.Signature, err error) (receipt.Signature, error) {
			s.Name = "witness.example/else"
			return s, err
		}},
		"a byte more": {change: func(s receipt.Signature, err error) (receipt.Signature, error) {
			s.Sig = append(s.Sig, 0)
			return s, err
		}},
		"another time": {change: same, shift: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			good := r.witness.config
			body := r.log.grow(t, trunk, 0, 5)
			bad.Signer = good.Keys[1]
			r.use(good, good.Keys[0], bad)
			if text := r.want(503, body); strings.Contains(text, "token") || strings.Contains(text, "—") {
				t.Errorf("answers %q", text)
			}
			if held := r.held(); held != -1 {
				t.Errorf("holds %d", held)
			}
			if text := r.logged.String(); !strings.Contains(text, "level=ERROR") {
				t.Errorf("the operator is not told: %q", text)
			}
			r.close()
			r.open(OpenState)
			if held := r.held(); held != -1 {
				t.Errorf("holds %d after a restart", held)
			}
			r.time(r.log.head(trunk, 5), r.want(200, body))
		})
	}
}

// use makes the witness anew with these keys.
func (r *rig) use(c Config, keys ...Signer) {
	r.t.Helper()
	c.Keys, c.Registerer = keys, nil
	w, err := New(c)
	if err != nil {
		r.t.Fatal(err)
	}
	r.witness = w
}

// TestBadKeys: a key that cannot be a witness's is refused at the start.
func TestBadKeys(t *testing.T) {
	r := newRig(t)
	own := r.witness.config.Keys[0]
	for want, keys := range map[string][]Signer{
		"without a cosignature key": nil,
		"is given twice":            {own, own},
		"has type 0x01":             {renamed{own, r.log.key.String()}},
		"not a verifier key":        {renamed{own, "witness.example/w1"}},
	} {
		c := r.witness.config
		c.Keys, c.Registerer = keys, nil
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// renamed is a signer that says it has another key.
type renamed struct {
	Signer
	vkey string
}

func (r renamed) VerifierKey() string { return r.vkey }
