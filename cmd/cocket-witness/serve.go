// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"cocket.example/cmd/internal/server"
	"cocket.example/witness"
	"cocket.example/witness/watch"
	"golang.org/x/sync/errgroup"
)

// create makes the state. Keys and logs are tried first, so that a mistake in the configuration
// shows now.
func (c Config) create() error {
	if _, err := c.readKeys(); err != nil {
		return err
	}
	logs, err := c.readLogs()
	if err != nil {
		return err
	}
	if _, err := c.watched(logs); err != nil {
		return err
	}
	return witness.CreateState(c.state())
}

// serve runs the witness until ctx ends.
func (c Config) serve(ctx context.Context, logger *slog.Logger) (err error) {
	state, err := witness.OpenState(c.state())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	p, err := c.assemble(state, logger)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.watcher.Run(ctx) })
	group.Go(func() error { return p.server.Run(ctx) })
	return group.Wait()
}

// parts are what runs.
type parts struct {
	server  server.Server
	watcher *watch.Watcher
}

func (c Config) assemble(state *witness.State, logger *slog.Logger) (p parts, err error) {
	registry := server.NewRegistry()
	settings := witness.Config{
		State: state, ClockStep: time.Duration(c.ClockStep), Logger: logger, Registerer: registry,
	}
	if settings.Keys, err = c.readKeys(); err != nil {
		return p, err
	}
	if settings.Logs, err = c.readLogs(); err != nil {
		return p, err
	}
	if p.watcher, err = c.newWatcher(state, settings); err != nil {
		return p, err
	}
	settings.Watcher = p.watcher
	w, err := witness.New(settings)
	if err != nil {
		return p, err
	}
	for _, key := range settings.Keys {
		logger.Info("cosigning", "key", fmt.Sprintf("%s+%08x", key.Name(), key.KeyHash()))
	}
	admin := http.NewServeMux()
	admin.Handle("/", server.Admin(registry, health(w, p.watcher)))
	admin.HandleFunc("GET /evidence", evidence(state))
	p.server = server.Server{Config: c.Config, Public: w.Handler(), Admin: admin, Logger: logger}
	return p, nil
}

// newWatcher watches the logs that the configuration says; there may be none.
func (c Config) newWatcher(state *witness.State, settings witness.Config) (*watch.Watcher, error) {
	logs, err := c.watched(settings.Logs)
	if err != nil {
		return nil, err
	}
	return watch.New(watch.Config{
		State: state, Dir: filepath.Join(string(c.Dir), "watch"), Lag: time.Duration(c.WatchLag),
		Logger: settings.Logger, Registerer: settings.Registerer,
	}, logs)
}

// health is the witness's own; the text names the logs for which nothing larger is cosigned, which is
// no fault of the witness.
func health(w *witness.Witness, watcher *watch.Watcher) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := w.Health(ctx); err != nil {
			return err
		}
		if err := watcher.Health(); err != nil {
			return fmt.Errorf("%w\n%w", server.ErrPartly, err)
		}
		return nil
	}
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
