// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"time"

	"cocket.example/internal/soak"
)

// Small tries fewer sizes, unless there is time for all.
func (c Config) Small() Config {
	c.sizes = int64(soak.Rounds(9, maxSize))
	return c
}

// Quick waits less, too, for tests that run many times. Times must differ by a second to be seen, so that
// whoever is asked needs a clock that runs faster.
func (c Config) Quick() Config {
	c.tick = time.Millisecond
	return c.Small()
}
