// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestClock is W18 (TW-15): the stated time never goes back, and beyond a bound nothing is signed,
// also after a restart.
func TestClock(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 1))
	for _, c := range []struct {
		what   string
		clock  time.Duration // from the start
		status int
		stated time.Duration
	}{
		{"forwards", 100 * time.Second, 200, 100 * time.Second},
		{"back by a little", 70 * time.Second, 200, 100 * time.Second},
		{"back by the bound", 40 * time.Second, 200, 100 * time.Second},
		{"back by more", 39 * time.Second, 503, 0},
		{"back by an hour", -time.Hour, 503, 0},
		{"back by a year", -365 * 24 * time.Hour, 503, 0},
		{"to zero", time.Unix(0, 0).Sub(start), 503, 0},
		{"before 1970", -200 * 365 * 24 * time.Hour, 503, 0},
		{"forwards again", 101 * time.Second, 200, 101 * time.Second},
		{"far forwards", 20 * 365 * 24 * time.Hour, 200, 20 * 365 * 24 * time.Hour},
		{"back to the day", 102 * time.Second, 503, 0},
		{"back by a little, there", 20*365*24*time.Hour - time.Minute, 200, 20 * 365 * 24 * time.Hour},
	} {
		for _, restart := range []bool{false, true} {
			if restart {
				r.close()
				r.open(OpenState)
			}
			r.clock.set(start.Add(c.clock))
			lines := r.want(c.status, r.log.grow(t, trunk, 1, 1))
			if c.status != 200 {
				if !strings.Contains(lines, "the clock of this witness") {
					t.Errorf("%s: %q", c.what, lines)
				}
				continue
			}
			if at := r.time(r.log.head(trunk, 1), lines); !at.Equal(start.Add(c.stated)) {
				t.Errorf("%s: stated %v after the start, want %v", c.what, at.Sub(start), c.stated)
			}
		}
	}
}

// TestNoTime shows that a witness whose clock was never set signs nothing (TW-11: not 0).
func TestNoTime(t *testing.T) {
	r := newRig(t)
	r.clock.set(time.Unix(0, 0))
	r.want(503, r.log.grow(t, trunk, 0, 1))
	if held := r.held(); held != -1 {
		t.Errorf("witness holds size %d, want nothing", held)
	}
}

// TestClockOfPeers shows that a time that peers have kept is one that is stated: after a restore the
// witness goes on from it, and refuses while its clock is far behind it.
func TestClockOfPeers(t *testing.T) {
	server := httptest.NewServer(newPeer(t))
	t.Cleanup(server.Close)
	u := newRunning(t, false, server.URL)
	u.grow(1)
	b := u.copy(everything(u)...)
	late := start.Add(24 * time.Hour)
	u.clock.set(late)
	u.want(200, u.log.grow(t, trunk, 1, 1))
	u.clock.set(start)
	u.restore(b)
	u.settle()
	if text := u.want(503, u.log.grow(t, trunk, 1, 2)); !strings.Contains(text, "the clock of this witness") {
		t.Errorf("answer %q", text)
	}
	u.clock.set(late.Add(-time.Minute))
	if at := u.time(u.log.head(trunk, 2), u.want(200, u.log.grow(t, trunk, 1, 2))); !at.Equal(late) {
		t.Errorf("stated %v, want %v", at, late)
	}
}
