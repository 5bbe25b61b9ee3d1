// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"testing"
	"time"
)

func TestQuotaHoldsOnAverage(t *testing.T) {
	q := quota{rate: 100}
	start := time.Now()
	var accepted int
	for at := time.Duration(0); at < time.Minute; at += 10 * time.Millisecond {
		if q.spend(start.Add(at), 7) == nil {
			accepted += 7
		}
	}
	if accepted < 5900 || accepted > 6007 {
		t.Errorf("%d entries in a minute, want 6000 at 100 a second", accepted)
	}
}

func TestQuotaTakesLargeBatches(t *testing.T) {
	q := quota{rate: 10}
	start := time.Now()
	if err := q.spend(start, 65_536); err != nil {
		t.Error(err)
	}
	if err := q.spend(start.Add(6553*time.Second), 1); err == nil {
		t.Error("accepted before the batch was paid off")
	}
	if err := q.spend(start.Add(6554*time.Second), 1); err != nil {
		t.Error(err)
	}
}

func TestNoQuota(t *testing.T) {
	var q quota
	for range 100 {
		if err := q.spend(time.Now(), 65_536); err != nil {
			t.Fatal(err)
		}
	}
}
