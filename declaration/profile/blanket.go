// SPDX-License-Identifier: Apache-2.0

package profile

import "time"

// blanket returns the rules of a period for many shipments, which is at most twelve months, its last day
// included. From February 29 it may run to February 28, 366 days.
func blanket(prefix string) check {
	codes := []string{prefix + "-BOTH", prefix + "-ORDER", prefix + "-EQUAL-DAY", prefix + "-12M"}
	return check{codes: codes, header: func(v *view) {
		from, to := v.get("blanket.from"), v.get("blanket.to")
		last := yearFrom(from).AddDate(0, 0, -1).Format(time.DateOnly)
		switch {
		case from == "" && to == "":
		case from == "":
			v.report("blanket.from", prefix+"-BOTH")
		case to == "":
			v.report("blanket.to", prefix+"-BOTH")
		case from >= to:
			v.report("blanket.to", prefix+"-ORDER")
		case to == yearFrom(from).Format(time.DateOnly):
			v.report("blanket.to", prefix+"-EQUAL-DAY", last)
		case to > last:
			v.report("blanket.to", prefix+"-12M", last)
		}
	}}
}

// yearFrom returns the day twelve months after a date; after February 29 it is March 1.
func yearFrom(date string) time.Time {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return time.Time{}
	}
	return t.AddDate(1, 0, 0)
}
