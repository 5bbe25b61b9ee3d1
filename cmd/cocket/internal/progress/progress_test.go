// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPace: a line every two seconds says how far it is, how fast it goes and what is left.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := New(&out, "filed", 1000)
		for range 4 {
			time.Sleep(time.Second)
			p.Add(100)
		}
		p.Done()
		const want = "filed 200 of 1000, 100 a second, 8s left\n" +
			"filed 400 of 1000, 100 a second, 6s left\n" + "filed 400 of 1000, 100 a second, 6s left\n"
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	})
}

// TestShort: of a step that takes no time no pace is said.
func TestShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := New(&out, "filed", 3)
		p.Add(3)
		p.Done()
		if out.String() != "filed 3 of 3\n" {
			t.Errorf("%q", out.String())
		}
	})
}
