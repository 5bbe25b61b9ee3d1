// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"

	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// Logs are the logs that a run plays. Their keys follow from one secret, so that they can be entered
// into the witness before the run:
//
//	origin = <name of the key> "/" <run> "/" <log>
//	seed   = SHA-256(Ed25519 signature of the key over "cocket conform witness/v1\n" origin "\n")
//
// A witness remembers logs for ever. A run is repeated with logs that it has not seen, of another number.
type Logs struct {
	Key *receipt.Signer // secret key of a test log, of which all others come
	Run int             // from 1
}

// second follows the name of the log whose checkpoints may be signed with either of two keys.
const second = "w12/two"

// logNames are those of all logs, each for the case that it begins with.
func logNames() (names []string) {
	names = []string{"begin", "w01", "w02", "w03", "w04", "w05", "w05/later", "w06", "w07", "w08", "w09", "w10", "w11",
		"w12", second, "w12/many", "w13", "w14", "w15", "w17", "w18", "w19", "w20", "w20/other", "w21", "w22", "w23",
		"w24"}
	for i := range stairs(maxSize) {
		names = append(names, stair(i))
	}
	for i := range heats {
		names = append(names, heat(i))
	}
	return names
}

func stair(i int64) string { return fmt.Sprintf("w11/%d", i+1) }
func heat(i int) string    { return fmt.Sprintf("w16/%d", i+1) }

// Name is what the origins of all logs begin with.
func (l Logs) Name() string {
	if l.Key == nil {
		return ""
	}
	return l.Key.Name()
}

func (l Logs) check() error {
	if l.Key == nil {
		return errors.New("no key of a log to be played")
	}
	if l.Run < 1 || l.Run > 1_000_000 {
		return fmt.Errorf("run %d, want 1 to 1000000", l.Run)
	}
	return strict.Name(l.origin("w20/other"))
}

func (l Logs) origin(name string) string { return fmt.Sprintf("%s/%d/%s", l.Key.Name(), l.Run, name) }

// VerifierKeys are what the witness must know, a key for each log. One log has a second key, which not
// every witness can be told of; it is the last.
func (l Logs) VerifierKeys() (vkeys []string, err error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	for _, name := range logNames() {
		k, err := l.signer(l.origin(name), "")
		if err != nil {
			return nil, err
		}
		vkeys = append(vkeys, k.key.String())
	}
	k, err := l.signer(l.origin(second), "second ")
	return append(vkeys, k.key.String()), err
}

// signer is a log's key.
type signer struct {
	private ed25519.PrivateKey
	key     strict.Key
}

// signer derives a key; use tells two keys of one log apart.
func (l Logs) signer(origin, use string) (k signer, err error) {
	proof, err := l.Key.Sign([]byte("cocket conform witness/v1\n" + use + origin + "\n"))
	if err != nil {
		return k, err
	}
	seed := sha256.Sum256(proof)
	k.private = ed25519.NewKeyFromSeed(seed[:])
	k.key, err = strict.NewKey(origin, strict.Ed25519, k.private.Public().(ed25519.PublicKey))
	return k, err
}

// line signs a text.
func (k signer) line(text string) string {
	return receipt.Signature{Name: k.key.Name, ID: k.key.ID, Sig: ed25519.Sign(k.private, []byte(text))}.String()
}

// broken is a line whose signature does not hold.
func (k signer) broken(text string) string {
	sig := ed25519.Sign(k.private, []byte(text))
	sig[20] ^= 1
	return receipt.Signature{Name: k.key.Name, ID: k.key.ID, Sig: sig}.String()
}

// testLog is one log that is played, with the two histories that all of them may tell.
type testLog struct {
	origin string
	signer
	main, fork *tree
}

// log returns a log of the list, or any other with a key of its own.
func (s *subject) log(name string) testLog {
	origin := s.config.Logs.origin(name)
	k, err := s.config.Logs.signer(origin, "")
	if err != nil {
		s.err = err
	}
	return testLog{origin: origin, signer: k, main: s.main, fork: s.fork}
}
