// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// healthTimeout bounds one look at the health.
const healthTimeout = 5 * time.Second

// ErrPartly means that a server is well, but for something that a restart would not mend.
var ErrPartly = errors.New("ok, but in part")

// NewRegistry returns a registry that has the metrics of the Go runtime and of the process.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Admin returns the handler of the administrative address:
//
//	/metrics        Prometheus metrics
//	/health         200 "ok", or 503 with the reason that health gives; 200 with one that wraps ErrPartly
//	/debug/pprof/   profiles
func Admin(metrics prometheus.Gatherer, health func(context.Context) error) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.Handle("GET /health", healthHandler(health))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

func healthHandler(health func(context.Context) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
		defer cancel()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		text := "ok"
		if err := health(ctx); err != nil {
			if !errors.Is(err, ErrPartly) {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			text = err.Error()
		}
		_, _ = io.WriteString(w, text+"\n")
	})
}
