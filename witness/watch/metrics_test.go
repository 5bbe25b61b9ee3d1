// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// values gathers the metrics of a log by name.
func values(t *testing.T, r *prometheus.Registry, origin string) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]float64)
	for _, family := range families {
		for _, m := range family.Metric {
			if m.Label[0].GetValue() == origin {
				all[family.GetName()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return all
}

// TestMetrics: they say how far a log is read, and go with it.
func TestMetrics(t *testing.T) {
	p := newPaper(t, "log.example/a", 1000)
	c := quick
	registry := prometheus.NewRegistry()
	c.Registerer, c.Lag = registry, 100*time.Millisecond
	s := newSite(t, c, publish(t, p, ""))
	s.want(200, p, 0, 300)
	s.await(p, 300)
	got := values(t, registry, p.key.Name)
	if len(got) != 5 || got["cocket_witness_watch_size"] != 300 || got["cocket_witness_watch_read_bytes_total"] < 3000 ||
		got["cocket_witness_watch_lag_seconds"] != 0 || got["cocket_witness_watch_gated"] != 0 {
		t.Errorf("metrics %v", got)
	}
	p.set(func() { p.down = http.StatusServiceUnavailable })
	s.want(200, p, 300, 600)
	s.until(func() bool { return s.watcher.Health() != nil }, "not gated")
	s.want(503, p, 600, 700)
	got = values(t, registry, p.key.Name)
	if got["cocket_witness_watch_gated"] != 1 || got["cocket_witness_watch_refusals_total"] != 1 ||
		got["cocket_witness_watch_lag_seconds"] < 0.1 || got["cocket_witness_watch_size"] != 300 {
		t.Errorf("metrics %v", got)
	}
	if err := s.watcher.SetLogs(nil); err != nil {
		t.Fatal(err)
	}
	if got := values(t, registry, p.key.Name); len(got) > 0 {
		t.Errorf("of a log that is not watched: %v", got)
	}
	s.want(200, p, 600, 700) // watch: false is the operator's word
}
