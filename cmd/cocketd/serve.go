// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"cocket.example/cmd/internal/server"
	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/log/cosign"
	"cocket.example/log/ingest"
	"cocket.example/log/local"
	"cocket.example/log/refers"
	"cocket.example/log/serve"
	"cocket.example/receipt"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

// serveLog runs the log until ctx ends.
func serveLog(ctx context.Context, c Config, logger *slog.Logger) error {
	k, err := loadKeys(c)
	if err != nil {
		return err
	}
	if err := checkMode(string(c.Dir), c.Entries); err != nil {
		return err
	}
	storage, err := local.Open(ctx, c.storage(logger))
	if err != nil {
		return fmt.Errorf("opening %s: %w", c.Dir, err)
	}
	p, err := c.assemble(k, storage, logger)
	if err != nil {
		return errors.Join(err, storage.Close())
	}
	return p.run(ctx) // closes the storage
}

// parts are what runs.
type parts struct {
	log    *log.Log
	refers *refers.Index
	server server.Server
}

// run runs the server until ctx ends, and the log until the server has drained: what a request got
// accepted is then published.
//
//	ctx ends ──▶ server: no more connections, requests finish ──▶ log: integrate, sign, publish ──▶ end
func (p parts) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx) // ends if any part fails
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error { return p.log.Run(behind) })
	group.Go(func() error { return p.refers.Run(behind) })
	group.Go(func() error {
		defer stop()
		return p.server.Run(ctx)
	})
	return group.Wait()
}

// assemble makes the parts from the configuration.
func (c Config) assemble(k keys, storage *local.Storage, logger *slog.Logger) (p parts, err error) {
	if storage.Origin() != c.Origin {
		return p, fmt.Errorf("origin: %s, but the log in %s is %s", c.Origin, c.Dir, storage.Origin())
	}
	registry := server.NewRegistry()
	if p.log, err = c.newLog(k, storage, shared{logger, registry}); err != nil {
		return p, err
	}
	p.refers, err = refers.Open(refers.Config{
		Log: p.log, Path: filepath.Join(string(c.Dir), "refers.db"), Logger: logger,
	})
	if err != nil {
		return p, err
	}
	public, err := c.newPublic(p, k, shared{logger, registry})
	if err != nil {
		return p, err
	}
	p.server = server.Server{
		Config: c.Config,
		Public: public,
		Admin:  server.Admin(registry, p.health),
		Logger: logger,

		Registerer: registry,
	}
	return p, nil
}

// shared is what every part gets.
type shared struct {
	logger   *slog.Logger
	registry prometheus.Registerer
}

func (c Config) newLog(k keys, storage log.Storage, s shared) (*log.Log, error) {
	config := log.Config{
		Origin:     c.Origin,
		Signers:    k.signers,
		Storage:    storage,
		Policy:     k.policy,
		Interval:   time.Duration(c.Interval),
		Heartbeat:  time.Duration(c.Heartbeat),
		Logger:     s.logger,
		Registerer: s.registry,
	}
	if k.policy.Quorum != "none" {
		cosigner, err := cosign.New(cosign.Config{
			Policy: k.policy,
			Prove: func(ctx context.Context, from, to uint64) ([]receipt.Hash, error) {
				return tile.Consistency(ctx, storage, from, to)
			},
			Root: func(ctx context.Context, size uint64) (receipt.Hash, error) {
				return tile.Root(ctx, storage, size)
			},
			Monitors:   c.Monitors,
			Logger:     s.logger,
			Registerer: s.registry,
		})
		if err != nil {
			return nil, err
		}
		config.Cosigner = cosigner
	}
	return log.New(config)
}

// newPublic puts the write path and the read path behind one address.
func (c Config) newPublic(p parts, k keys, s shared) (http.Handler, error) {
	write, err := ingest.New(ingest.Config{
		Log: p.log, Entries: c.Entries, Submitters: c.submitters(), Logger: s.logger, Registerer: s.registry,
	})
	if err != nil {
		return nil, fmt.Errorf("submitters: %w", err)
	}
	read, err := serve.New(serve.Config{
		Log: p.log, Refers: p.refers, Policy: k.policy, Metadata: c.metadata(),
		Logger: s.logger, Registerer: s.registry,
	})
	if err != nil {
		return nil, err
	}
	// Not a ServeMux, which would redirect from other spellings of a path.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.EscapedPath() {
		case "/add", "/add-batch":
			write.ServeHTTP(w, r)
		default:
			read.ServeHTTP(w, r)
		}
	}), nil
}

// health is what monitoring asks: is a checkpoint published?
func (p parts) health(ctx context.Context) error {
	_, err := p.log.Published(ctx)
	return err
}
