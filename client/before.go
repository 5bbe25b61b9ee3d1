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
		list.Add(name, fmt.Sprintf("%s: on file %s before", Stamp(moment), apart(moment.Sub(r.NoLaterThan))), nil)
	default:
		list.Add(name, "", fmt.Errorf("%s: not proven: on file no later than %s, which is not before; a receipt that "+
			"was fetched earlier may prove it", Stamp(moment), Stamp(r.NoLaterThan)))
	}
}

// apart is a time that passed, for people.
func apart(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}
