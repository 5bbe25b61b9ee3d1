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
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cocket.example/cmd/internal/bastion"
	"cocket.example/cmd/internal/server"
	"cocket.example/witness"
	"cocket.example/witness/watch"
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
	logs, _, err := c.allLogs(slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if _, err := c.watched(logs); err != nil {
		return err
	}
	if c.Bastion.Enabled() {
		if _, err := bastion.Listen(c.Bastion, nil); err != nil {
			return err
		}
	}
	return c.files().Create()
}

// serve runs the witness until ctx ends. It catches up, watches and brings its peers what it cosigns
// until the last request is answered. A SIGHUP reloads its logs.
func (c Config) serve(ctx context.Context, logger *slog.Logger) (err error) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	state, err := c.files().Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	p, err := c.assemble(state, logger)
	if err != nil {
		return err
	}
	limitMemory(p.logs.count)
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	ctx, end := context.WithCancel(ctx)
	defer end()
	var group errgroup.Group
	group.Go(func() error {
		select {
		case <-state.Faulted():
			end() // a supervisor starts it anew, and then it reads what is there
		case <-behind.Done():
		}
		return nil
	})
	group.Go(func() error { return p.logs.witness.Run(behind) })
	group.Go(func() error { return p.logs.watcher.Run(behind) })
	group.Go(func() error { return p.logs.Run(behind, hangup) })
	err = p.server.Run(ctx)
	stop()
	return errors.Join(err, group.Wait(), state.Fault())
}

// parts are what runs.
type parts struct {
	server server.Server
	logs   *reloader // of the witness and its watcher
}

func (c Config) assemble(state *witness.State, logger *slog.Logger) (p parts, err error) {
	registry := server.NewRegistry()
	settings := witness.Config{
		State: state, ClockStep: time.Duration(c.ClockStep), Limits: c.Limits.witness(),
		Peers: c.Peers, PeerWrite: c.PeerWrite, Logger: logger, Registerer: registry,
	}
	if settings.Keys, err = c.readKeys(); err != nil {
		return p, err
	}
	if settings.Keeps, err = c.readKeeps(); err != nil {
		return p, err
	}
	if p.logs, err = c.newReloader(settings); err != nil {
		return p, err
	}
	for _, key := range settings.Keys {
		logger.Info("cosigning", "key", shortKey(key.VerifierKey()))
	}
	p.server, err = c.newServer(p.logs, registry, logger)
	return p, err
}

func (c Config) newServer(logs *reloader, registry *prometheus.Registry, logger *slog.Logger,
) (s server.Server, err error) {
	limits, err := c.serverLimits()
	if err != nil {
		return s, err
	}
	admin := http.NewServeMux()
	admin.Handle("/", server.Admin(registry, health(logs.witness, logs.watcher)))
	admin.HandleFunc("GET /evidence", evidence(logs.state))
	s = server.Server{
		Config: c.Config, Public: logs.witness.Handler(), Admin: admin, Limits: limits, Logger: logger,
		Registerer: registry,
	}
	if c.Bastion.Enabled() {
		s.Bastion, err = c.openBastion(registry, logger)
	}
	return s, err
}

// newWatcher watches the logs that the configuration says; there may be none.
func (c Config) newWatcher(settings witness.Config) (*watch.Watcher, error) {
	logs, err := c.watched(settings.Logs)
	if err != nil {
		return nil, err
	}
	return watch.New(watch.Config{
		State: settings.State, Dir: filepath.Join(string(c.Dir), "watch"), Lag: time.Duration(c.WatchLag),
		Peers:  len(c.Peers) > 0,
		Logger: settings.Logger, Registerer: settings.Registerer,
	}, logs)
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

// health is the witness's own; the text says for which logs nothing, or nothing larger, is cosigned,
// which is no fault of the witness.
func health(w *witness.Witness, watcher *watch.Watcher) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := w.Health(ctx); err != nil {
			return err
		}
		if err := errors.Join(w.Waiting(), watcher.Health()); err != nil {
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
