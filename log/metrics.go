// SPDX-License-Identifier: Apache-2.0

package log

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	appended   prometheus.Counter
	pushback   prometheus.Counter
	integrated prometheus.Gauge
	signed     prometheus.Gauge
	published  prometheus.Gauge
	readOnly   prometheus.Gauge
	failures   *prometheus.CounterVec // step
	duration   prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) *metrics {
	f := promauto.With(r)
	gauge := func(name, help string) prometheus.Gauge {
		return f.NewGauge(prometheus.GaugeOpts{Name: "cocket_log_" + name, Help: help})
	}
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: "cocket_log_" + name, Help: help})
	}
	return &metrics{
		appended:   counter("appended_total", "Entries acknowledged, repeated ones included."),
		pushback:   counter("pushback_total", "Batches refused because there was no room."),
		integrated: gauge("integrated_size", "Size of the integrated tree."),
		signed:     gauge("signed_size", "Size of the tree signed last."),
		published:  gauge("published_size", "Size of the published tree."),
		readOnly:   gauge("read_only", "1 once a check failed and the log signs no more."),
		failures: f.NewCounterVec(prometheus.CounterOpts{
			Name: "cocket_log_publication_failures_total", Help: "Publications that failed, by step.",
		}, []string{"step"}),
		duration: f.NewHistogram(prometheus.HistogramOpts{
			Name: "cocket_log_publication_seconds", Help: "From the check of a tree to its publication.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}),
	}
}
