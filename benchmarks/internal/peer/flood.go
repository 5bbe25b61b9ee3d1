// SPDX-License-Identifier: Apache-2.0

package peer

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"cocket.example/internal/flood"
)

// What the flood offers to a witness, evenly over its time: far beyond every limit of one address. It runs at the lowest priority, because a stranger brings a processor of his own, and is not
// to take that of the witness and of its honest clients here.
const (
	FloodFrom    = "127.0.0.2"
	FloodSlow    = 1000 // connections a second with a body of a byte a second
	FloodUnknown = 1000 // requests a second for logs that nobody knows
	FloodHuge    = 2    // bodies of 1 GiB a second, one after the other
)

// runFlood attacks the witness at spec.Target for spec.Measure. The result counts what was answered or
// closed; its total are the connections and requests that were tried.
func runFlood(ctx context.Context, spec Spec, tell say) error {
	if err := unix.Setpriority(unix.PRIO_PGRP, 0, 19); err != nil {
		return err
	}
	attack := flood.Attack{Target: spec.Target, From: FloodFrom}
	seconds := spec.Measure.Seconds()
	ctx, cancel := context.WithTimeout(ctx, spec.Measure)
	defer cancel()
	var slow, unknown, huge flood.Outcomes
	group := new(errgroup.Group)
	group.Go(func() error {
		attack.Slow(ctx, int(FloodSlow*seconds), FloodSlow, &slow)
		return nil
	})
	group.Go(func() error {
		return attack.Unknown(ctx, int(FloodUnknown*seconds), FloodUnknown, &unknown)
	})
	group.Go(func() error {
		for ctx.Err() == nil {
			_, _ = attack.Huge(ctx, 1<<30, &huge) // a connection that was refused is tried again
			Pause(ctx, time.Second/FloodHuge)
		}
		return nil
	})
	err := group.Wait()
	total := slow.Total() + unknown.Total() + huge.Total()
	if err == nil {
		err = tell(Event{Result: &Result{Entries: uint64(total), Total: uint64(total), Seconds: seconds}})
	}
	return err
}
