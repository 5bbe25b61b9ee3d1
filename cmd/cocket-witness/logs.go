// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"cocket.example/cmd/internal/config"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
	"cocket.example/witness"
	"cocket.example/witness/watch"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// defaultReload is how often the log lists are looked at.
const defaultReload = time.Minute

// sums are the SHA-256 of the log lists by their paths; zero for one that could not be read.
type sums map[config.Path][sha256.Size]byte

// allLogs reads the logs of the configuration and those of the log lists, with the sums of the lists,
// which it returns with an error too. Whoever names a log first has the word on it: the configuration,
// then the lists in their order.
func (c Config) allLogs(logger *slog.Logger) ([]witness.Log, sums, error) {
	read := make(sums)
	logs, err := c.readLogs()
	named := make(map[string]bool, len(logs))
	for _, l := range logs {
		named[l.Origin()] = true
	}
	for _, path := range c.LogLists {
		text, e := readList(string(path))
		if e == nil {
			read[path] = sha256.Sum256(text)
		} else {
			read[path] = [sha256.Size]byte{}
		}
		var listed []receipt.ListedLog
		if e == nil {
			listed, e = receipt.ParseLogList(text)
		}
		if e != nil {
			err = errors.Join(err, fmt.Errorf("log list %s: %w", path, e))
			continue
		}
		logs = append(logs, pick(listed, named, logger.With("list", string(path)))...)
	}
	if err != nil {
		return nil, read, err
	}
	return logs, read, nil
}

// pick returns the listed logs that are not named yet, and says what it passes over.
func pick(listed []receipt.ListedLog, named map[string]bool, logger *slog.Logger) []witness.Log {
	var logs []witness.Log
	twice, unfit := 0, 0
	for _, l := range listed {
		typ := receipt.KeyType(l.Key.Type)
		switch {
		case named[l.Origin]:
			if twice++; twice == 1 {
				logger.Info("log is named before this list, and that holds", "origin", l.Origin)
			}
			continue
		case strict.Name(l.Origin) != nil, typ != receipt.Ed25519 && typ != receipt.MLDSA44:
			if unfit++; unfit == 1 {
				logger.Warn("log has an origin or a key that this witness cannot cosign for", "origin", l.Origin)
			}
			continue
		}
		named[l.Origin] = true
		log := witness.Log{Keys: []receipt.VerifierKey{l.Key}, QPD: l.QPD}
		if l.Origin != l.Key.Name {
			log.Name = l.Origin
		}
		logs = append(logs, log)
	}
	logger.Info("log list read", "logs", len(logs), "before", twice, "unfit", unfit)
	return logs
}

// readList reads a log list, or says that it is too long for one.
func readList(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > receipt.MaxLogList {
		return nil, fmt.Errorf("want a regular file of at most %d bytes", receipt.MaxLogList)
	}
	var b bytes.Buffer
	b.Grow(int(info.Size()) + bytes.MinRead)
	_, err = b.ReadFrom(io.LimitReader(f, receipt.MaxLogList+1))
	return b.Bytes(), err
}

// sumList hashes a log list, without holding it; zero if that cannot be done.
func sumList(path string) (sum [sha256.Size]byte) {
	f, err := os.Open(path)
	if err != nil {
		return sum
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > receipt.MaxLogList {
		return sum
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, receipt.MaxLogList+1)); err != nil {
		return sum
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// reloader keeps the logs of a witness as the files have them. A reload that fails leaves the logs as
// they were: a witness with the logs of yesterday serves better than none, so it is no fault of health,
// but an error in the log and in the metrics.
//
//	SIGHUP                    the configuration's logs and log_lists, and the lists
//	a list has other bytes    the lists
type reloader struct {
	path    string // of the configuration
	config  Config // as it was read last
	read    sums   // of the lists, when they were read last
	count   int    // of the logs that are witnessed
	state   *witness.State
	witness *witness.Witness
	watcher *watch.Watcher
	logger  *slog.Logger
	metrics *reloadMetrics
}

// newReloader reads the logs, and makes the witness and the watcher with them.
func (c Config) newReloader(settings witness.Config) (r *reloader, err error) {
	start := time.Now()
	r = &reloader{
		path: c.path, config: c, state: settings.State, logger: settings.Logger,
		metrics: newReloadMetrics(settings.Registerer),
	}
	if settings.Logs, r.read, err = c.allLogs(r.logger); err != nil {
		return nil, err
	}
	if r.watcher, err = c.newWatcher(settings); err != nil {
		return nil, err
	}
	settings.Watcher = r.watcher
	if r.witness, err = witness.New(settings); err != nil {
		return nil, err
	}
	r.done(len(settings.Logs), start)
	return r, nil
}

type reloadMetrics struct {
	loaded, took, stale prometheus.Gauge
}

func newReloadMetrics(r prometheus.Registerer) *reloadMetrics {
	gauge := func(name, help string) prometheus.Gauge {
		return promauto.With(r).NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	return &reloadMetrics{
		loaded: gauge("cocket_witness_logs_loaded_seconds", "POSIX time when the logs were last taken from their files."),
		took:   gauge("cocket_witness_logs_load_seconds", "How long that took."),
		stale:  gauge("cocket_witness_logs_stale", "1 while the files cannot be taken, and the logs are those of before."),
	}
}

// Run reloads until ctx ends. Each value of hangup is a SIGHUP.
func (r *reloader) Run(ctx context.Context, hangup <-chan os.Signal) error {
	every := time.Duration(r.config.Reload)
	if every == 0 {
		every = defaultReload
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
			r.reread()
		case <-tick.C:
			if r.changed() {
				r.reload(r.config)
			}
		}
	}
}

// changed reports whether a list has other bytes than when it was read last.
func (r *reloader) changed() bool {
	for _, path := range r.config.LogLists {
		if sumList(string(path)) != r.read[path] {
			return true
		}
	}
	return false
}

// reread reads the configuration too. Of it, only what names logs takes effect.
func (r *reloader) reread() {
	fresh, err := loadConfig(r.path)
	if err != nil {
		r.failed(err)
		return
	}
	next := r.config
	next.Logs, next.LogLists = fresh.Logs, fresh.LogLists
	r.reload(next)
}

func (r *reloader) reload(next Config) {
	start := time.Now()
	logs, read, err := next.allLogs(r.logger)
	if err == nil {
		err = r.set(next, logs)
	}
	if err != nil {
		for path := range r.read { // so that this is said once for what the files hold now
			if sum, ok := read[path]; ok {
				r.read[path] = sum
			}
		}
		r.failed(err)
		return
	}
	r.config, r.read = next, read
	r.done(len(logs), start)
	limitMemory(r.count)
}

// set gives the logs to the watcher first, so that none is cosigned unwatched.
func (r *reloader) set(next Config, logs []witness.Log) error {
	watched, err := next.watched(logs)
	if err != nil {
		return err
	}
	err = r.watcher.SetLogs(watched)
	if errors.Is(err, watch.ErrNotOpened) {
		r.logger.Error("nothing larger is cosigned for a log before this is mended, and a SIGHUP", "err", err)
	} else if err != nil {
		return err
	}
	return r.witness.SetLogs(logs)
}

// done notes that the logs are those of the files.
func (r *reloader) done(logs int, start time.Time) {
	elapsed := time.Since(start)
	r.metrics.loaded.SetToCurrentTime()
	r.metrics.took.Set(elapsed.Seconds())
	r.metrics.stale.Set(0)
	r.count = logs
	r.logger.Info("logs loaded", "logs", logs, "elapsed", elapsed)
}

func (r *reloader) failed(err error) {
	r.metrics.stale.Set(1)
	r.logger.Error("the logs stay as they were: they could not be loaded", "err", err)
}
