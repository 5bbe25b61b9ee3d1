// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics of the read path. No label comes from a request.
type metrics struct {
	requests *prometheus.CounterVec
	bytes    prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	return &metrics{
		requests: f.NewCounterVec(prometheus.CounterOpts{
			Name: "cocket_serve_requests_total",
			Help: "Requests to read, by the status of the answer.",
		}, []string{"status"}),
		bytes: f.NewCounter(prometheus.CounterOpts{
			Name: "cocket_serve_bytes_total",
			Help: "Bytes of good answers before compression.",
		}),
	}
}
