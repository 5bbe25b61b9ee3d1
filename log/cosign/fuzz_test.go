// SPDX-License-Identifier: Apache-2.0

package cosign

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	fnote "github.com/transparency-dev/formats/note"

	"cocket.example/receipt"
)

// zero is a source of keys that are the same in every run.
type zero struct{}

func (zero) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// fuzzed is a witness, and how it cosigns.
func fuzzed(f *testing.F) (*endpoint, *receipt.Cosigner) {
	f.Helper()
	skey, vkey, err := receipt.GenerateKey(zero{}, receipt.Cosignature, "w.example")
	if err != nil {
		f.Fatal(err)
	}
	key, err := receipt.ParseVerifierKey(vkey)
	if err != nil {
		f.Fatal(err)
	}
	cosigner, err := receipt.NewCosigner(skey)
	if err != nil {
		f.Fatal(err)
	}
	return &endpoint{witnesses: []receipt.Witness{{Name: "w", Key: key}}}, cosigner
}

// FuzzAnswer: of a witness's answer to a checkpoint nothing is taken but a line of its own key, which
// other libraries find valid too.
func FuzzAnswer(f *testing.F) {
	e, cosigner := fuzzed(f)
	cp := receipt.Checkpoint{Origin: origin, Size: 7, Root: root(7)}
	s, err := cosigner.Cosign(cp, time.Unix(1790000000, 0))
	if err != nil {
		f.Fatal(err)
	}
	verifier, err := fnote.NewVerifierForCosignatureV1(e.witnesses[0].Key.String())
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(s.String()))
	f.Add([]byte("— other.example AAAAAAA=\n" + s.String()))
	f.Add([]byte(s.String() + s.String()))
	f.Fuzz(func(t *testing.T, answer []byte) {
		taken, err := e.take(bytes.NewReader(answer), cp)
		line, ok := taken.lines["w"]
		if err != nil || !ok {
			return
		}
		signed := string(cp.Body()) + "\n" + line.String()
		if _, err := note.Open([]byte(signed), note.VerifierList(verifier)); err != nil {
			t.Fatalf("x/mod does not find it valid: %v", err)
		}
		if !strings.Contains(string(answer), line.String()) {
			t.Fatalf("line %q stands nowhere in the answer", line)
		}
	})
}

// FuzzConflict: the size that a witness says it holds is taken only where it can be, and tells
// something new.
func FuzzConflict(f *testing.F) {
	f.Add("text/x.tlog.size", []byte("5\n"), uint64(0))
	f.Add("text/x.tlog.size", []byte("05\n"), uint64(0))
	f.Add("text/plain", []byte("5\n"), uint64(0))
	f.Fuzz(func(t *testing.T, kind string, body []byte, held uint64) {
		const ours = 1000
		e := &endpoint{size: held}
		again, err := e.learn(&http.Response{
			StatusCode: http.StatusConflict, Header: http.Header{"Content-Type": {kind}},
			Body: io.NopCloser(bytes.NewReader(body)),
		}, ours)
		if again != (err == nil) || again && (e.size > ours || e.size == held) || !again && e.size != held {
			t.Fatalf("learnt size %d, held %d: %v, %v", e.size, held, again, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\x1b\r\n") {
			t.Fatalf("not to be shown: %q", err)
		}
	})
}
