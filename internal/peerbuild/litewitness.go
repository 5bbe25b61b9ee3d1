// SPDX-License-Identifier: Apache-2.0

package peerbuild

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// StartLitewitness starts a litewitness (filippo.io/torchwood). Its key is held by an ssh-agent here.
func StartLitewitness(ctx context.Context, c Config) (*Peer, error) {
	db := filepath.Join(c.Dir, "litewitness.db")
	if err := addLogs(ctx, db, c.Logs); err != nil {
		return nil, err
	}
	private, key, err := newKey(c.Name)
	if err != nil {
		return nil, err
	}
	public, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		return nil, err
	}
	a, err := serveAgent(private)
	if err != nil {
		return nil, err
	}
	p := &Peer{VKey: key.String(), agent: a}
	err = p.start(ctx, "litewitness", c, func(address string) []string {
		return []string{"-name", c.Name, "-db", db, "-listen", address, "-ssh-agent", a.listener.Addr().String(),
			"-key", ssh.FingerprintSHA256(public)}
	})
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	return p, nil
}

func addLogs(ctx context.Context, db string, vkeys []string) error {
	path, err := Build(ctx, "addlogs")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, db)
	cmd.Stdin = strings.NewReader(strings.Join(vkeys, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("addlogs: %w: %.1000s", err, out)
	}
	return nil
}

// agentServer is an ssh-agent with one key, on a socket in a folder of its own: the path of a socket
// must be short.
type agentServer struct {
	dir      string
	listener net.Listener
	keys     agent.Agent
	all      sync.WaitGroup // the goroutines that close ends

	mu    sync.Mutex
	conns []net.Conn // nil after close
	ended bool
}

func serveAgent(key ed25519.PrivateKey) (*agentServer, error) {
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "agent")
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	a := &agentServer{dir: dir, listener: l, keys: keys}
	a.all.Go(a.accept)
	return a, nil
}

func (a *agentServer) accept() {
	for {
		conn, err := a.listener.Accept()
		if err != nil || !a.hold(conn) {
			return
		}
		a.all.Go(func() {
			_ = agent.ServeAgent(a.keys, conn) // until the other end, or close, closes it
			_ = conn.Close()
		})
	}
}

// hold remembers a connection for close, unless that has been.
func (a *agentServer) hold(conn net.Conn) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended {
		_ = conn.Close()
		return false
	}
	a.conns = append(a.conns, conn)
	return true
}

func (a *agentServer) close() error {
	err := a.listener.Close()
	a.mu.Lock()
	a.ended = true
	for _, conn := range a.conns {
		_ = conn.Close() // it may be closed already
	}
	a.mu.Unlock()
	a.all.Wait()
	return errors.Join(err, os.RemoveAll(a.dir))
}
