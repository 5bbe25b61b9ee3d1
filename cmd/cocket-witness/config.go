// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"cocket.example/cmd/internal/config"
	"cocket.example/cmd/internal/keyfile"
	"cocket.example/cmd/internal/server"
	"cocket.example/receipt"
	"cocket.example/witness"
	"cocket.example/witness/watch"
)

// Config is the configuration file. Its paths are relative to the folder of the file.
type Config struct {
	server.Config `yaml:",inline"`

	// Dir is the directory of the state, which "cocket-witness init" makes.
	Dir config.Path `yaml:"dir"`
	// Keys are the files of the cosignature keys, made by "cocket keygen --type cosignature", one of
	// Ed25519 and one of ML-DSA-44 ("--algorithm ml-dsa-44"). Each signs every checkpoint.
	Keys []config.Path `yaml:"keys"`
	// Logs are the keys of the logs that are witnessed. A key's name is the origin of its log; a log
	// that changes its key, or signs with two, stands in the list twice.
	Logs []Log `yaml:"logs"`
	// ClockStep is by how much the clock may be behind the time of a log's latest cosignature before
	// the witness refuses to sign. Default 1m.
	ClockStep config.Duration `yaml:"clock_step"`
	// WatchLag is for how long the entries of a cosigned checkpoint of a watched log may be out of reach
	// before nothing larger is cosigned for it. Default 1h.
	WatchLag config.Duration `yaml:"watch_lag"`
}

// Log is one key of a log: literally, or in a file. What else is said of a log stands beside one of
// its keys.
type Log struct {
	// VKey is the verifier key, name+id+base64.
	VKey string `yaml:"vkey"`
	// VKeyFile is a file that holds it.
	VKeyFile config.Path `yaml:"vkey_file"`
	// URL is the prefix below which the log publishes its checkpoint and tiles.
	URL string `yaml:"url"`
	// Watch says whether the entries of each cosigned checkpoint are read and checked. It needs the URL.
	Watch bool `yaml:"watch"`
	// Mirror is a directory that gets a copy of all that is read. It needs Watch.
	Mirror config.Path `yaml:"mirror"`
}

// loadConfig reads and checks the configuration file.
func loadConfig(path string) (Config, error) {
	var c Config
	if err := config.Load(path, &c); err != nil {
		return c, err
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func (c Config) check() error {
	switch {
	case c.Dir == "":
		return errors.New("dir: missing: want the directory of the state")
	case len(c.Keys) == 0:
		return errors.New("keys: missing: want the file of a cosignature key")
	case len(c.Logs) == 0:
		return errors.New("logs: missing: want the vkey of a log")
	}
	return c.Config.Check()
}

// state is the path of the database.
func (c Config) state() string { return filepath.Join(string(c.Dir), "witness.db") }

// readKeys reads the cosignature keys.
func (c Config) readKeys() ([]*receipt.Cosigner, error) {
	var keys []*receipt.Cosigner
	for i, path := range c.Keys {
		key, err := keyfile.ReadCosigner(string(path))
		if err != nil {
			return nil, fmt.Errorf("keys[%d]: %w", i, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// readLogs reads the keys of the logs, and gathers those of one log.
func (c Config) readLogs() ([]witness.Log, error) {
	var logs []witness.Log
	for i, l := range c.Logs {
		key, err := l.read()
		if err != nil {
			return nil, fmt.Errorf("logs[%d]: %w", i, err)
		}
		at := slices.IndexFunc(logs, func(w witness.Log) bool { return w.Origin() == key.Name })
		if at < 0 {
			at, logs = len(logs), append(logs, witness.Log{})
		}
		logs[at].Keys = append(logs[at].Keys, key)
		if err := setOnce(&logs[at].URL, l.URL); err != nil {
			return nil, fmt.Errorf("logs[%d]: url: %w", i, err)
		}
	}
	return logs, nil
}

// setOnce sets what may be said beside one key of a log.
func setOnce[T comparable](to *T, value T) error {
	var zero T
	if value == zero {
		return nil
	}
	if *to != zero {
		return errors.New("stands beside another key of the log already")
	}
	*to = value
	return nil
}

// watched returns those of the logs that are to be watched: the lines of c.Logs say which.
func (c Config) watched(logs []witness.Log) (all []watch.Log, err error) {
	said := make(map[string]watch.Log)
	for i, l := range c.Logs {
		if !l.Watch && l.Mirror == "" {
			continue
		}
		key, err := l.read()
		if err != nil {
			return nil, fmt.Errorf("logs[%d]: %w", i, err)
		}
		if _, twice := said[key.Name]; twice || !l.Watch {
			return nil, fmt.Errorf("logs[%d]: want watch: true beside one key of the log, and a mirror beside it alone", i)
		}
		said[key.Name] = watch.Log{Mirror: string(l.Mirror)}
	}
	for _, l := range logs {
		w, ok := said[l.Origin()]
		if !ok {
			continue
		}
		if w.Log = l; l.URL == "" {
			return nil, fmt.Errorf("log %s: watch: want the url of the log", l.Origin())
		}
		all = append(all, w)
	}
	return all, nil
}

func (l Log) read() (receipt.VerifierKey, error) {
	switch {
	case (l.VKey == "") == (l.VKeyFile == ""):
		return receipt.VerifierKey{}, errors.New("want one of vkey and vkey_file")
	case l.VKey != "":
		return receipt.ParseVerifierKey(l.VKey)
	default:
		return keyfile.ReadVerifierKey(string(l.VKeyFile))
	}
}
