// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"cocket.example/receipt"
)

// FuzzRequest: whatever is sent, the answer is one that c2sp.org/tlog-witness knows; and what is
// cosigned goes on from what was cosigned before.
func FuzzRequest(f *testing.F) {
	r := newRig(f)
	r.witness.guard = newGuard(Limits{AddressFaults: 1e9}.withDefaults()) // the fuzzer is a single address
	f.Add(r.log.grow(f, trunk, 0, 5))
	f.Add(r.log.grow(f, trunk, 5, 9))
	f.Add(r.log.grow(f, branch{"other", 3}, 5, 9))
	f.Add(r.log.grow(f, trunk, 0, 0))
	f.Fuzz(func(t *testing.T, body []byte) {
		r.t = t
		defer func() { r.t = f }()
		before := r.held()
		answer := r.post(body)
		after := r.held()
		switch answer.Code {
		case http.StatusOK:
			request, err := receipt.ParseAddCheckpoint(body)
			if err != nil {
				t.Fatalf("cosigned what does not parse: %v", err)
			}
			cp, _, err := receipt.ParseCheckpoint(request.Checkpoint)
			if err != nil || int(cp.Size) < before || after != int(cp.Size) || int(request.Old) != max(before, 0) {
				t.Fatalf("cosigned size %d from %d, held were %d (%v)", cp.Size, request.Old, before, err)
			}
			verifyLines(t, r.keys, cp, answer.Body.String())
		case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusConflict,
			http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
			if after != before {
				t.Fatalf("refused, and size %d became %d", before, after)
			}
			if text := answer.Body.String(); strings.Count(text, "\n") != 1 {
				t.Fatalf("a refusal of several lines: %q", text)
			}
		default:
			t.Fatalf("status %d %q", answer.Code, answer.Body)
		}
	})
}

// FuzzEntries: what is taken for a payload of the journal prints back.
func FuzzEntries(f *testing.F) {
	l := newTestLog(f, "log.example/a")
	value := record{time: 1790000000, note: l.sign(f, l.head(trunk, 5))}.encode()
	f.Add(appendEntry(nil, "log.example/a", value))
	f.Add(appendEntry(appendEntry(nil, "log.example/a", value), "log.example/b", record{generation: 1}.encode()))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var again []byte
		err := entries(payload, func(key string, r record) error {
			again = appendEntry(again, key, r.encode())
			return nil
		})
		if err == nil && !bytes.Equal(again, payload) {
			t.Fatalf("prints back as %q", again)
		}
	})
}

// FuzzRecord: what is taken for a record of the database prints back.
func FuzzRecord(f *testing.F) {
	l := newTestLog(f, "log.example/a")
	note := l.sign(f, l.head(trunk, 5))
	f.Add("log.example/a", record{time: 1790000000, note: note}.encode())
	f.Add("log.example/b", slices.Concat(make([]byte, 16), note))
	f.Add("log.example/a", record{generation: 3}.encode())
	f.Add(keptKey("00", hexSum("log.example/a")), record{time: 1790000000, generation: 1, note: note}.encode())
	f.Fuzz(func(t *testing.T, origin string, value []byte) {
		r, err := decode(origin, value)
		if err != nil {
			return
		}
		if !bytes.Equal(r.encode(), value) || r.note != nil && !keyHas(origin, r.checkpoint.Origin) {
			t.Fatalf("prints back as %q", r.encode())
		}
	})
}
