// SPDX-License-Identifier: Apache-2.0

package form

import (
	"regexp"
	"strings"
	"time"

	"cocket.example/declaration/rule"
	"cocket.example/internal/strict"
)

// The forms that profiles share.
var (
	Count    = pattern("count", `0|[1-9][0-9]{0,3}`, `0|[1-9][0-9]{0,3}`, "COUNT")
	Line     = &Form{Name: "line"}
	Text     = &Form{Name: "text", lines: true}
	Code     = pattern("code", `[A-Z0-9][A-Z0-9./-]{0,34}`, `[A-Za-z0-9][A-Za-z0-9./-]{0,34}`, "CODE")
	Currency = pattern("currency", `[A-Z]{3}`, `[A-Za-z]{3}`, "CURRENCY")
	Date     = &Form{Name: "date", Closed: true, Input: `(19|[2-9][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}`,
		Rules: []string{"DATE"}, apply: date}
	Decimal = &Form{Name: "decimal", Input: `(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?`,
		Rules: []string{"DECIMAL"}, apply: decimal}
	Email = &Form{Name: "e-mail", Input: `[^\s@]+@[^\s@.]+(\.[^\s@.]+)+`, Rules: []string{"EMAIL"}, apply: email}
	Phone = &Form{Name: "phone", Rules: []string{"PHONE"}, judge: phone}
	Leaf  = &Form{Name: "leaf-hash", Input: `[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=`,
		Rules: []string{"LEAF"}, apply: leaf}
	// Criterion of origin of the USMCA.
	Criterion = &Form{Name: "usmca-criterion", Closed: true, Input: `(4\.2\s*)?\(?[A-Da-d]\)?`,
		Rules: []string{"USMCA-7-CRITERION"}, apply: criterion}
	// OriginRule is one of general note 29 of the HTSUS, whose structure is free.
	OriginRule = &Form{Name: "gn29-rule", Input: `.*[A-Za-z0-9].*`,
		Rules: []string{"CAFTA-RULE"}, apply: originRule}
)

func date(v string) (string, *rule.Finding) {
	if t, err := time.Parse(time.DateOnly, v); err != nil || t.Year() < 1900 {
		return "", found("DATE")
	}
	return v, nil
}

var decimalForm = regexp.MustCompile(`^(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$`)

// decimal drops what a decimal can do without: trailing zeros behind the point.
func decimal(v string) (string, *rule.Finding) {
	if !decimalForm.MatchString(v) {
		return "", found("DECIMAL")
	}
	if strings.Contains(v, ".") {
		v = strings.TrimRight(strings.TrimRight(v, "0"), ".")
	}
	return v, nil
}

var emailForm = regexp.MustCompile(`^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$`)

func email(v string) (string, *rule.Finding) {
	if !emailForm.MatchString(v) {
		return "", found("EMAIL")
	}
	return v, nil
}

// phone counts digits: how they are grouped differs too much to say.
func phone(v string) []rule.Finding {
	number, _, _ := strings.Cut(upper(v), "X") // an extension
	digits := 0
	for _, c := range strings.TrimSuffix(number, "E") {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case !strings.ContainsRune("+-()./ ", c):
			return []rule.Finding{rule.Of("PHONE")}
		}
	}
	if digits < 6 || digits > 15 {
		return []rule.Finding{rule.Of("PHONE")}
	}
	return nil
}

func leaf(v string) (string, *rule.Finding) {
	if _, err := strict.Hash(v); err != nil {
		return "", found("LEAF")
	}
	return v, nil
}

var criterionForm = regexp.MustCompile(`^(?:4\.2\s*)?\(?([A-Da-d])\)?$`)

// criterion takes A … D, also written 4.2(a) (19 CFR 182.12(a)(4), USMCA Annex 5-A).
func criterion(v string) (string, *rule.Finding) {
	m := criterionForm.FindStringSubmatch(v)
	if m == nil {
		return "", found("USMCA-7-CRITERION")
	}
	return upper(m[1]), nil
}

var originForm = regexp.MustCompile(`[A-Za-z0-9]`)

// originRule keeps one space between words.
func originRule(v string) (string, *rule.Finding) {
	v = strings.Join(strings.Fields(v), " ")
	if !originForm.MatchString(v) {
		return "", found("CAFTA-RULE")
	}
	return v, nil
}
