// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"

	"cocket.example/internal/soak"
	"cocket.example/internal/tile"
	"cocket.example/log/local"
	"cocket.example/log/storagetest"
	"cocket.example/receipt"
)

const (
	diskFull = 100 * time.Millisecond
	diskRoom = 5 * time.Second
	patience = 30 * time.Second // where time is not what is tried
)

// TestFullDisk fills the disk of a running server at random points of its work: it answers 503, reads
// go on, it takes entries again when there is room, and in the end nothing is torn or lost.
func TestFullDisk(t *testing.T) {
	d := &disk{t: t, mount: mountDisk(t), entries: make(map[uint64][]byte)}
	d.start()
	rounds := soak.Rounds(3, 100)
	var full, room time.Duration // the longest
	for range rounds {
		var load sync.WaitGroup
		loading, stop := context.WithCancel(t.Context())
		for range 2 {
			load.Go(func() { d.load(loading) })
		}
		time.Sleep(rand.N(300 * time.Millisecond)) // the moment is what is tried
		d.fill()
		full = max(full, d.until(http.StatusServiceUnavailable))
		d.reads()
		if err := os.Remove(d.fillFile()); err != nil {
			t.Fatal(err)
		}
		room = max(room, d.until(http.StatusOK))
		stop()
		load.Wait()
	}
	if soak.Rounds(0, 1) > 0 && (full > diskFull || room > diskRoom) {
		t.Errorf("503 after %s, want %s; room was used after %s, want %s", full, diskFull, room, diskRoom)
	}
	d.stop()
	d.check()
	t.Logf("%d rounds, %d entries; the slowest 503 after %s, the slowest entry after %s",
		rounds, len(d.entries), full, room)
}

// disk is a server whose log lies on a disk of its own.
type disk struct {
	t       *testing.T
	mount   string
	url     string
	command *exec.Cmd
	out     bytes.Buffer

	mu      sync.Mutex
	entries map[uint64][]byte // acknowledged, by index
	made    int
}

const diskToken = "token"

func (d *disk) fillFile() string { return filepath.Join(d.mount, "fill") }

// start creates the log and runs the server.
func (d *disk) start() {
	d.t.Helper()
	dir := d.t.TempDir()
	config := filepath.Join(dir, "log.yaml")
	skey, _, err := note.GenerateKey(crand.Reader, "customs.example/log")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "log.key"), []byte(skey+"\n"), 0o600)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	text := fmt.Sprintf("origin: customs.example/log\ndir: %s\nkey: log.key\nlisten: 127.0.0.1:0\naddr_file: addr\n"+
		"entries: any\ninterval: 20ms\nmin_free: %d\nreserve: %d\n"+
		"submitters:\n  - name: broker.example\n    token_sha256: \"%x\"\n",
		filepath.Join(d.mount, "log"), 4<<20, 2<<20, sha256.Sum256([]byte(diskToken)))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	if out, err := exec.Command("cocketd", "init", "--config", config).CombinedOutput(); err != nil {
		d.t.Fatalf("init: %v %s", err, out)
	}
	d.command = exec.Command("cocketd", "--config", config)
	d.command.Stdout, d.command.Stderr = &d.out, &d.out
	if err := d.command.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { d.command.Process.Kill() })
	d.url = "http://" + awaitFile(d.t, filepath.Join(dir, "addr"))
	d.until(http.StatusOK)
	for range 500 {
		_, checkpoint := d.get("/checkpoint")
		if cp, _, err := receipt.ParseCheckpoint(checkpoint); err == nil && cp.Size > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond) // nobody is told of the first checkpoint
	}
	d.t.Fatal("no checkpoint with an entry within 5 s")
}

// stop lets the server drain.
func (d *disk) stop() {
	d.t.Helper()
	err := d.command.Process.Signal(syscall.SIGTERM)
	if err = errors.Join(err, d.command.Wait()); err != nil {
		d.t.Fatalf("%v\n%s", err, d.out.String())
	}
}

// load adds entries until ctx ends.
func (d *disk) load(ctx context.Context) {
	for ctx.Err() == nil {
		status, err := d.add(ctx)
		if ctx.Err() == nil && (err != nil || status != http.StatusOK && status != http.StatusServiceUnavailable) {
			d.t.Errorf("status %d, %v, want 200 or 503", status, err)
			return
		}
	}
}

// add adds an entry; an index that is acknowledged is remembered.
func (d *disk) add(ctx context.Context) (status int, err error) {
	d.mu.Lock()
	d.made++
	entry := bytes.Repeat(fmt.Appendf(nil, "entry %d ", d.made), 40)
	d.mu.Unlock()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+"/add", bytes.NewReader(entry))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+diskToken)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return res.StatusCode, err
	}
	index, err := strconv.ParseUint(strings.TrimSpace(string(body)), 10, 64)
	if err != nil {
		return res.StatusCode, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if before, ok := d.entries[index]; ok {
		d.t.Errorf("index %d was given to %.10q… and to %.10q…", index, before, entry)
	}
	d.entries[index] = entry
	return res.StatusCode, nil
}

// until adds entries until one is answered with this status, and returns how long that took.
func (d *disk) until(want int) time.Duration {
	d.t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	for {
		status, err := d.add(ctx)
		if err != nil {
			d.t.Fatalf("no status %d within %s: %v\n%s", want, patience, err, d.out.String())
		}
		if status == want {
			return time.Since(began)
		}
	}
}

// reads reads the checkpoint, and a tile and a bundle of its tree.
func (d *disk) reads() {
	d.t.Helper()
	status, checkpoint := d.get("/checkpoint")
	cp, _, err := receipt.ParseCheckpoint(checkpoint)
	if err != nil {
		d.t.Errorf("the checkpoint on a full disk: status %d, %v", status, err)
		return
	}
	width := tile.WidthAt(0, 0, cp.Size)
	for _, ref := range []tile.Ref{{Width: width}, {Entries: true, Width: width}} {
		if status, b := d.get("/" + ref.Path()); status != http.StatusOK || len(b) == 0 {
			d.t.Errorf("%s on a full disk: status %d", ref.Path(), status)
		}
	}
}

func (d *disk) get(path string) (status int, body []byte) {
	d.t.Helper()
	res, err := http.Get(d.url + path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return res.StatusCode, body
}

// fill takes all room on the disk.
func (d *disk) fill() {
	d.t.Helper()
	f, err := os.Create(d.fillFile())
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	at := int64(0)
	for step := int64(diskSize); step >= 4096; {
		switch err := unix.Fallocate(int(f.Fd()), 0, at, step); err {
		case nil:
			at += step
		case unix.ENOSPC:
			step /= 2
		default:
			d.t.Fatal(err)
		}
	}
}

// check reads a copy of the whole log, so that the disk is free to go. Every acknowledged entry must
// be in it.
func (d *disk) check() {
	d.t.Helper()
	dir := filepath.Join(d.t.TempDir(), "log")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(d.mount, "log"))); err != nil {
		d.t.Fatal(err)
	}
	s, err := local.Open(d.t.Context(), local.Config{FS: local.Dir(dir), MinFree: 1, Reserve: 1})
	if err != nil {
		d.t.Fatal(err)
	}
	defer s.Close()
	if err := storagetest.Check(d.t.Context(), s); err != nil {
		d.t.Error(err)
	}
	tree, err := s.Tree(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	for index, entry := range d.entries {
		leaf, err := tile.ReadLeaf(d.t.Context(), s, index, tree.Size)
		if err != nil || string(leaf[:]) != string(rfc6962.DefaultHasher.HashLeaf(entry)) {
			d.t.Errorf("entry %d is not in the log of %d: %v", index, tree.Size, err)
		}
	}
}
