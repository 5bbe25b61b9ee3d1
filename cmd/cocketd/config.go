// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cocket.example/cmd/internal/config"
	"cocket.example/cmd/internal/server"
	"cocket.example/declaration"
	"cocket.example/internal/strict"
	"cocket.example/log/ingest"
	"cocket.example/log/local"
	"cocket.example/log/serve"
	"go.yaml.in/yaml/v3"
)

// Config is the configuration file. Its paths are relative to the folder of the file.
type Config struct {
	server.Config `yaml:",inline"`

	// Origin is the name of the log, the first line of its checkpoints. By custom it is the
	// address below which it is read, without scheme and slash at the end: customs.example/log.
	Origin string `yaml:"origin"`
	// Dir is the directory of the log, which "cocketd init" makes.
	Dir config.Path `yaml:"dir"`
	// Key is the file of the log's signing key, made by "cocket keygen --type log". Its name is
	// the origin.
	Key config.Path `yaml:"key"`
	// Keys are the files in place of Key, where the log has several: one of Ed25519 and one of
	// ML-DSA-44 ("cocket keygen --type log --algorithm ml-dsa-44"), which both sign every checkpoint.
	Keys []config.Path `yaml:"keys"`
	// Policy is a c2sp.org/tlog-policy file with this log's keys, its witnesses with their URLs,
	// and the quorum without which nothing is published. Absent: no witnesses, quorum none.
	Policy config.Path `yaml:"policy"`
	// Monitors are the monitoring prefixes of witnesses, by the policy's names for them. They are
	// asked at the start what they hold of this log.
	Monitors map[string]string `yaml:"monitors"`
	// Interval is the time between checkpoints when there is something new. Default 200ms.
	Interval config.Duration `yaml:"interval"`
	// Heartbeat is the time after which an unchanged tree is signed and cosigned again. Default 10m.
	Heartbeat config.Duration `yaml:"heartbeat"`
	// MinFree is how many bytes stay free on the disk of Dir: below that nothing is taken, and
	// everything is read. Default 67108864 (64 MiB).
	MinFree uint64 `yaml:"min_free"`
	// Reserve is the size in bytes of a file that is given up on a full disk, to finish what was
	// taken. Default 16777216 (16 MiB).
	Reserve uint64 `yaml:"reserve"`
	// KeepAll is how long every published checkpoint is kept, for receipts that say when an entry was
	// on file as exactly as can be; of older ones the first of each minute is kept for ever. Default,
	// and least, 1h.
	KeepAll config.Duration `yaml:"keep_all"`
	// Entries is what the log takes: declarations (the default), or any bytes. It is fixed when
	// the log is created.
	Entries ingest.Mode `yaml:"entries"`
	// Submitters are those who may append. Without any the log is for reading only.
	Submitters []Submitter `yaml:"submitters"`
}

// Submitter is one who may append, by one token. Whoever has two tokens stands in the list twice.
type Submitter struct {
	// Name is the submitter line of the declarations that he may append.
	Name string `yaml:"name"`
	// TokenSHA256 is the SHA-256 of his bearer token in 64 hexadecimal digits; "cocket token"
	// makes both.
	TokenSHA256 Hash `yaml:"token_sha256"`
	// VKey is his verifier key. If it is given, a signed line must verify under it.
	VKey string `yaml:"vkey"`
	// Events that he may append, such as issue and amend. Absent: all.
	Events []string `yaml:"events"`
	// Profiles that he may use, such as usmca/1. Absent: all.
	Profiles []string `yaml:"profiles"`
	// Quota is how many entries a second he may append on average. Absent or 0: no quota.
	Quota float64 `yaml:"quota"`
}

// Hash is 32 bytes, written as 64 lowercase hexadecimal digits.
type Hash [32]byte

// UnmarshalYAML names the line of a hash that is none, and does not repeat it: it may be a token.
func (h *Hash) UnmarshalYAML(node *yaml.Node) error {
	parsed, err := strict.HexHash(node.Value)
	if err != nil {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %v", node.Line, err)}}
	}
	*h = parsed
	return nil
}

// loadConfig reads and checks the configuration file.
func loadConfig(path string) (Config, error) {
	c := Config{Entries: ingest.Declarations}
	if err := config.Load(path, &c); err != nil {
		return c, err
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func (c Config) check() error {
	if err := c.Config.Check(); err != nil {
		return err
	}
	if err := strict.Name(c.Origin); err != nil {
		return fmt.Errorf("origin: %w", err)
	}
	if c.Dir == "" {
		return errors.New("dir: missing: want the directory of the log")
	}
	switch {
	case c.Key == "" && len(c.Keys) == 0:
		return errors.New(`key: missing: want the file of the log's key, from "cocket keygen --type log"`)
	case c.Key != "" && len(c.Keys) > 0:
		return errors.New("key: want key or keys, not both")
	}
	if keep := time.Duration(c.KeepAll); keep != 0 && keep < time.Hour {
		return fmt.Errorf("keep_all: %v, want at least 1h", keep)
	}
	if _, err := ingest.ParseMode(string(c.Entries)); err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	if len(c.Monitors) > 0 && c.Policy == "" {
		return errors.New("monitors: want a policy, which names the witnesses")
	}
	return nil
}

// keyFiles returns the files of the log's keys, and how the configuration names each.
func (c Config) keyFiles() (names, paths []string) {
	if c.Key != "" {
		return []string{"key"}, []string{string(c.Key)}
	}
	for i, path := range c.Keys {
		names, paths = append(names, fmt.Sprintf("keys[%d]", i)), append(paths, string(path))
	}
	return names, paths
}

// storage returns the configuration of the log's directory. A nil logger discards.
func (c Config) storage(logger *slog.Logger) local.Config {
	return local.Config{
		FS: local.Dir(string(c.Dir)), MinFree: c.MinFree, Reserve: c.Reserve,
		KeepAll: time.Duration(c.KeepAll), Logger: logger,
	}
}

// submitters returns the list as the write path wants it.
func (c Config) submitters() []ingest.Submitter {
	list := make([]ingest.Submitter, len(c.Submitters))
	for i, s := range c.Submitters {
		list[i] = ingest.Submitter{
			Name: s.Name, TokenSHA256: s.TokenSHA256, VKey: s.VKey,
			Events: s.Events, Profiles: s.Profiles, Quota: s.Quota,
		}
	}
	return list
}

// metadata is what readers are told of the configuration.
func (c Config) metadata() serve.Metadata {
	return serve.Metadata{
		Entries:  string(c.Entries),
		Profiles: declaration.Profiles(),
		Limits: serve.Limits{
			EntryBytes:   c.Entries.MaxEntry(),
			BatchEntries: ingest.MaxBatch,
			BatchBytes:   ingest.MaxBatchBytes,
			WaitSeconds:  60,
		},
	}
}
