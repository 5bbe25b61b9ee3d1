// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"cocket.example/internal/strict"
)

// Period bounds what a log's key is good for: the sizes of the checkpoints that it signs, and the
// time by which a quorum of witnesses had cosigned them. The zero Period bounds nothing. In a policy
// it is a comment directly below the line of its log, which other readers of c2sp.org/tlog-policy
// pass over:
//
//	log <vkey> [<url>]
//	#cocket period <name>+<key id> sizes <from>..[<to>] [until <time>]
//
// A key ends when the log goes on with another one: it stays good for what it signed before.
//
//	sizes   0 ────────────────── N ──────────────────▶
//	old key ├── good until T ────┤   stolen: no size above N, no quorum after T
//	new key                      ├──── good ─────────▶
//
// There is no time from which a key is good: witnesses vouch that a checkpoint was there by some
// time, never that it was not there before.
type Period struct {
	From  uint64    // the smallest size
	To    uint64    // the largest size; 0: there is none
	Until time.Time // the latest time of a quorum, whole seconds, included; zero: there is none
}

// periodMark begins the line of a period.
const periodMark = "#cocket"

// Bounded reports whether the period bounds anything.
func (p Period) Bounded() bool { return p.From != 0 || p.To != 0 || !p.Until.IsZero() }

// String prints the bounds as a policy writes them: "sizes 0..100 until 2031-01-01T00:00:00Z".
func (p Period) String() string {
	s := "sizes " + strconv.FormatUint(p.From, 10) + ".."
	if p.To != 0 {
		s += strconv.FormatUint(p.To, 10)
	}
	if !p.Until.IsZero() {
		s += " until " + p.Until.UTC().Format(time.RFC3339)
	}
	return s
}

// CheckSize refuses a size for which the key is not good.
func (p Period) CheckSize(size uint64) error {
	if size < p.From || p.To != 0 && size > p.To {
		return fmt.Errorf("good for %s, not for size %d", p, size)
	}
	return nil
}

// Check refuses a size, or a time of the quorum, for which the key is not good. The zero time stands
// for none, which a key that ends at some time is never good for.
func (p Period) Check(size uint64, quorum time.Time) error {
	if err := p.CheckSize(size); err != nil || p.Until.IsZero() {
		return err
	}
	if quorum.IsZero() {
		return fmt.Errorf("good for %s, and no quorum of witnesses states a time", p)
	}
	if quorum.After(p.Until) {
		return fmt.Errorf("good for %s, the quorum was not reached before %s", p, quorum.UTC().Format(time.RFC3339))
	}
	return nil
}

// line prints the period of a key as its line of a policy, without LF.
func (p Period) line(k VerifierKey) string {
	return periodMark + " period " + keyID(k) + " " + p.String()
}

// keyID names a key shortly.
func keyID(k VerifierKey) string { return fmt.Sprintf("%s+%08x", k.Name, k.ID) }

// isPeriod reports whether a comment is the line of a period, or would be taken for one by who wrote
// it. Such a line is good or an error, for to pass over it would be to believe a key too long.
func isPeriod(comment string) bool {
	letters := strings.ToLower(strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return r
	}, comment))
	words := strings.Fields(comment)
	return words[0] == periodMark || strings.HasPrefix(letters, periodMark[1:]+"period") ||
		slices.Contains(words, "sizes") && strings.Contains(comment, "+") && strings.Contains(comment, "..")
}

var errPeriod = errors.New("want: " + periodMark + " period <name>+<key id> sizes <from>..[<to>] " +
	"[until <time>], one space between, times as 2031-01-01T00:00:00Z")

// parsePeriod parses the line of a period that stands below the log with this key.
func parsePeriod(line string, key VerifierKey) (p Period, err error) {
	fields := strings.Split(line, " ")
	if len(fields) != 5 && len(fields) != 7 {
		return p, errPeriod
	}
	if fields[2] != keyID(key) {
		return p, fmt.Errorf("a period of key %.300q, but the log above has %s", fields[2], keyID(key))
	}
	from, to, _ := strings.Cut(fields[4], "..")
	if p.From, err = strict.Decimal(from); err != nil {
		return p, fmt.Errorf("from: %w", err)
	}
	if to != "" {
		if p.To, err = strict.Decimal(to); err != nil {
			return p, fmt.Errorf("to: %w", err)
		}
		if p.To == 0 || p.To < p.From {
			return p, fmt.Errorf("sizes %d..%d hold no tree with an entry", p.From, p.To)
		}
	}
	if len(fields) == 7 {
		if p.Until, err = parseTime(fields[6]); err != nil {
			return p, err
		}
	}
	if p.line(key) != line {
		return p, errPeriod
	}
	if !p.Bounded() {
		return p, errors.New("sizes 0.. without a time bound nothing: leave the line out")
	}
	return p, nil
}

// parseTime parses a time that a cosignature can state, in the one form that String prints.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Unix() <= 0 || t.Unix() > maxTime {
		return t, fmt.Errorf("until: %.40q is no time after 1970 such as 2031-01-01T00:00:00Z", s)
	}
	return t.UTC(), nil
}
