// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"errors"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics have labels from the configuration and the code only.
type metrics struct {
	requests *prometheus.CounterVec // add-checkpoint, and what a limit refused, by status
	limited  *prometheus.CounterVec // by reason
	elapsed  prometheus.Histogram   // of add-checkpoint
	subtrees *prometheus.CounterVec // sign-subtree by status
}

func newMetrics(r prometheus.Registerer, w *Witness) *metrics {
	auto := promauto.With(r)
	if r != nil {
		r.MustRegister(newLogMetrics(w))
	}
	return &metrics{
		requests: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "cocket_witness_requests_total",
			Help: "Requests to add-checkpoint, and others that a limit refused, by status of the answer.",
		}, []string{"status"}),
		limited: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "cocket_witness_limited_total",
			Help: "Requests that a limit refused, by the limit.",
		}, []string{"reason"}),
		elapsed: auto.NewHistogram(prometheus.HistogramOpts{
			Name:    "cocket_witness_request_seconds",
			Help:    "Time from the header of an add-checkpoint to its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
		}),
		subtrees: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "cocket_witness_subtrees_total",
			Help: "Requests to sign-subtree by status of the answer.",
		}, []string{"status"}),
	}
}

// count counts an answer, and the limit that it is due to.
func (m *metrics) count(status int, err error) {
	m.requests.WithLabelValues(strconv.Itoa(status)).Inc()
	var refused *refusal
	if errors.As(err, &refused) && refused.reason != "" {
		m.limited.WithLabelValues(refused.reason).Inc()
	}
}

// logMetrics shows what the state holds of the logs that are witnessed when it is asked, so that a log
// that is left out is not shown any more, and 100,000 logs cost nothing in between. A log that was
// never cosigned has no size.
type logMetrics struct {
	witness                         *Witness
	logs, size, time, evidence, qpd *prometheus.Desc
}

func newLogMetrics(w *Witness) *logMetrics {
	of := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &logMetrics{
		witness: w,
		logs:    of("cocket_witness_logs", "Logs that are witnessed."),
		size:    of("cocket_witness_size", "Size of the latest cosigned checkpoint.", "origin"),
		time:    of("cocket_witness_time_seconds", "POSIX time of the latest cosignature.", "origin"),
		evidence: of("cocket_witness_evidence",
			"Checkpoints that the log has signed and that conflict with a cosigned one.", "origin"),
		qpd: of("cocket_witness_qpd_refused_total",
			"Cosignatures that the daily quota of the log refused.", "origin", "kind"),
	}
}

// Describe is for the registry.
func (m *logMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.logs, m.size, m.time, m.evidence, m.qpd} {
		to <- d
	}
}

// Collect is for the registry.
func (m *logMetrics) Collect(to chan<- prometheus.Metric) {
	logs := m.witness.roster.Load().logs
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(m.logs, float64(len(logs)))
	for origin := range logs {
		state := m.witness.config.State
		if held, _ := state.latest(origin); held.note != nil {
			gauge(m.size, float64(held.checkpoint.Size), origin)
			gauge(m.time, float64(held.time), origin)
		}
		if n := state.keptOf(origin); n > 0 {
			gauge(m.evidence, float64(n), origin)
		}
		if refused, ok := m.witness.quotas.refused(origin); ok {
			for kind, n := range refused {
				to <- prometheus.MustNewConstMetric(m.qpd, prometheus.CounterValue, float64(n), origin, kinds[kind])
			}
		}
	}
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
