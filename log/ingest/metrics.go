// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics of the write path. No label comes from a request.
type metrics struct {
	requests *prometheus.CounterVec
	ok       prometheus.Counter // of requests, with the status 200
	entries  prometheus.Counter
	duration prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	m := &metrics{
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
	m.ok = m.requests.WithLabelValues("200")
	return m
}

// answered counts a request by the status of its answer.
func (m *metrics) answered(status int) {
	if status == http.StatusOK {
		m.ok.Inc()
		return
	}
	m.requests.WithLabelValues(strconv.Itoa(status)).Inc()
}

// observe is deferred with the time at which the request began.
func (m *metrics) observe(start time.Time) { m.duration.Observe(time.Since(start).Seconds()) }
