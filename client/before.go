// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"time"
)

// AddBefore adds to a list whether the declaration is proven to have been on file before a moment. A
// cosignature states whole seconds and was made within the one that it states, so what is left over of a
// second of the moment proves nothing.
func (r Report) AddBefore(list *Facts, moment time.Time) {
	const name = "before"
	switch file := r.Facts.Find("on file"); {
	case file.Status == Absent:
		list.Add(name, "", fmt.Errorf("%s: not proven: %s", Stamp(moment), file.Says))
	case r.NoLaterThan.IsZero():
		list.Skip(name)
	case r.NoLaterThan.Before(moment.Truncate(time.Second)):
		list.Add(name, fmt.Sprintf("%s: on file %s before", Stamp(moment), apart(moment.Unix()-r.NoLaterThan.Unix())), nil)
	default:
		list.Add(name, "", fmt.Errorf("%s: not proven: on file no later than %s, which is not before; a receipt that "+
			"was fetched earlier may prove it", Stamp(moment), Stamp(r.NoLaterThan)))
	}
}

// apart are seconds that passed, for people. A time.Duration would end after 292 years.
func apart(seconds int64) string {
	const minute, hour, day = 60, 60 * 60, 24 * 60 * 60
	switch {
	case seconds >= 2*day:
		return fmt.Sprintf("%d days", seconds/day)
	case seconds >= 2*hour:
		return fmt.Sprintf("%d hours", seconds/hour)
	case seconds >= 2*minute:
		return fmt.Sprintf("%d minutes", seconds/minute)
	}
	return fmt.Sprintf("%d s", seconds)
}
