// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics have labels from the configuration and the code only: an origin is named once it is
// known to be configured.
type metrics struct {
	requests *prometheus.CounterVec // add-checkpoint by status
	elapsed  prometheus.Histogram   // of add-checkpoint
	subtrees *prometheus.CounterVec // sign-subtree by status
	size     *prometheus.GaugeVec   // of the latest cosigned checkpoint, by origin
	time     *prometheus.GaugeVec   // of the latest cosignature, by origin
	evidence *prometheus.GaugeVec   // kept, by origin
}

func newMetrics(r prometheus.Registerer) *metrics {
	auto := promauto.With(r)
	gauge := func(name, help string) *prometheus.GaugeVec {
		return auto.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"origin"})
	}
	return &metrics{
		requests: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "cocket_witness_requests_total",
			Help: "Requests to add-checkpoint by status of the answer.",
		}, []string{"status"}),
		elapsed: auto.NewHistogram(prometheus.HistogramOpts{
			Name:    "cocket_witness_request_seconds",
			Help:    "Time from the header of an add-checkpoint to its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
		}),
		subtrees: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "cocket_witness_subtrees_total",
			Help: "Requests to sign-subtree by status of the answer.",
		}, []string{"status"}),
		size: gauge("cocket_witness_size", "Size of the latest cosigned checkpoint."),
		time: gauge("cocket_witness_time_seconds", "POSIX time of the latest cosignature."),
		evidence: gauge("cocket_witness_evidence",
			"Checkpoints that the log has signed and that conflict with a cosigned one."),
	}
}

// observe shows what the state holds of a configured origin.
func (m *metrics) observe(origin string, s *State) {
	held, _ := s.latest(origin)
	m.size.WithLabelValues(origin).Set(float64(held.checkpoint.Size))
	m.time.WithLabelValues(origin).Set(float64(held.time))
	m.evidence.WithLabelValues(origin).Set(float64(s.keptOf(origin)))
}

// waitingMetrics counts the logs for which nothing is cosigned when it is asked, by reason.
type waitingMetrics struct {
	witness *Witness
	desc    *prometheus.Desc
}

func newWaitingMetrics(w *Witness) waitingMetrics {
	return waitingMetrics{w, prometheus.NewDesc("cocket_witness_waiting",
		"Logs for which nothing is cosigned, by what is missing.", []string{"reason"}, nil)}
}

// Describe is for the registry.
func (m waitingMetrics) Describe(to chan<- *prometheus.Desc) { to <- m.desc }

// Collect is for the registry.
func (m waitingMetrics) Collect(to chan<- prometheus.Metric) {
	waiting := m.witness.waiting()
	for why := range reasonText {
		to <- prometheus.MustNewConstMetric(m.desc, prometheus.GaugeValue, float64(waiting[why]), string(why))
	}
}
