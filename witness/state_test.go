// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

func TestCreateState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "witness.db")
	if _, err := OpenState(path); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("opening a database that does not exist: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("opening has made a database: %v", err)
	}
	if err := os.WriteFile(path+".new", []byte("left by a crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := CreateState(path); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := CreateState(path); err == nil {
		t.Error("created a second time")
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the second creation has changed the database: %v", err)
	}
	if left, _ := filepath.Glob(path + "?*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestOpenRefuses shows each kind of file that is not opened.
func TestOpenRefuses(t *testing.T) {
	put := func(bucket []byte, key, value string) func(*bolt.Tx) error {
		return func(tx *bolt.Tx) error { return tx.Bucket(bucket).Put([]byte(key), []byte(value)) }
	}
	for want, spoil := range map[string]func(*bolt.Tx) error{
		`format "cocket-witness/3" is not known`: put(metaBucket, "format", "cocket-witness/3"),
		`format "" is not known`: func(tx *bolt.Tx) error {
			return tx.Bucket(metaBucket).Delete(formatKey)
		},
		"not the database of a witness":    func(tx *bolt.Tx) error { return tx.DeleteBucket(metaBucket) },
		"a bucket is missing":              func(tx *bolt.Tx) error { return tx.DeleteBucket(latestBucket) },
		`record of "log.example/a" has 3`:  put(latestBucket, "log.example/a", "abc"),
		`record of "log.example/a": `:      put(latestBucket, "log.example/a", "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00x"),
		`record of "log.example/a" has no`: put(latestBucket, "log.example/a", string(make([]byte, 16))),
		"it has no identity":               put(metaBucket, "id", "short"),
		"position in the journal has 3":    put(metaBucket, "absorbed", "abc"),
		"is that of an earlier version":    put(metaBucket, "format", "cocket-witness/1"),
	} {
		t.Run(want, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "witness.db")
			if err := files(path).Create(); err != nil {
				t.Fatal(err)
			}
			db, err := bolt.Open(path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Update(spoil), db.Close()); err != nil {
				t.Fatal(err)
			}
			wantOpenError(t, path, want)
		})
	}
	t.Run("no database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "witness.db")
		if err := os.WriteFile(path, bytes.Repeat([]byte("text\n"), 10000), 0o600); err != nil {
			t.Fatal(err)
		}
		wantOpenError(t, path, "invalid database")
	})
	t.Run("empty file", func(t *testing.T) { // which bbolt would fill
		path := filepath.Join(t.TempDir(), "witness.db")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		wantOpenError(t, path, "not the database of a witness")
	})
	t.Run("in use", func(t *testing.T) {
		wantOpenError(t, newRig(t).path, "timeout")
	})
}

func wantOpenError(t *testing.T, path, want string) {
	t.Helper()
	state, err := OpenState(path)
	if err == nil {
		_ = state.Close()
	}
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want one with %q and the path", err, want)
	}
}
