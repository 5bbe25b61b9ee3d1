// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"crypto/rand"
	"crypto/sha256"

	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/receipt"
)

const (
	startTime = 20 * time.Second // for a server to answer
	stopTime  = 20 * time.Second // for a server to drain
)

// Site is a log and its witnesses: their keys, configurations and processes.
type Site struct {
	Dir, Bin string
	LogURL   string
	Token    string
	Policy   receipt.Policy
	LogVKey  string

	log       *exec.Cmd
	witnesses []*exec.Cmd
}

// Prepare makes the keys, the token and the log, if they are not there yet, and writes the
// configurations with addresses that are free now.
func Prepare(dir, bin string) (*Site, error) {
	s := &Site{Dir: dir, Bin: bin}
	for _, program := range []string{"cocketd", "cocket-witness"} {
		if _, err := os.Stat(filepath.Join(bin, program)); err != nil {
			return nil, fmt.Errorf("%s is not beside this program: build all three with make build: %w", program, err)
		}
	}
	var err error
	if s.Token, err = s.secret("token", rand.Text); err != nil {
		return nil, err
	}
	logKey, err := s.key("log", receipt.Ed25519, origin)
	if err != nil {
		return nil, err
	}
	s.LogVKey = logKey.String()
	addresses, err := freeAddresses(1 + witnesses)
	if err != nil {
		return nil, err
	}
	s.LogURL = "http://" + addresses[0]
	s.Policy.Logs = []receipt.Log{{Key: logKey}}
	group := receipt.Group{Name: "witnesses", Threshold: witnesses/2 + 1}
	for i, address := range addresses[1:] {
		name := fmt.Sprintf("w%d", i+1)
		key, err := s.key(name, receipt.Cosignature, "witness.example/"+name)
		if err != nil {
			return nil, err
		}
		s.Policy.Witnesses = append(s.Policy.Witnesses, receipt.Witness{Name: name, Key: key, URL: "http://" + address})
		group.Members = append(group.Members, name)
	}
	s.Policy.Groups, s.Policy.Quorum = []receipt.Group{group}, group.Name
	return s, errors.Join(s.configure(addresses), s.create())
}

func (s *Site) path(name string) string { return filepath.Join(s.Dir, name) }

// secret reads a secret file, or makes it.
func (s *Site) secret(name string, generate func() string) (string, error) {
	secret, err := keyfile.Read(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		secret = generate()
		err = keyfile.Write(s.path(name), secret)
	}
	return secret, err
}

// key makes a key pair, or reads the one that is there.
func (s *Site) key(name string, typ receipt.KeyType, keyName string) (receipt.VerifierKey, error) {
	vkey, err := os.ReadFile(s.path(name + ".vkey"))
	if errors.Is(err, fs.ErrNotExist) {
		skey, vkey, err := receipt.GenerateKey(rand.Reader, typ, keyName)
		if err != nil {
			return receipt.VerifierKey{}, err
		}
		if err := errors.Join(keyfile.Write(s.path(name+".key"), skey),
			os.WriteFile(s.path(name+".vkey"), []byte(vkey+"\n"), 0o644)); err != nil {
			return receipt.VerifierKey{}, err
		}
		return receipt.ParseVerifierKey(vkey)
	}
	if err != nil {
		return receipt.VerifierKey{}, err
	}
	return receipt.ParseVerifierKey(strings.TrimSpace(string(vkey)))
}

// configure writes the policy and the configuration of each server.
func (s *Site) configure(addresses []string) error {
	sum := sha256.Sum256([]byte(s.Token))
	logConfig := fmt.Sprintf("origin: %s\ndir: log\nkey: log.key\npolicy: policy\nlisten: %s\n"+
		"submitters:\n  - name: %s\n    token_sha256: \"%x\"\n", origin, addresses[0], submitter, sum)
	err := errors.Join(
		os.WriteFile(s.path("policy"), []byte(s.Policy.String()), 0o644),
		os.WriteFile(s.path("log.yaml"), []byte(logConfig), 0o644),
	)
	for i, w := range s.Policy.Witnesses {
		config := fmt.Sprintf("listen: %s\ndir: %s\nkeys: [%s.key]\nlogs:\n  - vkey_file: log.vkey\n",
			addresses[i+1], w.Name, w.Name)
		err = errors.Join(err, os.WriteFile(s.path(w.Name+".yaml"), []byte(config), 0o644))
	}
	return err
}

// create runs init where it was not run yet.
func (s *Site) create() error {
	if err := s.init("log", "cocketd", "log.yaml"); err != nil {
		return err
	}
	for _, w := range s.Policy.Witnesses {
		if err := s.init(w.Name, "cocket-witness", w.Name+".yaml"); err != nil {
			return err
		}
	}
	return nil
}

func (s *Site) init(dir, program, config string) error {
	if _, err := os.Stat(s.path(dir)); err == nil {
		return nil
	}
	out, err := exec.Command(filepath.Join(s.Bin, program), "init", "--config", s.path(config)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s init: %w: %s", program, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Start starts the witnesses and the log, and waits until the log answers.
func (s *Site) Start(ctx context.Context) error {
	for _, w := range s.Policy.Witnesses {
		cmd, err := s.process("cocket-witness", w.Name)
		if err != nil {
			return err
		}
		s.witnesses = append(s.witnesses, cmd)
	}
	return s.StartLog(ctx)
}

// StartLog starts the log server and waits until it answers.
func (s *Site) StartLog(ctx context.Context) error {
	var err error
	if s.log, err = s.process("cocketd", "log"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.LogURL+"/metadata", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("the log server does not answer; see %s: %w", s.path("log.out"), ctx.Err())
		}
	}
}

// KillLog kills the log server at once, as a power cut would end it.
func (s *Site) KillLog() error {
	err := s.log.Process.Kill()
	s.log.Wait() // reports the kill
	s.log = nil
	return err
}

// process starts a server; what it prints goes to <name>.out.
func (s *Site) process(program, name string) (*exec.Cmd, error) {
	out, err := os.OpenFile(s.path(name+".out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(filepath.Join(s.Bin, program), "--config", s.path(name+".yaml"))
	cmd.Stdout, cmd.Stderr = out, out
	// A server ends with the demonstration, however that ends; Ctrl-C is for the demonstration alone.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	return cmd, cmd.Start()
}

// Stop ends the servers, the log first, so that it can still publish what it accepted.
func (s *Site) Stop() error {
	var errs []error
	for _, cmd := range append([]*exec.Cmd{s.log}, s.witnesses...) {
		if cmd == nil {
			continue
		}
		errs = append(errs, cmd.Process.Signal(syscall.SIGTERM))
		timer := time.AfterFunc(stopTime, func() { cmd.Process.Kill() })
		if err := cmd.Wait(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", filepath.Base(cmd.Path), err))
		}
		timer.Stop()
	}
	s.log, s.witnesses = nil, nil
	return errors.Join(errs...)
}

// freeAddresses finds ports of the loopback interface that nobody uses at the moment.
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
