// SPDX-License-Identifier: Apache-2.0

package basis

import (
	"cmp"
	"slices"
	"strings"

	"cocket.example/client"
)

// NotProven lists, for people, what this report does not say: what no proof of this kind can say, what was not
// asked for or read, and what is not shown.
func (r Report) NotProven() []string {
	number, _ := r.claim.get("entry.number")
	number = cmp.Or(number, "of the claim")
	list := []string{client.UnprovenTrue,
		"That the importer held the certification, or was sent it: whoever made the claim knew its leaf hash, which can " +
			"also be read in the log.",
		"That the claim was made on the day that it states: compare it with the customs record of entry " + number + ".",
		"That this is the only claim for entry " + number + ", or the first: ask for the leaf hash that was quoted to customs.",
		"That no other claim rests on this certification."}
	if r.day == "" {
		list[2] = "On what day the claim was made: " + r.claim.lacks("date") + "."
	}
	list = append(list, r.uncompared()...)
	list = append(list, r.unread()...)
	if !r.Claim.NoLaterThan.IsZero() || !r.Certification.NoLaterThan.IsZero() {
		list = append(list, client.UnprovenTime)
	}
	return append(list, ofEach(r.Certification, r.Claim, r.cert.name, r.claim.name)...)
}

// uncompared says which facts of the documents are not proven.
func (r Report) uncompared() (list []string) {
	var lines []string
	for _, f := range r.Facts {
		if f.Status != client.Absent {
			continue
		}
		what := map[string]string{
			about:     "That the claim rests on a certification of its own agreement",
			signature: "That the certification is dated before the claim, and within four years of it",
			period:    "That the certification covers the importation",
			goods:     "That all goods lines of the claim were certified",
		}[f.Name]
		switch number, ok := strings.CutPrefix(f.Name, "goods["); {
		case ok:
			lines = append(lines, strings.TrimSuffix(number, "]"))
		case what != "":
			list = append(list, what+": "+strings.TrimPrefix(f.Says, "not proven: ")+".")
		}
	}
	if len(lines) > 0 {
		list = append(list, "That these goods lines of the claim are those that were certified, because not all of it was "+
			"compared: "+strings.Join(lines, ", ")+".")
	}
	return list
}

// unread says what reading the log would prove.
func (r Report) unread() (list []string) {
	switch then, day := r.holds(unchanged), r.holds(thatDay); {
	case !then && !day:
		list = append(list, "That the certification was in force when the claim was made.")
	case !then:
		list = append(list, "That the certification was in force when the claim was filed.")
	case !day:
		list = append(list, "That the certification was in force until the day had ended that the claim states.")
	}
	if len(r.few) > 0 {
		list = append(list, "That both receipts are of one history of the log, should it and "+strings.Join(r.few, ", ")+
			" lie together: reading the log proves it"+howToRead+".")
	}
	return list
}

// ofEach is what the report of each declaration does not say.
func ofEach(earlier, later client.Report, earlierName, laterName string) (list []string) {
	for _, line := range earlier.Unproven {
		whose := "Of " + earlierName + ": "
		if slices.Contains(later.Unproven, line) {
			whose = "Of both: "
		}
		list = append(list, whose+line)
	}
	for _, line := range later.Unproven {
		if !slices.Contains(earlier.Unproven, line) {
			list = append(list, "Of "+laterName+": "+line)
		}
	}
	return list
}
