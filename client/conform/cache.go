// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"net/http"
	"strconv"
	"strings"
)

// cache is what Cache-Control says to a cache that many share (RFC 9111 section 5.2.2).
type cache struct {
	said      string // the header itself; "" if there is none
	never     bool   // not to be kept, or not without asking
	immutable bool
	seconds   int64 // for which it is fresh; -1 if that is not said
}

func caching(h http.Header) cache {
	c := cache{said: strings.Join(h.Values("Cache-Control"), ", "), seconds: -1}
	shared := false
	for directive := range strings.SplitSeq(strings.ToLower(c.said), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		seconds, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 64)
		switch name {
		case "no-store", "no-cache", "private":
			c.never = true
		case "immutable":
			c.immutable = true
		case "s-maxage":
			if err == nil {
				c.seconds, shared = seconds, true
			}
		case "max-age":
			if err == nil && !shared {
				c.seconds = seconds
			}
		}
	}
	return c
}

// within reports whether no shared cache keeps it for longer than these seconds.
func (c cache) within(seconds int64) bool {
	return c.never || c.seconds >= 0 && c.seconds <= seconds
}
