// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"cocket.example/cmd/internal/bastion"
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
	// Bastion is the reverse proxy through which the witness is reached besides, or instead of, its own
	// address: with it, listen may be missing.
	Bastion bastion.Config `yaml:"bastion"`

	// Dir is the directory of the state, which "cocket-witness init" makes.
	Dir config.Path `yaml:"dir"`
	// Journal is the file of the state's journal, which says what was cosigned last. On another disk than
	// dir it shows that one of them was brought back from an older copy. Default: witness.journal in dir.
	Journal config.Path `yaml:"journal"`
	// Keys are the files of the cosignature keys, made by "cocket keygen --type cosignature", one of
	// Ed25519 and one of ML-DSA-44 ("--algorithm ml-dsa-44"). Each signs every checkpoint.
	Keys []Key `yaml:"keys"`
	// Logs are the keys of the logs that are witnessed. A key's name is the origin of its log; a log
	// that changes its key, or signs with two, stands in the list twice.
	Logs []Log `yaml:"logs"`
	// Peers are the addresses of other cocket-witnesses that keep, under the first key, what this one
	// cosigns; it answers only what they have.
	Peers []string `yaml:"peers"`
	// PeerWrite is how many of the peers must have it. Default: more than half.
	PeerWrite int `yaml:"peer_write"`
	// Keeps are the cosignature keys of other witnesses for which this one keeps, as they do for it.
	Keeps []Verifier `yaml:"keeps"`
	// LogLists are files of c2sp.org/tlog-list with more logs, and how often each may ask. A log that the
	// configuration names too is as it stands there; of two lists the first has the word.
	LogLists []config.Path `yaml:"log_lists"`
	// Reload is how often the log lists are looked at for changes. Default 1m. A SIGHUP reads them at
	// once, and Logs and LogLists of this file too.
	Reload config.Duration `yaml:"reload"`
	// Limits bound what clients may take.
	Limits Limits `yaml:"limits"`
	// TrustedProxies are the addresses or networks of reverse proxies, whose word on the address of a
	// client is taken.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// ClientAddressHeader is where they say it. Default X-Forwarded-For.
	ClientAddressHeader string `yaml:"client_address_header"`
	// ClockStep is by how much the clock may be behind the time of a log's latest cosignature before
	// the witness refuses to sign. Default 1m.
	ClockStep config.Duration `yaml:"clock_step"`
	// WatchLag is for how long the entries of a cosigned checkpoint of a watched log may be out of reach
	// before nothing larger is cosigned for it. Default 1h.
	WatchLag config.Duration `yaml:"watch_lag"`

	path string // of the file
}

// Verifier is a verifier key: literally, or in a file.
type Verifier struct {
	// VKey is the verifier key, name+id+base64.
	VKey string `yaml:"vkey"`
	// VKeyFile is a file that holds it.
	VKeyFile config.Path `yaml:"vkey_file"`
}

// Log is one key of a log. What else is said of a log stands beside one of its keys.
type Log struct {
	Verifier `yaml:",inline"`

	// URL is the prefix below which the log publishes its checkpoint and tiles. At a start the witness
	// asks there what it cosigned before.
	URL string `yaml:"url"`
	// QPD is how many larger checkpoints are cosigned a day, and how many refreshes. Absent: any number.
	QPD uint32 `yaml:"qpd"`
	// Watch says whether the entries of each cosigned checkpoint are read and checked. It needs the URL.
	Watch bool `yaml:"watch"`
	// Mirror is a directory that gets a copy of all that is read. It needs Watch.
	Mirror config.Path `yaml:"mirror"`
}

// loadConfig reads and checks the configuration file.
func loadConfig(path string) (Config, error) {
	c := Config{path: path}
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
	case len(c.Logs) == 0 && len(c.LogLists) == 0:
		return errors.New("logs: missing: want the vkey of a log, or a file in log_lists")
	}
	for i, l := range c.Logs {
		if l.QPD > receipt.MaxQPD {
			return fmt.Errorf("logs[%d]: qpd: want at most %d", i, receipt.MaxQPD)
		}
	}
	if err := c.Limits.check(); err != nil {
		return err
	}
	if _, err := c.serverLimits(); err != nil {
		return err
	}
	for i, k := range c.Keys {
		if err := k.check(); err != nil {
			return fmt.Errorf("keys[%d]: %w", i, err)
		}
	}
	if c.Bastion.Enabled() {
		return errors.Join(c.Bastion.Check(), c.CheckHidden())
	}
	return c.Config.Check()
}

// state is the path of the database.
func (c Config) state() string { return filepath.Join(string(c.Dir), "witness.db") }

// files is where the state is kept.
func (c Config) files() witness.StateFiles {
	return witness.StateFiles{Database: c.state(), Journal: string(c.Journal)}
}

// readKeeps reads the keys of the witnesses for which this one keeps.
func (c Config) readKeeps() (keys []receipt.VerifierKey, err error) {
	for i, k := range c.Keeps {
		key, err := k.read()
		if err != nil {
			return nil, fmt.Errorf("keeps[%d]: %w", i, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// readKeys reads the cosignature keys.
func (c Config) readKeys() ([]witness.Signer, error) {
	var keys []witness.Signer
	for i, k := range c.Keys {
		key, err := k.read()
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
		if err := setOnce(&logs[at].QPD, l.QPD); err != nil {
			return nil, fmt.Errorf("logs[%d]: qpd: %w", i, err)
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

func (k Verifier) read() (receipt.VerifierKey, error) {
	switch {
	case (k.VKey == "") == (k.VKeyFile == ""):
		return receipt.VerifierKey{}, errors.New("want one of vkey and vkey_file")
	case k.VKey != "":
		return receipt.ParseVerifierKey(k.VKey)
	default:
		return keyfile.ReadVerifierKey(string(k.VKeyFile))
	}
}
