// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics of the write path. No label comes from a request.
type metrics struct {
	requests *prometheus.CounterVec
	entries  prometheus.Counter
	duration prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	return &metrics{
		requests: f.NewCounterVec(prometheus.CounterOpts{
			Name: "cocket_ingest_requests_total",
			Help: "Requests to append, by the status of the answer.",
		}, []string{"status"}),
		entries: f.NewCounter(prometheus.CounterOpts{
			Name: "cocket_ingest_entries_total",
			Help: "Entries acknowledged, repeated ones included.",
		}),
		duration: f.NewHistogram(prometheus.HistogramOpts{
			Name:    "cocket_ingest_duration_seconds",
			Help:    "Time from the first byte of a request to append to its answer, waiting included.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 17),
		}),
	}
}

// observe is deferred with the time at which the request began.
func (m *metrics) observe(start time.Time) { m.duration.Observe(time.Since(start).Seconds()) }
