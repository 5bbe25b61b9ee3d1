// SPDX-License-Identifier: Apache-2.0

// Package server is what every server program does around its handlers: listen, speak TLS, keep
// slow and idle clients within limits, say when it is ready, and drain when it is told to stop.
//
//	listen on all ──▶ "listening addr=…" ──▶ serve … ctx ends ──▶ accept no more, finish what runs
//	                                                              (at most Drain) ──▶ close
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"cocket.example/cmd/internal/bastion"
	"cocket.example/cmd/internal/config"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/sync/errgroup"
)

// Config is the part of a server's configuration file that says where it listens. Programs put it
// into theirs with `yaml:",inline"`.
type Config struct {
	// Listen is the public address, host:port. Port 0 takes a free one.
	Listen string `yaml:"listen"`
	// Admin is the address of metrics, health and profiles, for the operator's network only.
	// Empty: there is none.
	Admin string `yaml:"admin"`
	// TLS of the public address. Without it, it speaks clear text.
	TLS TLS `yaml:"tls"`
	// AddrFile is a file that gets the public address as host:port and LF once it is listened on,
	// for whoever asked for port 0. Empty: none is written.
	AddrFile config.Path `yaml:"addr_file"`
	// Drain is how long requests may take to finish after a signal to stop. Default 15s.
	Drain config.Duration `yaml:"drain"`
}

// Check refuses a configuration that cannot be served.
func (c Config) Check() error {
	if c.Listen == "" {
		return errors.New("listen: missing: want host:port")
	}
	return c.checkRest()
}

// CheckHidden is Check for a server that is reached through a bastion: listen may be missing.
func (c Config) CheckHidden() error {
	if c.Listen == "" && (c.AddrFile != "" || c.TLS != TLS{}) {
		return errors.New("listen: missing: without it there is neither tls nor addr_file")
	}
	return c.checkRest()
}

func (c Config) checkRest() error {
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		return errors.New("tls: want both certificate and key")
	}
	return nil
}

// Limits on what a client may hold without giving anything. A handler that reads much or answers
// late sets deadlines of its own with http.ResponseController.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = time.Minute
	writeTimeout  = 3 * time.Minute // from the end of the header: longer than reading and any wait
	idleTimeout   = 2 * time.Minute
	maxHeader     = 16 << 10
	maxFrame      = 16 << 10 // of HTTP/2, whose reader keeps a buffer of the largest that it has read
	defaultDrain  = 15 * time.Second
)

// Server serves a public handler and, beside it, an administrative one.
type Server struct {
	Config  Config
	Public  http.Handler
	Bastion *bastion.Listener // serves Public too; nil: none, and Config.Listen is needed
	Admin   http.Handler      // served if Config.Admin is set; see the function Admin
	Limits  Limits            // of the public address
	Logger  *slog.Logger      // nil discards

	Registerer prometheus.Registerer // nil: the connections have no metrics
}

// Run serves until ctx ends, then drains. It returns nil after a stop that was asked for, even if
// the time to drain ran out. Every address is taken before anything is served.
func (s Server) Run(ctx context.Context) error {
	s = s.withDefaults()
	endpoints, err := s.open()
	defer func() {
		for _, e := range endpoints {
			_ = e.Close() // closed already, but for an error on the way
		}
	}()
	if err != nil {
		return err
	}
	if err := s.announce(endpoints); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, e := range endpoints {
		group.Go(func() error { return s.serve(ctx, e) })
	}
	return group.Wait()
}

func (s Server) withDefaults() Server {
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	s.Limits = s.Limits.withDefaults()
	if s.Config.Drain == 0 {
		s.Config.Drain = config.Duration(defaultDrain)
	}
	return s
}

// endpoint is where requests come from, and what answers there.
type endpoint struct {
	net.Listener
	http *http.Server
	name string // for the log
}

// open listens on the administrative address, if there is one, and then on the public one. What it
// returns, the public address last, is to be closed even if there was an error.
func (s Server) open() (endpoints []endpoint, err error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	settings, err := s.Config.TLS.load()
	if err != nil {
		return nil, err
	}
	if s.Bastion != nil {
		endpoints = append(endpoints, endpoint{s.Bastion, s.newHTTP(s.Public), "bastion"})
		bastion.Configure(endpoints[0].http)
	}
	if s.Config.Admin != "" {
		admin, err := listen(s.Config.Admin, Limits{}.withDefaults())
		if err != nil {
			return endpoints, err
		}
		endpoints = append(endpoints, endpoint{admin, s.newHTTP(s.Admin), "admin"})
	}
	if s.Config.Listen == "" {
		return endpoints, nil
	}
	public, err := listen(s.Config.Listen, s.Limits)
	if err != nil {
		return endpoints, err
	}
	s.observe(public)
	endpoints = append(endpoints, endpoint{public, s.newHTTP(s.Limits.Proxies.handler(s.Public)), "listening"})
	endpoints[len(endpoints)-1].http.TLSConfig = settings
	return endpoints, nil
}

func (s Server) check() error {
	if s.Bastion != nil {
		return s.Config.CheckHidden()
	}
	return s.Config.Check()
}

func listen(address string, limits Limits) (*limited, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	return limit(l, limits), nil
}

// observe shows the connections of a listener in the metrics.
func (s Server) observe(l *limited) {
	auto := promauto.With(s.Registerer)
	auto.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "cocket_connections", Help: "Open connections of the public address.",
	}, func() float64 { return float64(l.opened.Load()) })
	auto.NewCounterFunc(prometheus.CounterOpts{
		Name: "cocket_connections_refused_total",
		Help: "Connections closed at once because their address had as many as it may have.",
	}, func() float64 { return float64(l.refused.Load()) })
}

func (s Server) newHTTP(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: s.Limits.Streams, MaxReadFrameSize: maxFrame,
			MaxReceiveBufferPerConnection: s.Limits.Window, MaxReceiveBufferPerStream: s.Limits.Window,
		},
		// What clients do wrong before they have sent a request: noise, but for a search.
		ErrorLog: slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
	}
}

// announce says where the server listens, the public address last. From here on the system queues
// clients, so whoever waits for the line "listening addr=…" or for the file can connect.
func (s Server) announce(endpoints []endpoint) error {
	if path := string(s.Config.AddrFile); path != "" {
		public := endpoints[len(endpoints)-1].Addr().String()
		if err := writeAddr(path, public); err != nil {
			return err
		}
	}
	for _, e := range endpoints {
		s.Logger.Info(e.name, "addr", e.Addr().String())
	}
	return nil
}

// writeAddr writes the file under another name first, so that a reader finds all of it or none.
func writeAddr(path, address string) error {
	if err := os.WriteFile(path+".new", []byte(address+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// serve answers requests until ctx ends, then lets those that run finish.
func (s Server) serve(ctx context.Context, e endpoint) error {
	served := make(chan error, 1)
	go func() {
		if e.http.TLSConfig != nil {
			served <- e.http.ServeTLS(e, "", "")
		} else {
			served <- e.http.Serve(e)
		}
	}()
	select {
	case err := <-served:
		return fmt.Errorf("serving %s: %w", e.Addr(), err)
	case <-ctx.Done():
	}
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(s.Config.Drain))
	defer cancel()
	if err := e.http.Shutdown(bound); err != nil {
		s.Logger.Warn("stopped before every request had finished", "addr", e.Addr().String(), "err", err)
		_ = e.http.Close()
	}
	<-served
	return nil
}
