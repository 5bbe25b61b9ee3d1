// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"cocket.example/benchmarks/internal/peer"
	"cocket.example/declaration"
)

// betweenCheckpoints is the log's interval. A person who comes after a random part of it comes at any time
// between two checkpoints, and not always right after one, as a loop would.
const betweenCheckpoints = 200 * time.Millisecond

// measurePerson lets somebody file certificates of origin one after the other with "cocket submit", each time
// waiting for the cosigned receipt: from the start of the process to its end.
func measurePerson(ctx context.Context, b *bench) (r results, err error) {
	s, err := b.runSite(ctx, "person", receiptWitnesses)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	p, err := b.newPerson(ctx, s)
	if err != nil {
		return r, err
	}
	n := full(b, 200, 50)
	quiet, err := p.fileAll(ctx, n)
	if err != nil {
		return r, err
	}
	b.say("%d certificates: %v", n, quiet)
	quiet.add(&r, "submit_wait_p50_s")
	if !b.wants("submit_wait_busy_p50_s") {
		return r, nil
	}
	busy, err := p.fileAllBeside(ctx, n)
	if err != nil {
		return r, err
	}
	b.say("beside %d entries/s: %v", receiptRate, busy)
	busy.add(&r, "submit_wait_busy_p50_s")
	return r, nil
}

// person files certificates with the program.
type person struct {
	bench   *bench
	site    *site
	program string
	files   int
}

func (b *bench) newPerson(ctx context.Context, s *site) (*person, error) {
	program, err := b.program(ctx, "cocket")
	if err != nil {
		return nil, err
	}
	p := &person{bench: b, site: s, program: program}
	return p, os.WriteFile(s.path("token"), []byte(s.token+"\n"), 0o600)
}

// times are in seconds.
type times struct {
	file  []float64 // from the start of cocket submit to its end
	empty []float64 // of starting the program and making a file durable, and nothing else
}

func (t times) String() string {
	return fmt.Sprintf("p50 %.3f s, p99 %.3f s", median(t.file), percentile(t.file, 0.99))
}

func (t times) add(r *results, name string) {
	r.add(name, median(t.file), map[string]float64{
		"p99_s": percentile(t.file, 0.99), "max_s": percentile(t.file, 1), "empty_p50_s": median(t.empty),
		"certificates": float64(len(t.file)),
	})
}

// fileAll files n certificates, and after each starts the program for nothing.
func (p *person) fileAll(ctx context.Context, n int) (t times, err error) {
	for i := range n + 1 {
		opening, err := p.seal()
		if err != nil {
			return t, err
		}
		peer.Pause(ctx, mathrand.N(betweenCheckpoints))
		file, err := p.file(ctx, opening)
		if err != nil {
			return t, err
		}
		empty, err := p.start(ctx)
		if err != nil {
			return t, err
		}
		if i > 0 { // the first fills the caches
			t.file, t.empty = append(t.file, file), append(t.empty, empty)
		}
	}
	return t, nil
}

// fileAllBeside does so while others file batches at the rate of the figure of receipts.
func (p *person) fileAllBeside(ctx context.Context, n int) (t times, err error) {
	load, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		l := &openLoad{site: p.site, rate: receiptRate, total: time.Hour}
		_, err := l.run(load)
		ended <- err
	}()
	peer.Pause(ctx, p.bench.warm)
	t, err = p.fileAll(ctx, n)
	broken := len(ended) > 0
	stop()
	if loadErr := <-ended; broken {
		err = errors.Join(err, fmt.Errorf("the load beside: %w", loadErr))
	}
	return t, err
}

// seal writes the opening of another certificate.
func (p *person) seal() (path string, err error) {
	fields, err := declaration.ParseFields([]byte(certificate))
	if err != nil {
		return "", err
	}
	o, err := declaration.Declaration{
		Profile: "usmca/1", Log: origin, Event: "issue", Submitter: submitter(), Fields: fields,
	}.Seal(rand.Reader)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(o)
	if err != nil {
		return "", err
	}
	p.files++
	path = p.site.path(fmt.Sprintf("%d.opening.json", p.files))
	return path, os.WriteFile(path, b, 0o600)
}

// file returns the seconds from the start of the program to its end.
func (p *person) file(ctx context.Context, opening string) (float64, error) {
	began := time.Now()
	err := p.run(ctx, "submit", opening, "--url", "http://"+p.site.address, "--token-file", p.site.path("token"),
		"--policy", p.site.path("policy"), "--out", opening+".tlog-proof")
	return time.Since(began).Seconds(), err
}

// start returns the seconds that starting the program and making a file durable take.
func (p *person) start(ctx context.Context) (float64, error) {
	began := time.Now()
	err := errors.Join(p.run(ctx, "--version"), syncFile(p.site.path(fmt.Sprintf("%d.empty", p.files))))
	return time.Since(began).Seconds(), err
}

func (p *person) run(ctx context.Context, args ...string) error {
	c := newProcess(ctx, p.program, args...)
	if err := c.start(); err != nil {
		return err
	}
	if err := c.wait(); err != nil {
		return fmt.Errorf("cocket %s: %w", args[0], err)
	}
	return nil
}

// syncFile makes a file and its name durable.
func syncFile(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 2048))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// certificate is one of origin, with everything that is required of it.
const certificate = `{
  "certifier": {"role": "EXPORTER", "name": "Sample Exporter", "title": "Export manager",
                "address": "1 Harbour Road, Veracruz", "country": "MX",
                "phone": "+52 229 000 0000", "email": "export@exporter.example"},
  "exporter": {"kind": "CERTIFIER"},
  "importer": {"kind": "UNKNOWN"},
  "signature": {"date": "2026-05-04"},
  "statement": "USMCA-5-A",
  "goods": [
    {"description": "Brake pads", "hs": "8708.30", "criterion": "B",
     "origin": {"country": "MX"}, "producer": {"kind": "ON-REQUEST"}}
  ]
}`
