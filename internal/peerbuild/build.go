// SPDX-License-Identifier: Apache-2.0

// Package peerbuild builds and starts the witnesses of other projects, for tests and benchmarks that
// meet them: litewitness and omniwitness, at the versions that internal/peers/go.mod names. That module
// is apart, so that nothing which they need stands in go.mod of this project. They are built without
// cgo, and once: what was built is kept in the user's cache.
package peerbuild

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// packages are what can be built.
var packages = map[string]string{
	"litewitness": "filippo.io/torchwood/cmd/litewitness",
	"omniwitness": "github.com/transparency-dev/witness/cmd/omniwitness",
	"addlogs":     "./addlogs",
}

// Build returns the path of the program litewitness, omniwitness or addlogs. The first call of all
// builds it, which takes a minute; it must be made somewhere inside this project.
func Build(ctx context.Context, name string) (path string, err error) {
	pkg, ok := packages[name]
	if !ok {
		return "", fmt.Errorf("no peer is called %q", name)
	}
	module, err := moduleDir(ctx)
	if err != nil {
		return "", err
	}
	cache, err := cacheDir(module)
	if err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(cache, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	path = filepath.Join(cache, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, build(ctx, module, pkg, path)
}

func build(ctx context.Context, module, pkg, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path+".new", pkg)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w: %.2000s", pkg, err, out)
	}
	return os.Rename(path+".new", path)
}

// moduleDir is the folder of internal/peers.
func moduleDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "cocket.example").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m cocket.example: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "internal", "peers"), nil
}

// cacheDir is a folder for what is built of just these sources.
func cacheDir(module string) (string, error) {
	hash := sha256.New()
	for _, name := range []string{"go.mod", "go.sum", "addlogs/main.go"} {
		b, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", err
		}
		hash.Write(b)
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(user, "cocket-peers", hex.EncodeToString(hash.Sum(nil)[:8]))
	return dir, os.MkdirAll(dir, 0o755)
}

// lock keeps two processes from building the same. The lock ends with the process.
func lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}
