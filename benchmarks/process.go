// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"cocket.example/benchmarks/internal/peer"
)

// stopTime is for a process to end by itself; a log still publishes what it accepted.
const stopTime = 60 * time.Second

// process is a process that is measured. It ends with this one, however this one ends.
type process struct {
	*exec.Cmd
	events *json.Decoder
	errors tail
	ended  chan struct{}
	err    error // set when ended is closed
}

// newProcess prepares a program. When ctx ends it is asked to stop, and killed after a while.
func newProcess(ctx context.Context, program string, args ...string) *process {
	p := &process{Cmd: exec.CommandContext(ctx, program, args...), ended: make(chan struct{})}
	p.Stderr = &p.errors
	// Ctrl-C is for this program alone.
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	p.Cancel = func() error { return p.Process.Signal(syscall.SIGTERM) }
	p.WaitDelay = stopTime
	return p
}

// start starts the process and watches it.
func (p *process) start() error {
	if err := p.Start(); err != nil {
		return err
	}
	go func() {
		p.err = p.Wait()
		close(p.ended)
	}()
	return nil
}

// wait waits for the end of the process.
func (p *process) wait() error {
	<-p.ended
	if p.err != nil {
		return fmt.Errorf("%w: %s", p.err, bytes.TrimSpace(p.errors.bytes))
	}
	return nil
}

// stop asks the process to stop and waits for it.
func (p *process) stop() error {
	if err := p.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	defer time.AfterFunc(stopTime, func() { _ = p.Process.Kill() }).Stop() // it may have ended by itself
	return p.wait()
}

// kill ends the process at once, as a power cut would.
func (p *process) kill() {
	_ = p.Process.Kill() // it may have ended by itself
	<-p.ended
}

// startPeer starts this program again as one of the peers.
func startPeer(ctx context.Context, spec peer.Spec) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	in, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := newProcess(ctx, self, childArgument)
	p.Stdin, p.Stdout = bytes.NewReader(in), writer
	p.events = json.NewDecoder(reader)
	err = p.start()
	if err == nil {
		go func() {
			<-p.ended
			reader.SetReadDeadline(time.Now().Add(time.Second)) // whoever reads on waits for nothing
		}()
	}
	return p, errors.Join(err, writer.Close())
}

// next returns the next event, or why there will be none.
func (p *process) next() (e peer.Event, err error) {
	if err = p.events.Decode(&e); err == nil {
		return e, nil
	}
	if err := p.wait(); err != nil {
		return e, err
	}
	return e, io.ErrUnexpectedEOF
}

// runPeer runs a peer to its end. each sees the events on the way, if it is not nil.
func runPeer(ctx context.Context, spec peer.Spec, each func(*process, peer.Event) error) (peer.Result, error) {
	p, err := startPeer(ctx, spec)
	if err != nil {
		return peer.Result{}, err
	}
	for {
		e, err := p.next()
		if err != nil {
			return peer.Result{}, err
		}
		if e.Result != nil {
			return *e.Result, p.wait()
		}
		if each == nil {
			continue
		}
		if err := each(p, e); err != nil {
			return peer.Result{}, errors.Join(err, p.stop())
		}
	}
}

// tail keeps the end of what a process prints, for when it fails.
type tail struct{ bytes []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.bytes = append(t.bytes, b...)
	if extra := len(t.bytes) - 4096; extra > 0 {
		t.bytes = t.bytes[extra:]
	}
	return len(b), nil
}
