// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
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
	if _, err := c.readLogs(); err != nil {
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
// last request is answered.
func (c Config) serve(ctx context.Context, logger *slog.Logger) (err error) {
	state, err := c.files().Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	s, w, err := c.newServer(state, logger)
	if err != nil {
		return err
	}
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group errgroup.Group
	group.Go(func() error { return w.Run(behind) })
	err = s.Run(ctx)
	stop()
	return errors.Join(err, group.Wait())
}

func (c Config) newServer(state *witness.State, logger *slog.Logger,
) (s server.Server, w *witness.Witness, err error) {
	registry := server.NewRegistry()
	settings := witness.Config{
		State: state, ClockStep: time.Duration(c.ClockStep), Logger: logger, Registerer: registry,
		Peers: c.Peers, PeerWrite: c.PeerWrite,
	}
	if settings.Keys, err = c.readKeys(); err != nil {
		return s, nil, err
	}
	if settings.Logs, err = c.readLogs(); err != nil {
		return s, nil, err
	}
	if settings.Keeps, err = c.readKeeps(); err != nil {
		return s, nil, err
	}
	if w, err = witness.New(settings); err != nil {
		return s, nil, err
	}
	for _, key := range settings.Keys {
		logger.Info("cosigning", "key", shortKey(key.VerifierKey()))
	}
	admin := http.NewServeMux()
	admin.Handle("/", server.Admin(registry, w.Health))
	admin.HandleFunc("GET /evidence", evidence(state))
	s = server.Server{Config: c.Config, Public: w.Handler(), Admin: admin, Logger: logger}
	if c.Bastion.Enabled() {
		s.Bastion, err = c.openBastion(registry, logger)
	}
	return s, w, err
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
