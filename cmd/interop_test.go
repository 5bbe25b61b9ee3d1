// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/receipt"
)

// rounds is how often a log grows: from the empty tree, and then with proofs.
const rounds = 3

// TestInterop: our log is cosigned by litewitness, a log on Tessera's appender by our witness, and each by
// one of both kinds; our witness needs no port where there is a bastion. Whoever holds the policy agrees: ours, torchwood, and the tool of people.
func TestInterop(t *testing.T) {
	for _, c := range []struct {
		name      string
		log       func(*meeting)
		witnesses []func(*meeting)
	}{
		{"our log, litewitness", growOurs, []func(*meeting){addLitewitness}},
		{"Tessera, our witness", growTessera, []func(*meeting){addOurs}},
		{"our log, our witness behind torchwood's bastion", growOurs, []func(*meeting){addHidden}},
		{"our log, both", growOurs, []func(*meeting){addLitewitness, addOurs}},
		{"Tessera, both", growTessera, []func(*meeting){addLitewitness, addOurs}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMeeting(t)
			for _, add := range c.witnesses {
				add(m)
			}
			m.writePolicy()
			c.log(m)
		})
	}
}

// growOurs runs our log as a process, and verifies the receipt of every entry.
func growOurs(m *meeting) {
	address := freeAddress(m.t)
	m.write("log.yaml", fmt.Sprintf("origin: %s\ndir: log\nkey: log.key\npolicy: policy\nlisten: %s\nentries: any\n"+
		"interval: 100ms\nsubmitters:\n  - {name: broker.example, token_sha256: \"%x\"}",
		m.key.Name, address, sha256.Sum256([]byte("token"))))
	m.start("cocketd", "log.yaml", address)
	for i := range rounds {
		entry := fmt.Appendf(nil, "entry %d", i)
		req, err := http.NewRequest(http.MethodPost, "http://"+address+"/add", strings.NewReader(string(entry)))
		must(m.t, err)
		req.Header.Set("Authorization", "Bearer token")
		resp, err := http.DefaultClient.Do(req)
		must(m.t, err)
		body, err := io.ReadAll(resp.Body)
		must(m.t, errors.Join(err, resp.Body.Close()))
		if resp.StatusCode != http.StatusOK {
			m.t.Fatalf("add: status %d %s", resp.StatusCode, body)
		}
		var proof []byte
		m.await(fmt.Sprintf("a receipt for entry %d", i), func() bool {
			proof = fetch(fmt.Sprintf("http://%s/receipt/%d", address, i))
			return proof != nil
		})
		r, err := receipt.Parse(proof)
		must(m.t, err)
		m.judge(r.Checkpoint, uint64(i+1))
		trusted, err := m.policy.Verify(r.Checkpoint)
		must(m.t, err)
		must(m.t, trusted.Includes(receipt.Hash(tlog.RecordHash(entry)), r))
		must(m.t, torchwood.VerifyProof(m.theirs, tlog.RecordHash(entry), proof))
	}
}

// growTessera runs a log on Tessera's POSIX storage.
func growTessera(m *meeting) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signer, err := note.NewSigner(m.skey)
	must(m.t, err)
	group, err := tessera.NewWitnessGroupFromPolicy([]byte(m.policy.String()))
	must(m.t, err)
	driver, err := posix.New(ctx, posix.Config{Path: m.path("tessera")})
	must(m.t, err)
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithWitnesses(group, &tessera.WitnessOptions{Timeout: 20 * time.Second}).
		WithCheckpointInterval(100*time.Millisecond).
		WithBatching(1, 10*time.Millisecond))
	must(m.t, err)
	for i := range rounds {
		_, err := appender.Add(ctx, tessera.NewEntry(fmt.Appendf(nil, "entry %d", i)))()
		must(m.t, err)
		var published []byte
		m.await(fmt.Sprintf("a checkpoint of size %d", i+1), func() bool {
			published, _ = os.ReadFile(m.path("tessera/checkpoint")) // it may not be there yet
			cp, _, err := receipt.ParseCheckpoint(published)
			return err == nil && cp.Size == uint64(i+1)
		})
		m.judge(published, uint64(i+1))
	}
	must(m.t, shutdown(ctx))
}

// fetch returns the body of a 200, or nil.
func fetch(url string) []byte {
	resp, err := http.Get(url)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil
	}
	return body
}
