// SPDX-License-Identifier: Apache-2.0

package serve_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"cocket.example/internal/strict"
	"cocket.example/log/internal/logtest"
	"cocket.example/log/serve"
	"cocket.example/receipt"
)

func TestPage(t *testing.T) {
	l := logtest.Start(t)
	s := start(t, l)
	l.Add(t, entries(0, 7)...)
	a := s.get("/")
	a.want(t, "text/html; charset=utf-8", "public, max-age=1")
	contains(t, a.body, logtest.Origin, `<dd class="size">7</dd>`, "cocket verify --policy",
		"published without witnesses", "no quorum of witnesses vouches", l.Policy.Logs[0].Key.Name)
	for _, no := range []string{"<script", "ZgotmplZ", "does not verify"} {
		if strings.Contains(a.body, no) {
			t.Errorf("the page has %q", no)
		}
	}
}

// TestPagePolicy: the style sheet that the page has is the one that the browser is told to apply.
func TestPagePolicy(t *testing.T) {
	a := start(t, logtest.Start(t)).get("/")
	_, rest, _ := strings.Cut(a.body, "<style>")
	style, _, ok := strings.Cut(rest, "</style>")
	hash := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'; "
	if got := a.header.Get("Content-Security-Policy"); !ok || !strings.HasPrefix(got, want) {
		t.Errorf("Content-Security-Policy %q, want %q", got, want)
	}
}

func TestPageBeforeTheFirstCheckpoint(t *testing.T) {
	a := start(t, logtest.StartEvery(t, time.Hour)).get("/")
	contains(t, a.body, "None is published yet.", "None has cosigned yet.")
}

// cosigned is a log whose checkpoint a witness has cosigned.
type cosigned struct {
	*logtest.Log
	witness *receipt.Cosigner
	time    time.Time
}

func (c cosigned) Published(ctx context.Context) ([]byte, error) {
	checkpoint, err := c.Log.Published(ctx)
	if err != nil {
		return nil, err
	}
	parsed, _, err := receipt.ParseCheckpoint(checkpoint)
	if err != nil {
		return nil, err
	}
	line, err := c.witness.Cosign(parsed, c.time)
	return append(bytes.Clone(checkpoint), line.String()...), err
}

func TestPageShowsWitnesses(t *testing.T) {
	l := logtest.Start(t)
	l.Add(t, []byte("entry"))
	present, absent := newWitness(t, "witness.example/w1", 1), newWitness(t, "witness.example/w2", 2)
	policy, err := receipt.ParsePolicy(fmt.Appendf(nil, "log %s\nwitness w1 %s\nwitness w2 %s\nquorum w1\n",
		l.Policy.Logs[0].Key, present.VerifierKey(), absent.VerifierKey()))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 2, 3, 4, 0, time.UTC)
	show := func(l serve.Log) string {
		s := start(t, l.(cosigned).Log, func(c *serve.Config) { c.Log, c.Policy = l, policy })
		return s.get("/").body
	}
	contains(t, show(cosigned{l, present, at}),
		"<dt>On file no later than</dt><dd>2026-11-24 02:03:04 UTC</dd>",
		"<td>w1</td><td>witness.example/w1</td><td>2026-11-24 02:03:04 UTC</td>",
		"<td>w2</td><td>witness.example/w2</td><td>not on this checkpoint</td>", "<code>w1</code>")
}

func TestPageOfABrokenCheckpoint(t *testing.T) {
	l := logtest.Start(t)
	l.Add(t, []byte("entry"))
	stranger := newWitness(t, "witness.example/w1", 3)
	policy, err := receipt.ParsePolicy(fmt.Appendf(nil, "log %s\nwitness w1 %s\nquorum w1\n",
		l.Policy.Logs[0].Key, stranger.VerifierKey()))
	if err != nil {
		t.Fatal(err)
	}
	a := start(t, l, func(c *serve.Config) { c.Policy = policy }).get("/")
	contains(t, a.body, "This checkpoint does not verify under the log's own policy")
}

func newWitness(t *testing.T, name string, seed byte) *receipt.Cosigner {
	t.Helper()
	secret := bytes.Repeat([]byte{seed}, ed25519.SeedSize)
	public := ed25519.NewKeyFromSeed(secret).Public().(ed25519.PublicKey)
	key, err := strict.NewKey(name, strict.Cosignature, public)
	if err != nil {
		t.Fatal(err)
	}
	typed := append([]byte{strict.Cosignature}, secret...)
	w, err := receipt.NewCosigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, key.ID,
		base64.StdEncoding.EncodeToString(typed)))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func contains(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q:\n%s", text, page)
		}
	}
}
