// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// copyLog copies those files of a log's directory that keep is true for, by their paths inside it.
// What a file was preallocated with stays a hole. A file that the log removes meanwhile is passed over.
func copyLog(t *testing.T, from, to string, keep func(name string) bool) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(from, path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && path != from:
			return nil
		case err != nil || d.IsDir() && !keep(name+"/"):
			return err
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		case !keep(name):
			return nil
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		into := filepath.Join(to, name)
		if err := os.WriteFile(into, bytes.TrimRight(b, "\x00"), 0o644); err != nil {
			return err
		}
		return os.Truncate(into, int64(len(b)))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func everything(string) bool { return true }

// onlyWAL and notWAL tell the write-ahead log from the rest.
func onlyWAL(name string) bool { return name == "./" || strings.HasPrefix(name, "wal/") }

func notWAL(name string) bool { return !strings.HasPrefix(name, "wal/") || name == "wal/" }

// flipFile flips a random bit in a random file below a path of a log's directory, and returns the
// file's name; none if there is no file with anything in it.
func flipFile(t *testing.T, random *rand.Rand, dir, below string) string {
	t.Helper()
	var names []string
	_ = filepath.WalkDir(filepath.Join(dir, below), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return nil // a file may go while the log runs
	})
	for _, i := range random.Perm(len(names)) {
		b, err := os.ReadFile(names[i])
		used := len(bytes.TrimRight(b, "\x00"))
		if err != nil || used == 0 {
			continue
		}
		f, err := os.OpenFile(names[i], os.O_WRONLY, 0)
		if err != nil {
			continue
		}
		at := random.IntN(used)
		_, err = f.WriteAt([]byte{b[at] ^ 1<<random.IntN(8)}, int64(at))
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		return names[i]
	}
	return ""
}
