// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"cocket.example/log"
	"cocket.example/receipt"
)

// timedRecorder judges every signature of a key that states a time: it is the journalled one.
type timedRecorder struct {
	*receipt.TimedSigner
	b *bench
}

func (r timedRecorder) At(t time.Time) note.Signer {
	if head := r.b.head(); !head.Time.Equal(t) {
		r.b.t.Errorf("signs at %s, journalled is %s", t, head.Time)
	}
	return recorder{r.TimedSigner.At(t), r.b}
}

// second gives the log a key of type 0x06 beside the one that it has, and its policy too.
func (b *bench) second() receipt.VerifierKey {
	b.t.Helper()
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.MLDSA44, origin)
	must(b.t, err)
	signer, err := receipt.NewLogSigner(skey)
	must(b.t, err)
	key, err := receipt.ParseVerifierKey(vkey)
	must(b.t, err)
	b.config.Signers = append(b.config.Signers[:1:1], timedRecorder{signer.(*receipt.TimedSigner), b})
	b.config.Policy.Logs = append(b.config.Policy.Logs[:1:1], receipt.Log{Key: key})
	return key
}

// statedTime is the time that the published checkpoint's line of a key states; both of the log's keys
// must have signed.
func (b *bench) statedTime(key receipt.VerifierKey) (at time.Time) {
	b.t.Helper()
	checkpoint, err := b.storage.Published(b.t.Context())
	must(b.t, err)
	cp, signatures, err := receipt.ParseCheckpoint(checkpoint)
	must(b.t, err)
	for _, l := range b.config.Policy.Logs {
		must(b.t, l.Key.VerifyLog(cp, signatures))
	}
	for _, s := range signatures {
		if s.ID == key.ID {
			at, err = key.VerifyCosignature(cp, s)
			must(b.t, err)
		}
	}
	return at
}

// TestTwoKeys: both keys sign the one head that is journalled, and the line that states a time states
// the journalled one, also of a heartbeat.
func TestTwoKeys(t *testing.T) {
	timed(t, "", func(t *testing.T, b *bench) {
		key := b.second()
		l, stop := b.run()
		before := b.signatures()
		add(t, l, 0, 7)
		settle(time.Second)
		b.wantPublished(7, 1)
		if n := b.signatures() - before; n != 2 {
			t.Errorf("%d signatures for one head, want 2", n)
		}
		first := b.head()
		if at := b.statedTime(key); !at.Equal(first.Time) {
			t.Errorf("states %s, journalled is %s", at, first.Time)
		}
		settle(10 * time.Minute)
		second := b.head()
		if at := b.statedTime(key); !at.Equal(second.Time) || !at.After(first.Time) {
			t.Errorf("states %s, journalled is %s after %s", at, second.Time, first.Time)
		}
		stop()
	})
}

// TestKeyComesAndGoes: a head that was signed with fewer keys or more is no other head. With a new key
// it is published anew, without waiting for a heartbeat.
func TestKeyComesAndGoes(t *testing.T) {
	timed(t, "comes", func(t *testing.T, b *bench) {
		l, stop := b.run()
		add(t, l, 0, 7)
		settle(time.Second)
		stop()
		head := b.head()
		key := b.second()
		_, stop = b.run()
		settle(time.Second)
		b.wantPublished(7, 1)
		if at := b.statedTime(key); !at.Equal(head.Time) || b.head() != head {
			t.Errorf("states %s, journalled %v, was %v", at, b.head(), head)
		}
		stop()
	})
	timed(t, "goes", func(t *testing.T, b *bench) {
		b.second()
		l, stop := b.run()
		add(t, l, 0, 7)
		settle(time.Second)
		stop()
		b.config.Signers = b.config.Signers[:1]
		before := b.kept()
		l, stop = b.run()
		settle(time.Second)
		if n := b.kept() - before; n != 0 {
			t.Errorf("published %d times though nothing is new", n)
		}
		add(t, l, 7, 1)
		settle(time.Second)
		b.wantPublished(8, 1)
		stop()
	})
}

// TestAheadWithOneKey: a published checkpoint is the log's if any of its keys has signed it, even if
// the line of another is broken.
func TestAheadWithOneKey(t *testing.T) {
	for name, spoil := range map[string]func(signed []byte) []byte{
		"of both keys": func(signed []byte) []byte { return signed },
		"of the second": func(signed []byte) []byte {
			lines := strings.SplitAfter(string(signed), "\n")
			return []byte(strings.Join(append(lines[:4:4], lines[5:]...), ""))
		},
		"first line broken": func(signed []byte) []byte {
			lines := strings.SplitAfter(string(signed), "\n")
			lines[4] = lines[4][:len(lines[4])-8] + "AAA" + lines[4][len(lines[4])-5:]
			return []byte(strings.Join(lines, ""))
		},
	} {
		timed(t, name, func(t *testing.T, b *bench) {
			b.second()
			l, stop := b.run()
			add(t, l, 0, 10)
			settle(time.Second)
			stop()
			cp := receipt.Checkpoint{Origin: origin, Size: 12, Root: tree(12)}
			signed, err := cp.Sign(b.config.Signers[0].(recorder).Signer, b.config.Signers[1].(timedRecorder).TimedSigner)
			must(t, err)
			b.storage.published = spoil(signed)
			if _, _, err := receipt.ParseCheckpoint(b.storage.published); err != nil {
				t.Fatal(err)
			}
			l, stop = b.run()
			b.refuses(l)
			b.says("published size 12, journalled size 10")
			stop()
		})
	}
}

// flaky is a key that fails every other time.
type flaky struct {
	note.Signer
	calls int
}

func (f *flaky) Sign(text []byte) ([]byte, error) {
	if f.calls++; f.calls%2 == 0 {
		return nil, errors.New("the key is away")
	}
	return f.Signer.Sign(text)
}

// TestSigningFails: a head that is journalled and could not be signed is signed later, and no earlier
// checkpoint is published in its place.
func TestSigningFails(t *testing.T) {
	timed(t, "", func(t *testing.T, b *bench) {
		b.config.Signers[0] = &flaky{Signer: b.config.Signers[0]}
		l, stop := b.run()
		for n := range 5 {
			add(t, l, 7*n, 7)
			settle(time.Second)
			b.wantPublished(uint64(7*n+7), 1)
		}
		b.says("the key is away")
		for _, k := range b.storage.kept {
			cp, _, err := receipt.ParseCheckpoint(k.checkpoint)
			must(t, err)
			if cp.Size != k.size {
				t.Errorf("the checkpoint of %d is kept as one of %d", cp.Size, k.size)
			}
		}
		stop()
	})
}

// TestSameKeyTwice: two lines of one key are no checkpoint that anyone would take (SN-12).
func TestSameKeyTwice(t *testing.T) {
	b := newBench(t)
	b.config.Signers = append(b.config.Signers, b.config.Signers[0])
	if _, err := log.New(b.config); err == nil || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("%v, want a refusal", err)
	}
}
