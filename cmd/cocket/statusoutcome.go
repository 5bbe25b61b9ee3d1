// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"cocket.example/client/status"
)

// outcome is the exit status: the worst of all.
func (s standing) outcome(found []standingOf, now time.Time) error {
	counts := make(map[status.Kind]int)
	var untold error
	for _, x := range found {
		if n := len(x.Withheld); n > 0 {
			return refutedError{fmt.Errorf("the log withheld what refers to %s: it was asked, and did not tell of entry %s",
				x.name, indexes(x.Withheld))}
		}
		if errors.Is(x.Err, status.ErrContradiction) {
			return refutedError{fmt.Errorf("%s: %w", x.name, x.Err)}
		}
		if counts[x.kind()]++; untold == nil {
			untold = x.untold()
		}
	}
	if untold != nil {
		return untold
	}
	if err := s.tooOld(found[0], now); err != nil && counts[status.InForce] > 0 {
		return err
	}
	if counts[status.InForce] == len(found) {
		return nil
	}
	if len(found) == 1 {
		return notInForceError{fmt.Errorf("%s is %s", found[0].name, found[0].kind())}
	}
	return notInForceError{fmt.Errorf("%d of %d are not in force", len(found)-counts[status.InForce], len(found))}
}

// untold is why it is not known how something stands.
func (x standingOf) untold() error {
	switch {
	case x.Err != nil:
		return fmt.Errorf("%s: %w", x.name, x.Err)
	case x.kind() == status.Unknown:
		return fmt.Errorf("how %s stands is not known: a newer program is needed", x.name)
	}
	return nil
}

// tooOld is the error of a tree that is older than --max-age.
func (s standing) tooOld(x standingOf, now time.Time) error {
	switch age := now.Sub(x.Time); {
	case s.maxAge == 0:
		return nil
	case x.Time.IsZero():
		return errors.New("no time is proven of this tree, and --max-age asks for one: the policy needs witnesses")
	case age > s.maxAge:
		return fmt.Errorf("this tree is %v old, and --max-age allows %v: ask again, or another copy",
			age.Truncate(time.Second), s.maxAge)
	}
	return nil
}
