// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// Waiters bounds how many requests wait at once: each holds a connection and a goroutine.
type Waiters struct {
	room *semaphore.Weighted
}

// NewWaiters makes room for n requests.
func NewWaiters(n int) Waiters { return Waiters{semaphore.NewWeighted(int64(n))} }

// Wait calls wait with at most d of time. The error is that of wait, or that too many wait already.
func (w Waiters) Wait(ctx context.Context, d time.Duration, wait func(context.Context) error) error {
	if !w.room.TryAcquire(1) {
		return Later("too many requests are waiting, try again later or without wait")
	}
	defer w.room.Release(1)
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return wait(ctx)
}
