// SPDX-License-Identifier: Apache-2.0

package witness

import (
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
		{"before 1970", -200 * 365 * 24 * time.Hour, 503, 0},
		{"forwards again", 101 * time.Second, 200, 101 * time.Second},
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
