// SPDX-License-Identifier: Apache-2.0

package cosign

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cocket.example/log"
	"cocket.example/receipt"
)

// pair is a witness with an Ed25519 and an ML-DSA-44 key at one address.
type pair struct {
	b     *bench
	name  string
	keys  []*receipt.Cosigner
	lines []int        // which keys it answers with, and how often each
	asked atomic.Int32 // requests
	again func()       // called after each request
}

// addPair puts such a witness into the policy, where it is two with one URL.
func (b *bench) addPair(name string, lines ...int) *pair {
	b.t.Helper()
	p := &pair{b: b, name: name, lines: lines}
	server := httptest.NewServer(p)
	b.t.Cleanup(server.Close)
	for i, typ := range []receipt.KeyType{receipt.Cosignature, receipt.MLDSA44} {
		skey, vkey, err := receipt.GenerateKey(rand.Reader, typ, "witness.example/"+name)
		b.must(err)
		c, err := receipt.NewCosigner(skey)
		b.must(err)
		key, err := receipt.ParseVerifierKey(vkey)
		b.must(err)
		p.keys = append(p.keys, c)
		b.policy.Witnesses = append(b.policy.Witnesses, receipt.Witness{
			Name: name + []string{"", "-pq"}[i], Key: key,
			URL: server.URL + strings.Repeat("/", i), // written in two ways
		})
	}
	return p
}

func (p *pair) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	a, err := receipt.ParseAddCheckpoint(body)
	if err != nil {
		p.b.t.Error(err)
		return
	}
	cp, signatures, _ := receipt.ParseCheckpoint(a.Checkpoint)
	for _, s := range signatures { // the log's own lines and no others
		if s.Name != origin {
			p.b.t.Errorf("sent a line of %s", s.Name)
		}
	}
	for _, i := range p.lines {
		s, _ := p.keys[i].Cosign(cp, time.Now())
		io.WriteString(w, s.String())
	}
	if p.again != nil {
		p.again()
	}
}

// bothKeys gives the log a second key, of type 0x06, and returns its signed checkpoints.
func (b *bench) bothKeys() func(size uint64) []byte {
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.MLDSA44, origin)
	b.must(err)
	second, err := receipt.NewLogSigner(skey)
	b.must(err)
	key, err := receipt.ParseVerifierKey(vkey)
	b.must(err)
	b.policy.Logs = append(b.policy.Logs, receipt.Log{Key: key})
	return func(size uint64) []byte {
		signed, err := receipt.Checkpoint{Origin: origin, Size: size, Root: root(size)}.SignAt(time.Now(), b.signer, second)
		b.must(err)
		return signed
	}
}

// TestTwoKeys: one request gets the cosignatures of both keys, and both are kept.
func TestTwoKeys(t *testing.T) {
	b := newBench(t)
	signed := b.bothKeys()
	p := b.addPair("w1", 1, 0)
	g := b.quorum(2)
	for size := uint64(1); size <= 3; size++ {
		cosigned, err := g.Cosign(t.Context(), signed(size))
		b.must(err)
		b.verifies(cosigned, "")
		trusted, err := b.policy.Verify(cosigned)
		b.must(err)
		for _, w := range trusted.Report().Witnesses {
			if w.Err != nil {
				t.Errorf("witness %s: %v", w.Witness.Name, w.Err)
			}
		}
		if n := p.asked.Load(); n != int32(size) {
			t.Errorf("%d requests for %d checkpoints", n, size)
		}
	}
}

// TestOneOfTwoKeys: an answer that lacks the line of one key, or has it twice, gives the other's; the
// witness is asked again for what is missing, and the line that may be published by then stays.
func TestOneOfTwoKeys(t *testing.T) {
	for name, lines := range map[string][]int{"missing": {0}, "twice": {0, 1, 1}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			p := b.addPair("w1", lines...)
			asked := make(chan struct{}, 10)
			p.again = func() { asked <- struct{}{} }
			g := b.quorum(1)
			signed := b.signed(5)
			first, err := g.Cosign(t.Context(), signed)
			b.must(err)
			b.verifies(first, "w1-pq")
			for range 3 {
				select {
				case <-asked:
				case <-time.After(20 * time.Second):
					t.Fatal("not asked again")
				}
			}
			if again := g.Cosigned(); !bytes.Equal(again, first) {
				t.Errorf("%s, was\n%s", again, first)
			}
			if !strings.Contains(b.out.String(), "witness=w1-pq") || strings.Contains(b.out.String(), "witness=w1 ") {
				t.Errorf("logged: %s", b.out.String())
			}
		})
	}
}

// TestConfirmTwoKeys: who has two keys counts once against those who claim to hold more.
func TestConfirmTwoKeys(t *testing.T) {
	b := newBench(t)
	b.add("claims", claims(nil))
	b.addPair("w1", 0, 1)
	g := b.quorum(1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := g.Confirm(ctx, b.signed(7)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v, want a wait: one witness against one claim", err)
	}
}

// TestProvenByOneKey: a larger checkpoint that bears only one of the log's two signatures is proof.
func TestProvenByOneKey(t *testing.T) {
	for name, keep := range map[string]int{"first": 4, "second": 5} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			signed := b.bothKeys()
			shown := func() []byte {
				lines := strings.SplitAfter(string(signed(99)), "\n")
				return []byte(strings.Join(append(lines[:4:4], lines[keep]), ""))
			}
			b.add("w1", claims(shown))
			g := b.quorum(1)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if err := g.Confirm(ctx, signed(7)); !errors.Is(err, log.ErrAhead) {
				t.Fatalf("%v, want ErrAhead", err)
			}
		})
	}
}

// TestMonitors: one address has one monitoring prefix.
func TestMonitors(t *testing.T) {
	b := newBench(t)
	b.addPair("w1")
	for want, monitors := range map[string]map[string]string{
		"differ":                   {"w1": "https://a.example", "w1-pq": "https://b.example"},
		"no witness of the policy": {"w2": "https://a.example"},
		"":                         {"w1-pq": "https://a.example/"},
	} {
		g, err := New(Config{Policy: b.policy, Monitors: monitors})
		if got := fmt.Sprint(err); want != "" && !strings.Contains(got, want) {
			t.Errorf("%s, want %q", got, want)
		}
		if want == "" && (err != nil || len(g.endpoints) != 1 || g.endpoints[0].monitor != "https://a.example") {
			t.Errorf("%v, %v", g, err)
		}
	}
}
