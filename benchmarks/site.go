// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"cocket.example/receipt"
)

const (
	origin    = "declarations-of-importation.customs.benchmark.example/log"
	startTime = 5 * time.Minute // for a server to answer: it may have a whole log to look through
)

// logKey is the key pair of a log.
type logKey struct{ secret, verifier string }

func newLogKey() (logKey, error) {
	secret, verifier, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, origin)
	return logKey{secret, verifier}, err
}

// site is a log server, and its witnesses, as an operator would set them up.
type site struct {
	dir       string
	key       logKey
	token     string
	address   string // of the log
	witnesses []receipt.Witness

	log     *process
	running []*process // witnesses
}

// newSite makes keys, configurations and the log. All witnesses together are the quorum. entries is
// what the log takes: declarations, or any.
func (b *bench) newSite(ctx context.Context, dir, entries string, witnesses int) (*site, error) {
	s := &site{dir: dir, token: rand.Text()}
	var err error
	if s.key, err = newLogKey(); err != nil {
		return nil, err
	}
	addresses, err := freeAddresses(1 + witnesses)
	if err != nil {
		return nil, err
	}
	s.address = addresses[0]
	for i, address := range addresses[1:] {
		if err := s.newWitness(fmt.Sprintf("w%d", i+1), address); err != nil {
			return nil, err
		}
	}
	if err := s.configure(entries); err != nil {
		return nil, err
	}
	for _, w := range s.witnesses {
		if err := b.initialise(ctx, "cocket-witness", s.path(w.Name+".yaml")); err != nil {
			return nil, err
		}
	}
	return s, b.initialise(ctx, "cocketd", s.path("log.yaml"))
}

// runSite makes a log of declarations in a folder of its own and starts it with its witnesses.
func (b *bench) runSite(ctx context.Context, name string, witnesses int) (*site, error) {
	dir, err := b.newDir(name)
	if err != nil {
		return nil, err
	}
	s, err := b.newSite(ctx, dir, "declarations", witnesses)
	if err != nil {
		return nil, err
	}
	if err := b.startSite(ctx, s); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) newWitness(name, address string) error {
	secret, verifier, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, "witness.example/"+name)
	if err != nil {
		return err
	}
	key, err := receipt.ParseVerifierKey(verifier)
	if err != nil {
		return err
	}
	s.witnesses = append(s.witnesses, receipt.Witness{Name: name, Key: key, URL: "http://" + address})
	config := fmt.Sprintf("listen: %s\ndir: %s\nkeys: [%s.key]\nlogs:\n  - vkey_file: log.vkey\n", address, name, name)
	return errors.Join(os.WriteFile(s.path(name+".key"), []byte(secret+"\n"), 0o600),
		os.WriteFile(s.path(name+".yaml"), []byte(config), 0o644))
}

// configure writes the files of the log.
func (s *site) configure(entries string) error {
	key, err := receipt.ParseVerifierKey(s.key.verifier)
	if err != nil {
		return err
	}
	policy := receipt.Policy{Logs: []receipt.Log{{Key: key}}, Witnesses: s.witnesses, Quorum: "none"}
	if len(s.witnesses) > 0 {
		all := receipt.Group{Name: "quorum", Threshold: len(s.witnesses)}
		for _, w := range s.witnesses {
			all.Members = append(all.Members, w.Name)
		}
		policy.Groups, policy.Quorum = []receipt.Group{all}, all.Name
	}
	config := fmt.Sprintf("origin: %s\ndir: log\nkey: log.key\npolicy: policy\nlisten: %s\nentries: %s\n"+
		"submitters:\n  - name: %s\n    token_sha256: \"%x\"\n",
		origin, s.address, entries, submitter(), sha256.Sum256([]byte(s.token)))
	return errors.Join(
		os.WriteFile(s.path("log.key"), []byte(s.key.secret+"\n"), 0o600),
		os.WriteFile(s.path("log.vkey"), []byte(s.key.verifier+"\n"), 0o644),
		os.WriteFile(s.path("policy"), []byte(policy.String()), 0o644),
		os.WriteFile(s.path("log.yaml"), []byte(config), 0o644))
}

func (b *bench) initialise(ctx context.Context, name, config string) error {
	program, err := b.program(ctx, name)
	if err != nil {
		return err
	}
	p := newProcess(ctx, program, "init", "--config", config)
	if err := p.start(); err != nil {
		return err
	}
	if err := p.wait(); err != nil {
		return fmt.Errorf("%s init: %w", name, err)
	}
	return nil
}

// startSite starts the witnesses and the log, and waits until the log answers.
func (b *bench) startSite(ctx context.Context, s *site) error {
	for _, w := range s.witnesses {
		p, err := b.startServer(ctx, "cocket-witness", s.path(w.Name+".yaml"))
		if err != nil {
			return err
		}
		s.running = append(s.running, p)
	}
	return b.startLog(ctx, s)
}

func (b *bench) startServer(ctx context.Context, name, config string) (*process, error) {
	program, err := b.program(ctx, name)
	if err != nil {
		return nil, err
	}
	p := newProcess(ctx, program, "--config", config)
	return p, p.start()
}

// startLog starts the log server and waits until it answers.
func (b *bench) startLog(ctx context.Context, s *site) error {
	var err error
	if s.log, err = b.startServer(ctx, "cocketd", s.path("log.yaml")); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/metadata", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			return resp.Body.Close()
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-s.log.ended:
			return fmt.Errorf("the log server: %w", errors.Join(s.log.wait(), errors.New("ended early")))
		case <-ctx.Done():
			return fmt.Errorf("the log server does not answer: %w", ctx.Err())
		}
	}
}

// stop ends the servers, the log first, so that it can still publish what it accepted.
func (s *site) stop() (err error) {
	for _, p := range append([]*process{s.log}, s.running...) {
		if p != nil {
			err = errors.Join(err, p.stop())
		}
	}
	s.log, s.running = nil, nil
	return err
}

// freeAddresses finds ports of loopback that nobody uses at the moment.
func freeAddresses(n int) ([]string, error) {
	addresses := make([]string, n)
	for i := range addresses {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		addresses[i] = l.Addr().String()
	}
	return addresses, nil
}
