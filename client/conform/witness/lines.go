// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"filippo.io/mldsa"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client/conform/verdict"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// unknownLine follows a text, and is of a key that nobody knows.
var unknownLine = "\n" + receipt.Signature{Name: stranger, ID: 0x01020304, Sig: make([]byte, 64)}.String()

const stranger = "unknown.example/key"

// timeSize is that of the time before a cosignature: u64 POSIX seconds.
const timeSize = 8

// statement is what a cosignature is about.
type statement struct {
	text       string // of the checkpoint
	origin     string
	start, end uint64
	hash       tlog.Hash
}

func (l testLog) statement(size int64) statement {
	root := l.main.root(size)
	return statement{l.text(size, root.String()), l.origin, 0, uint64(size), root}
}

// judgeLines wants a line of every key of these types that is given, each of which states this and a
// time of now; no other lines are any concern of a log, but may not be there.
func (s *subject) judgeLines(r *verdict.Result, a answer, st statement, types ...byte) {
	got, err := receipt.ParseSignatures(a.body)
	if err != nil {
		r.Fail(verdict.Must, "TW-11", a, "answers what is not signature lines alone: %.200v", err)
		return
	}
	for _, key := range s.config.Keys {
		if !slices.Contains(types, key.Type) {
			continue
		}
		own := of(key, got)
		if len(own) != 1 {
			r.Fail(verdict.Must, "TW-11", a, "answers %d lines of %s+%08x, want one", len(own), key.Name, key.ID)
			continue
		}
		seconds, err := st.verify(key, own[0].Sig)
		if err != nil {
			r.Fail(verdict.Must, itemOf(key), a, "the line of %s+%08x: %v", key.Name, key.ID, err)
			continue
		}
		s.judgeTime(r, a, seconds)
	}
	for _, line := range got {
		if !slices.ContainsFunc(s.config.Keys, func(k receipt.VerifierKey) bool { return owns(k, line) }) {
			r.Fail(verdict.Practice, "TW-11", a, "answers a line of %.80q+%08x, a key that was not given",
				line.Name, line.ID)
		}
	}
}

// itemOf is the rule that a cosignature of the key's type keeps.
func itemOf(key receipt.VerifierKey) string {
	if key.Type == strict.MLDSA44 {
		return "CS-12"
	}
	return "CS-9"
}

func owns(key receipt.VerifierKey, line receipt.Signature) bool {
	return line.Name == key.Name && line.ID == key.ID
}

// of returns the lines of a key.
func of(key receipt.VerifierKey, all []receipt.Signature) (lines []receipt.Signature) {
	for _, line := range all {
		if owns(key, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

func (s *subject) judgeTime(r *verdict.Result, a answer, seconds uint64) {
	switch {
	case seconds == 0:
		r.Fail(verdict.Must, "TW-11", a, "states no time (0)")
	case seconds > math.MaxInt64:
		r.Fail(verdict.Must, "CS-5", a, "states a time above 2^63−1")
	case time.Since(time.Unix(int64(seconds), 0)).Abs() > s.config.Skew:
		r.Fail(verdict.Must, "TW-11", a, "states a time that is more than %v from that of the clock here",
			s.config.Skew)
	}
}

// verify checks what follows the key id of a line, and returns the time that it states.
func (st statement) verify(key receipt.VerifierKey, payload []byte) (seconds uint64, err error) {
	want := timeSize + ed25519.SignatureSize
	if key.Type == strict.MLDSA44 {
		want = timeSize + mldsa.MLDSA44SignatureSize
	}
	if len(payload) != want {
		return 0, fmt.Errorf("%d bytes behind the key id, want %d", len(payload), want)
	}
	seconds = binary.BigEndian.Uint64(payload)
	if !st.holds(key, seconds, payload[timeSize:]) {
		return 0, errors.New("its signature does not hold for this checkpoint")
	}
	return seconds, nil
}

func (st statement) holds(key receipt.VerifierKey, seconds uint64, sig []byte) bool {
	if key.Type == strict.Cosignature {
		message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", seconds, st.text)
		return ed25519.Verify(ed25519.PublicKey(key.Public), []byte(message), sig)
	}
	public, err := mldsa.NewPublicKey(mldsa.MLDSA44(), []byte(key.Public))
	return err == nil && mldsa.Verify(public, st.message(key.Name, seconds), sig, nil) == nil
}

// message is what an ML-DSA-44 cosignature signs, with an empty context (CS-12):
//
//	"subtree/v1\n" 00 | len8 name | u64 time | len8 origin | u64 start | u64 end | hash
func (st statement) message(name string, seconds uint64) []byte {
	b := append([]byte("subtree/v1\n\x00"), byte(len(name)))
	b = binary.BigEndian.AppendUint64(append(b, name...), seconds)
	b = append(append(b, byte(len(st.origin))), st.origin...)
	b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, st.start), st.end)
	return append(b, st.hash[:]...)
}

// note remembers the times of a log's cosignatures, for W18.
func (s *subject) note(l testLog, a answer) {
	got, err := receipt.ParseSignatures(a.body)
	if err != nil || !a.is(http.StatusOK) {
		return
	}
	for _, line := range got {
		if len(line.Sig) < timeSize {
			continue
		}
		c, seconds := clock{l.origin, line.ID}, binary.BigEndian.Uint64(line.Sig)
		if seconds < s.times[c] {
			s.back = append(s.back, l.origin)
		}
		s.times[c] = seconds
	}
}

// stray is the base64 of a hash with a bit set that is not of it.
func stray(hash tlog.Hash) string {
	text := []byte(base64.StdEncoding.EncodeToString(hash[:]))
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := slices.Index([]byte(alphabet), text[42])
	text[42] = alphabet[i|1]
	return string(text)
}
