// SPDX-License-Identifier: Apache-2.0

package basis

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cocket.example/internal/strict"
)

// signed compares the claim's date with that of the signature: a certification is completed before the
// claim (19 CFR 182.12(a)(3)), and usually accepted for four years, which is common knowledge and thus no
// reason to refuse.
func (r *Report) signed() {
	date, _ := r.cert.get("signature.date")
	t, err := time.Parse(time.DateOnly, date)
	switch last := t.AddDate(4, 0, 0).Format(time.DateOnly); {
	case date == "":
		r.lack(signature, r.cert, "signature.date")
	case r.day == "":
		r.lack(signature, r.claim, "date")
	case err != nil:
		r.Facts.Add(signature, "", fmt.Errorf("the certification is dated %.40q, which is no day as 2026-05-04", date))
	case r.day < date:
		r.Facts.Add(signature, "", fmt.Errorf("the certification is dated %s, after the claim of %s", date, r.day))
	case r.day > last:
		r.Facts.Absent(signature, fmt.Sprintf("warning: dated %s, and the claim %s; four years are usual, that is until %s",
			date, r.day, last))
	default:
		r.Facts.Add(signature, fmt.Sprintf("dated %s, the claim %s: within four years", date, r.day), nil)
	}
}

// period: a certification for many shipments covers what is imported within its period, both days
// included (19 CFR 182.12(a)(4), element 8).
func (r *Report) period() {
	from, seenFrom := r.cert.get("blanket.from")
	to, seenTo := r.cert.get("blanket.to")
	path, what := r.imported()
	day, _ := r.claim.get(path)
	switch {
	case !seenFrom:
		r.lack(period, r.cert, "blanket.from")
	case !seenTo:
		r.lack(period, r.cert, "blanket.to")
	case from == "" && to == "":
		r.Facts.Absent(period, "the certification is for a single shipment"+r.invoice())
	case day == "" || what == "":
		r.lack(period, r.claim, path)
	case day < from || day > to:
		r.Facts.Add(period, "", fmt.Errorf("%s %s is outside the period from %s to %s", what, day, from, to))
	default:
		r.Facts.Add(period, fmt.Sprintf("%s %s is within the period from %s to %s", what, day, from, to), nil)
	}
}

// imported is the field with the day of importation or, of a claim at entry that has no such day, that of the
// claim. It has no words where the field is none of these: the day is not known for want of it.
func (r *Report) imported() (path, what string) {
	const date = "importation.date"
	kind, seenKind := r.claim.get("kind")
	switch day, seen := r.claim.get(date); {
	case day != "" || !seen:
		return date, date
	case !seenKind:
		return "kind", ""
	case kind == "ENTRY":
		return "date", "the claim's date"
	}
	return date, ""
}

func (r *Report) invoice() string {
	if invoice, _ := r.cert.get("invoice"); invoice != "" {
		return ", invoice " + invoice + ": compare it with the papers of the entry"
	}
	return ", and no invoice is shown: compare it with the papers of the entry"
}

// lines compares every goods line of the claim with the line of the certification that it names.
func (r *Report) lines() {
	lines := r.claim.lines()
	for _, i := range lines {
		r.line(i)
	}
	switch count, seen := r.claim.get("goods.count"); {
	case !seen:
		r.hide(goods, "goods.count is not shown: the claim may have further lines")
	case count != strconv.Itoa(len(lines)):
		r.hide(goods, fmt.Sprintf("of %s goods lines of the claim %d are shown", count, len(lines)))
	}
}

// lines are the numbers of the goods lines of which something is shown.
func (s shown) lines() (list []uint64) {
	for path := range s.fields {
		if rest, ok := strings.CutPrefix(path, "goods["); ok {
			number, _, _ := strings.Cut(rest, "]")
			if n, err := strict.Decimal(number); err == nil {
				list = append(list, n)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// line compares one line: what is compared and agrees, what does not, and what is not shown.
func (r *Report) line(i uint64) {
	name := fmt.Sprintf("goods[%d]", i)
	number, _ := r.claim.get(name + ".certificate.line")
	if number == "" {
		r.lack(name, r.claim, name+".certificate.line")
		return
	}
	if err := r.exists(number); err != nil {
		r.Facts.Add(name, "", err)
		return
	}
	c := comparison{claim: r.claim, cert: r.cert, one: name + ".", other: "goods[" + number + "]."}
	if _, seen := r.cert.get("goods.count"); !seen && !r.cert.shows(c.other) {
		c.lacks(r.cert, "goods.count")
	}
	c.tariff()
	c.origin()
	c.criterion()
	says := "line " + number + " of the certification"
	if len(c.agrees) > 0 {
		says += ": " + strings.Join(c.agrees, ", ")
	}
	switch err := errors.Join(c.differs...); {
	case err != nil:
		r.Facts.Add(name, "", err)
	case c.hidden:
		r.hide(name, says+"; not compared: "+strings.Join(c.unseen, ", "))
	case len(c.unseen) > 0:
		r.Facts.Absent(name, says+"; not compared: "+strings.Join(c.unseen, ", "))
	default:
		r.Facts.Add(name, says, nil)
	}
}

func (r *Report) exists(line string) error {
	n, err := strict.Decimal(line)
	if err != nil {
		return err
	}
	count, seen := r.cert.get("goods.count")
	if last, err := strict.Decimal(count); seen && err == nil && n >= last {
		return fmt.Errorf("it names line %d, and the certification has %d, counted from 0", n, last)
	}
	return nil
}

// shows reports whether a value is shown whose path begins so.
func (s shown) shows(prefix string) bool {
	for path, f := range s.fields {
		if f.Present && strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// comparison is of a line of a claim with one of a certification.
type comparison struct {
	claim, cert    shown
	one, other     string // what their paths begin with
	agrees, unseen []string
	hidden         bool // something is not shown that could differ
	differs        []error
}

// lacks notes that there is nothing to compare with.
func (c *comparison) lacks(s shown, path string) {
	_, seen := s.get(path)
	c.hidden = c.hidden || !seen
	c.unseen = append(c.unseen, s.lacks(path))
}

// both returns a value of each of the two lines, if both have one and show it.
func (c *comparison) both(field string) (claimed, certified string, ok bool) {
	claimed, _ = c.claim.get(c.one + field)
	certified, _ = c.cert.get(c.other + field)
	if claimed == "" {
		c.lacks(c.claim, c.one+field)
	}
	if certified == "" {
		c.lacks(c.cert, c.other+field)
	}
	return claimed, certified, claimed != "" && certified != ""
}

// tariff compares the six digits that all nations share. Codes of other editions of the Harmonized System may
// differ and still mean the same.
func (c *comparison) tariff() {
	claimed, certified, ok := c.both("hs")
	if !ok {
		return
	}
	claimed, certified = claimed[:min(6, len(claimed))], certified[:min(6, len(certified))]
	edition, _ := c.claim.get(c.one + "edition")
	other, _ := c.cert.get(c.other + "edition")
	switch {
	case claimed == certified:
		c.agrees = append(c.agrees, "HS "+claimed)
	case edition != "" && other != "" && edition != other:
		c.unseen = append(c.unseen, fmt.Sprintf("HS %s of %s with %s of %s", claimed, edition, certified, other))
	default:
		c.differs = append(c.differs, fmt.Errorf("HS %s is claimed, %s certified", claimed, certified))
	}
}

func (c *comparison) origin() {
	claimed, certified, ok := c.both("origin.country")
	switch {
	case !ok:
	case claimed == certified:
		c.agrees = append(c.agrees, "origin "+claimed)
	default:
		c.differs = append(c.differs, fmt.Errorf("origin %s is claimed, %s certified", claimed, certified))
	}
}

// criterion only shows by what the good is said to originate: a claim does not repeat it, so that nothing can
// differ. In cafta-dr/1 it is called rule.
func (c *comparison) criterion() {
	name := "criterion"
	if !c.cert.may(c.other + name) {
		name = "rule"
	}
	if value, _ := c.cert.get(c.other + name); value != "" {
		c.agrees = append(c.agrees, name+" "+value)
		return
	}
	c.unseen = append(c.unseen, c.cert.lacks(c.other+name))
}
