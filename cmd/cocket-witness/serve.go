// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"cocket.example/cmd/internal/bastion"
	"cocket.example/cmd/internal/server"
	"cocket.example/witness"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/sync/errgroup"
)

// create makes the state. Keys and logs are tried first, so that a mistake in the configuration
// shows now.
func (c Config) create() error {
	if _, err := c.readKeys(); err != nil {
		return err
	}
	if _, _, err := c.allLogs(slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if c.Bastion.Enabled() {
		if _, err := bastion.Listen(c.Bastion, nil); err != nil {
			return err
		}
	}
	return c.files().Create()
}

// serve runs the witness until ctx ends. It catches up, and brings its peers what it cosigns, until the
// last request is answered. A SIGHUP reloads its logs.
func (c Config) serve(ctx context.Context, logger *slog.Logger) (err error) {
	state, err := c.files().Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	s, logs, err := c.newServer(state, logger)
	if err != nil {
		return err
	}
	limitMemory(logs.logs)
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group errgroup.Group
	group.Go(func() error { return logs.witness.Run(behind) })
	group.Go(func() error { return logs.Run(behind, hangup) })
	err = s.Run(ctx)
	stop()
	return errors.Join(err, group.Wait())
}

func (c Config) newServer(state *witness.State, logger *slog.Logger) (s server.Server, r *reloader, err error) {
	start := time.Now()
	registry := server.NewRegistry()
	settings := witness.Config{
		State: state, ClockStep: time.Duration(c.ClockStep), Limits: c.Limits.witness(),
		Peers: c.Peers, PeerWrite: c.PeerWrite, Logger: logger, Registerer: registry,
	}
	if settings.Keys, err = c.readKeys(); err != nil {
		return s, nil, err
	}
	if settings.Keeps, err = c.readKeeps(); err != nil {
		return s, nil, err
	}
	r = &reloader{path: c.path, config: c, logger: logger, metrics: newReloadMetrics(registry)}
	if settings.Logs, r.read, err = c.allLogs(logger); err != nil {
		return s, nil, err
	}
	w, err := witness.New(settings)
	if err != nil {
		return s, nil, err
	}
	r.witness = w
	r.done(len(settings.Logs), start)
	limits, err := c.serverLimits()
	if err != nil {
		return s, nil, err
	}
	for _, key := range settings.Keys {
		logger.Info("cosigning", "key", shortKey(key.VerifierKey()))
	}
	admin := http.NewServeMux()
	admin.Handle("/", server.Admin(registry, w.Health))
	admin.HandleFunc("GET /evidence", evidence(state))
	s = server.Server{
		Config: c.Config, Public: w.Handler(), Admin: admin, Limits: limits, Logger: logger, Registerer: registry,
	}
	if c.Bastion.Enabled() {
		s.Bastion, err = c.openBastion(registry, logger)
	}
	return s, r, err
}

// openBastion prepares the connection to the bastion and its metric.
func (c Config) openBastion(registry prometheus.Registerer, logger *slog.Logger) (*bastion.Listener, error) {
	l, err := bastion.Listen(c.Bastion, logger)
	if err != nil {
		return nil, err
	}
	promauto.With(registry).NewGaugeFunc(prometheus.GaugeOpts{
		Name: "cocket_witness_bastion_connected",
		Help: "Whether there is a connection to the bastion.",
	}, func() float64 {
		if l.Connected() {
			return 1
		}
		return 0
	})
	return l, nil
}

// shortKey is the name and the id of a vkey.
func shortKey(vkey string) string {
	parts := strings.SplitN(vkey, "+", 3)
	return strings.Join(parts[:min(len(parts), 2)], "+")
}

// evidence answers with the checkpoints that logs have signed and that conflict with cosigned ones,
// one JSON object a line.
func evidence(state *witness.State) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		all, err := state.Evidence()
		if err != nil {
			http.Error(w, fmt.Sprintf("reading the evidence: %v", err), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/jsonl")
		lines := json.NewEncoder(w)
		for _, e := range all {
			if lines.Encode(e) != nil {
				return // the client has gone
			}
		}
	}
}
