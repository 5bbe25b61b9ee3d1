// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cocket.example/internal/strict"
	"cocket.example/log/ingest"
)

// FuzzConfig: a configuration that is accepted names a log, its directory and its key, in full paths,
// and what it takes; one that is refused says in which file.
func FuzzConfig(f *testing.F) {
	f.Add([]byte("origin: log.example\ndir: log\nkey: log.key\nlisten: 127.0.0.1:0\nsubmitters:\n" +
		"- {name: broker.example, quota: 1.5, events: [issue], token_sha256: " + strings.Repeat("0a", 32) + "}\n"))
	f.Add([]byte("origin: log.example\ndir: /log\nkey: k\npolicy: p\nmonitors: {w: https://w.example}\n" +
		"listen: :1\nentries: any\nmin_free: 1\ninterval: 1s\n"))
	f.Add([]byte("origin: a b\nentries: all\nlisten: x\n"))
	path := filepath.Join(f.TempDir(), "log.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := loadConfig(path)
		if err != nil {
			if !strings.Contains(err.Error(), path) {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return
		}
		if _, err := ingest.ParseMode(string(c.Entries)); err != nil || strict.Name(c.Origin) != nil {
			t.Fatalf("log %q takes %q: %v", c.Origin, c.Entries, err)
		}
		for _, p := range []string{string(c.Dir), string(c.Key)} {
			if !filepath.IsAbs(p) {
				t.Fatalf("path %q", p)
			}
		}
		if len(c.submitters()) != len(c.Submitters) {
			t.Fatal("a submitter is lost")
		}
	})
}
