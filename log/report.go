// SPDX-License-Identifier: Apache-2.0

package log

import (
	"errors"
	"fmt"
	"time"
)

// failed counts a failed step.
func (l *Log) failed(step string, err error) error {
	l.metrics.failures.WithLabelValues(step).Inc()
	return fmt.Errorf("%s: %w", step, err)
}

// stop ends signing and accepting for good.
func (l *Log) stop(err error) {
	l.refuse.Store(&err)
	l.metrics.readOnly.Set(1)
	l.config.Logger.Error("the log is read-only: it signs and accepts nothing until the cause is found; reads go on",
		"err", err)
}

// complaint keeps one lasting fault from filling the log.
type complaint struct {
	text string
	at   time.Time
}

// report logs a failed round, once a minute as long as it says the same.
func (l *Log) report(err error) {
	switch {
	case err == nil:
		l.complain = complaint{}
	case errors.Is(err, errStop), errors.Is(err, ErrConflict), errors.Is(err, ErrAhead):
		l.stop(err)
	case err.Error() != l.complain.text || time.Since(l.complain.at) >= time.Minute:
		l.complain = complaint{err.Error(), time.Now()}
		l.config.Logger.Error("nothing is published; it is tried again", "err", err, "size", l.head.Size)
	}
}
