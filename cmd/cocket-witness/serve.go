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
	"syscall"
	"time"

	"cocket.example/cmd/internal/server"
	"cocket.example/witness"
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
	return witness.CreateState(c.state())
}

// serve runs the witness until ctx ends. A SIGHUP reloads its logs.
func (c Config) serve(ctx context.Context, logger *slog.Logger) (err error) {
	state, err := witness.OpenState(c.state())
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
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return logs.Run(ctx, hangup) })
	group.Go(func() error { return s.Run(ctx) })
	return group.Wait()
}

func (c Config) newServer(state *witness.State, logger *slog.Logger) (s server.Server, r *reloader, err error) {
	start := time.Now()
	registry := server.NewRegistry()
	settings := witness.Config{
		State: state, ClockStep: time.Duration(c.ClockStep), Limits: c.Limits.witness(),
		Logger: logger, Registerer: registry,
	}
	if settings.Keys, err = c.readKeys(); err != nil {
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
		logger.Info("cosigning", "key", fmt.Sprintf("%s+%08x", key.Name(), key.KeyHash()))
	}
	admin := http.NewServeMux()
	admin.Handle("/", server.Admin(registry, w.Health))
	admin.HandleFunc("GET /evidence", evidence(state))
	return server.Server{
		Config: c.Config, Public: w.Handler(), Admin: admin, Limits: limits, Logger: logger, Registerer: registry,
	}, r, nil
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
