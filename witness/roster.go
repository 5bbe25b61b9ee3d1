// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// Log is a log that is witnessed.
type Log struct {
	// Keys (types 0x01 and 0x06) sign its checkpoints. A log that changes its key, or signs with two,
	// has several, of one name.
	Keys []receipt.VerifierKey
	// Name is the origin, where it is not the name of the keys, as it should be (CP-8).
	Name string
	// QPD is how many larger checkpoints of the log are cosigned a day, and how many refreshes; see
	// quota. 0: any number.
	QPD uint32
	// URL is the prefix below which the log publishes its checkpoint and tiles (c2sp.org/tlog-tiles);
	// empty if it is not known.
	URL string
}

// Origin is the name of the log.
func (l Log) Origin() string { return cmp.Or(l.Name, l.Keys[0].Name) }

// roster is the logs that are witnessed at one time. It never changes; SetLogs puts another in its
// place.
type roster struct {
	logs    map[string]Log          // by origin
	origins map[receipt.Hash]string // by the SHA-256 of the origin (TW-25)
}

// newRoster refuses a log without a key, two logs of one origin, and a key of the witness itself:
// what it cosigns would be what it takes for signed by the log.
func newRoster(logs []Log, own []key) (*roster, error) {
	r := &roster{logs: make(map[string]Log, len(logs)), origins: make(map[receipt.Hash]string, len(logs))}
	for _, l := range logs {
		if len(l.Keys) == 0 {
			return nil, errors.New("log without a key")
		}
		origin := l.Origin()
		if _, ok := r.logs[origin]; ok {
			return nil, fmt.Errorf("log %s is given twice", origin)
		}
		if err := l.check(own); err != nil {
			return nil, err
		}
		r.logs[origin], r.origins[sha256.Sum256([]byte(origin))] = l, origin
	}
	return r, nil
}

func (l Log) check(own []key) error {
	if err := strict.Name(l.Origin()); err != nil {
		return fmt.Errorf("origin of a log: %w", err)
	}
	for i, k := range l.Keys {
		isOwn := func(o key) bool { return o.public == k }
		switch {
		case k.Name != l.Keys[0].Name:
			return fmt.Errorf("log %s has keys named %s and %s", l.Origin(), l.Keys[0].Name, k.Name)
		case k.Type != strict.Ed25519 && k.Type != strict.MLDSA44:
			return fmt.Errorf("key of log %s has type 0x%02x: a log signs with 0x01 (Ed25519) or 0x06 (ML-DSA-44)",
				k.Name, k.Type)
		case slices.Contains(l.Keys[:i], k):
			return fmt.Errorf("key of log %s is given twice", k.Name)
		case slices.ContainsFunc(own, isOwn):
			return fmt.Errorf("key of log %s is a cosignature key of this witness", k.Name)
		}
	}
	return nil
}

// SetLogs replaces the logs that are witnessed. What was cosigned for a log stays known when it is
// left out, and counts again when it comes back.
func (w *Witness) SetLogs(logs []Log) error {
	r, err := newRoster(logs, w.keys)
	if err != nil {
		return err
	}
	w.catchUp.begin(r.logs, len(w.peers.urls), func() { w.roster.Store(r) })
	w.quotas.retain(r)
	return nil
}

// log returns the log of the origin, if it is witnessed.
func (w *Witness) log(origin string) (Log, bool) {
	l, ok := w.roster.Load().logs[origin]
	return l, ok
}
