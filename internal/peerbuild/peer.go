// SPDX-License-Identifier: Apache-2.0

package peerbuild

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"cocket.example/internal/strict"
)

// Config of a witness to be started.
type Config struct {
	Dir  string   // exists; for its database
	Name string   // of its Ed25519 key, which is made for it
	Logs []string // verifier keys of the logs that it is to know
}

// Peer is a witness that runs in a process of its own.
type Peer struct {
	URL  string // submission prefix, on loopback
	VKey string // of its cosignatures, type 0x04

	path, log string
	args      []string // of the program
	address   string   // that it listens on
	process   *exec.Cmd
	ended     chan struct{} // closed when the process has ended
	agent     *agentServer  // of litewitness; else nil
}

// starting is how long a program may take until it listens.
const starting = 20 * time.Second

// Kill ends the process at once, as kill -9 does, and waits for its end.
func (p *Peer) Kill() {
	_ = p.process.Process.Kill() // it may have ended by itself
	<-p.ended
}

// Restart starts the program once more, with the same state, key and address. Before, it must have
// been killed.
func (p *Peer) Restart(ctx context.Context) error { return p.run(ctx) }

// Close ends the process and what serves it.
func (p *Peer) Close() error {
	p.Kill()
	if p.agent != nil {
		return p.agent.close()
	}
	return nil
}

// start builds the program and starts it on a free address.
func (p *Peer) start(ctx context.Context, name string, c Config, args func(address string) []string) error {
	var err error
	if p.path, err = Build(ctx, name); err != nil {
		return err
	}
	if p.address, err = freeAddress(); err != nil {
		return err
	}
	p.URL, p.log, p.args = "http://"+p.address, filepath.Join(c.Dir, name+".log"), args(p.address)
	return p.run(ctx)
}

// run starts the process and waits until it listens. The context bounds the start alone.
func (p *Peer) run(ctx context.Context) error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	p.process, p.ended = exec.Command(p.path, p.args...), make(chan struct{})
	p.process.Stdout, p.process.Stderr = log, log
	if err := p.process.Start(); err != nil {
		return err
	}
	go func(process *exec.Cmd, ended chan struct{}) { // ends with the process, which Kill and Close end
		_ = process.Wait()
		close(ended)
	}(p.process, p.ended)
	ctx, cancel := context.WithTimeout(ctx, starting)
	defer cancel()
	if err := p.await(ctx); err != nil {
		p.Kill()
		tail, _ := os.ReadFile(p.log)
		return fmt.Errorf("%s: %w: %s", filepath.Base(p.path), err, tail[max(0, len(tail)-1000):])
	}
	return nil
}

// await waits until somebody listens, and it can only be the process.
func (p *Peer) await(ctx context.Context) error {
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.address)
		if err == nil {
			err = conn.Close()
		}
		select {
		case <-p.ended:
			return errors.New("ended before it listened")
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
		if err == nil {
			return nil
		}
	}
}

// freeAddress is one that was free a moment ago: neither program says which port it was given.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// newKey makes a cosignature key of type 0x04.
func newKey(name string) (ed25519.PrivateKey, strict.Key, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, strict.Key{}, err
	}
	key, err := strict.NewKey(name, strict.Cosignature, public)
	return private, key, err
}
