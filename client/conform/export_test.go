// SPDX-License-Identifier: Apache-2.0

package conform

// Quick computes all proofs only up to a small size, for tests that run many times.
func (c Config) Quick() Config {
	c.small = 20
	return c
}
