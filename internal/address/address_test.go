// SPDX-License-Identifier: Apache-2.0

package address

import "testing"

func TestOf(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:80": "192.0.2.7", "[::ffff:192.0.2.7]:80": "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:80": "2001:db8:1:2::", "[fe80::1%eth0]:80": "fe80::",
		"192.0.2.7": "192.0.2.7", "2001:db8:1:2::3": "2001:db8:1:2::",
		"192.0.2.7:": "invalid IP", "pipe": "invalid IP", "": "invalid IP",
	} {
		if got := Of(remote).String(); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}
