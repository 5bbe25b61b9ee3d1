// SPDX-License-Identifier: Apache-2.0

package strict

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Moment parses a time of RFC 3339 in capitals and whole seconds, with Z or an offset, as
// 2026-05-04T10:00:00Z. A date alone is refused, because a day begins at another moment in each zone.
func Moment(s string) (time.Time, error) {
	if _, err := time.Parse(time.DateOnly, s); err == nil {
		return time.Time{}, fmt.Errorf("%[1]s is a day, which begins at another moment in each zone: want the moment, "+
			"as %[1]sT00:00:00-06:00, or %[1]sT00:00:00Z in UTC", s)
	}
	t, err := time.Parse(time.RFC3339, s)
	utc, zero := strings.CutSuffix(s, "+00:00")
	if zero {
		s = utc + "Z"
	}
	if err != nil || t.Format(time.RFC3339) != s {
		return time.Time{}, errors.New("want a moment as 2026-05-04T10:00:00Z or 2026-05-04T10:00:00-06:00 " +
			"(RFC 3339, whole seconds)")
	}
	return t.UTC(), nil
}
