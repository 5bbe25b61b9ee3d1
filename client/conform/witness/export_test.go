// SPDX-License-Identifier: Apache-2.0

package witness

import "time"

// Quick tries fewer sizes and waits less, for tests that run many times. Times must differ by a second
// to be seen, so that whoever is asked needs a clock that runs faster.
func (c Config) Quick() Config {
	c.sizes, c.tick = 9, time.Millisecond
	return c
}
