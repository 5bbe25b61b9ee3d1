// SPDX-License-Identifier: Apache-2.0

package cosign

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics have the policy's names of the witnesses as labels.
type metrics struct {
	size     *prometheus.GaugeVec
	failures *prometheus.CounterVec
	claims   *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	f := promauto.With(r)
	label := []string{"witness"}
	return &metrics{
		size: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "cocket_cosign_size", Help: "Size of the tree that the witness cosigned last.",
		}, label),
		failures: f.NewCounterVec(prometheus.CounterOpts{
			Name: "cocket_cosign_failures_total", Help: "Answers of the witness that were no cosignature.",
		}, label),
		claims: f.NewCounterVec(prometheus.CounterOpts{
			Name: "cocket_cosign_claims_total", Help: "Answers of the witness that claimed a larger tree than was signed.",
		}, label),
	}
}

// begin lets the series of a witness stand at zero before its first answer, so that alerts see them.
func (m *metrics) begin(witness string) {
	m.size.WithLabelValues(witness)
	m.failures.WithLabelValues(witness)
	m.claims.WithLabelValues(witness)
}
