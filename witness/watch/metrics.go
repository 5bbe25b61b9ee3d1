// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// collector shows what is watched at the time of asking: a log that is watched no more is not shown.
type collector struct{ *Watcher }

func description(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("cocket_witness_watch_"+name, help, []string{"origin"}, nil)
}

var (
	sizeMetric = description("size", "Largest size whose entries were seen to hash to the signed root.")
	lagMetric  = description("lag_seconds", "For how long the entries of a cosigned checkpoint could not be had.")
	gateMetric = description("gated", "1 while nothing larger is cosigned, else 0.")
	refused    = description("refusals_total", "Larger checkpoints that were not cosigned.")
	readMetric = description("read_bytes_total", "Bytes of the entry bundles that were read.")
)

// Describe sends the descriptions.
func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{sizeMetric, lagMetric, gateMetric, refused, readMetric} {
		out <- d
	}
}

// Collect sends the values.
func (c collector) Collect(out chan<- prometheus.Metric) {
	now := time.Now()
	for _, f := range c.all() {
		send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64) {
			out <- prometheus.MustNewConstMetric(d, kind, value, f.log.Origin())
		}
		size, lag := f.progress(now)
		send(sizeMetric, prometheus.GaugeValue, float64(size))
		send(lagMetric, prometheus.GaugeValue, lag.Seconds())
		gated := 0.0
		if f.gate(now) != nil {
			gated = 1
		}
		send(gateMetric, prometheus.GaugeValue, gated)
		send(refused, prometheus.CounterValue, float64(f.refused.Load()))
		send(readMetric, prometheus.CounterValue, float64(f.bytes.Load()))
	}
}

// progress returns the proven size, and for how long the oldest checkpoint has waited.
func (f *follower) progress(now time.Time) (size uint64, lag time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) > 0 {
		lag = max(0, now.Sub(f.queue[0].since))
	}
	return f.proven.Size, lag
}
