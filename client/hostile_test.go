// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"cocket.example/client"
	"cocket.example/client/fsck"
	"cocket.example/internal/soak"
	"cocket.example/receipt"
)

const (
	// patience is the deadline of each case. The client's own, which end those where the stranger
	// plays for time, are far shorter.
	patience = time.Minute
	short    = 300 * time.Millisecond
	// most is the memory that the client may take, in kB, whatever the strangers do.
	most = 64 << 10
	// hostileURL names the strangers to a process that is the client alone.
	hostileURL = "COCKET_HOSTILE_URL"
)

// A behaviour is one way in which a server may be hostile, and how the client refuses it.
type behaviour struct {
	do       harm
	act      func(ctx context.Context, c *client.Client) error
	want     string        // in the error
	timeout  time.Duration // of one attempt; default long
	attempts int           // default 1
}

// What a client does; each returns why it refused.

func checkpoint(ctx context.Context, c *client.Client) error {
	_, err := c.Checkpoint(ctx)
	return err
}

// follow believes two checkpoints, one after the other.
func follow(ctx context.Context, c *client.Client) error {
	f := &client.Follower{Client: c, Policy: newKeys("log.example", 1).policy}
	if _, err := f.Next(ctx); err != nil {
		return err
	}
	_, err := f.Next(ctx)
	return err
}

// check checks the whole log, and returns the first damage.
func check(ctx context.Context, c *client.Client) error {
	policy := newKeys("log.example", 1).policy
	report, err := fsck.Check(ctx, fsck.Config{Source: c, Policy: &policy})
	if err == nil && len(report.Damages) > 0 {
		err = fmt.Errorf("%s: %s", report.Damages[0].Path, report.Damages[0].Problem)
	}
	return err
}

func tileOf(ctx context.Context, c *client.Client) error {
	_, err := c.ReadTile(ctx, 0, 0, 256)
	return err
}

func bundle(ctx context.Context, c *client.Client) error {
	_, err := c.ReadBundle(ctx, 0, 256)
	return err
}

// proof fetches the receipt of entry 299 and verifies it.
func proof(ctx context.Context, c *client.Client) error {
	b, err := c.Receipt(ctx, 299, 0)
	if err != nil {
		return err
	}
	r, err := receipt.Parse(b)
	if err != nil {
		return err
	}
	trusted, err := newKeys("log.example", 1).policy.Verify(r.Checkpoint)
	if err != nil {
		return err
	}
	return trusted.Includes(sha256.Sum256([]byte("\x00entry 299")), r)
}

// proofs fetches the receipt of the entries from 100 to 299 and verifies it.
func proofs(ctx context.Context, c *client.Client) error {
	body, err := c.BatchReceipt(ctx, 100, 300, 0)
	if err != nil {
		return err
	}
	k := newKeys("log.example", 1)
	r, err := receipt.ParseBatch(body)
	if err != nil {
		return err
	}
	trusted, err := k.policy.Verify(r.Checkpoint)
	if err != nil {
		return err
	}
	var leaves []receipt.Hash
	for hashes := newBook(k, 300, -1).leaves[100*32:]; len(hashes) > 0; hashes = hashes[32:] {
		leaves = append(leaves, receipt.Hash(hashes))
	}
	return trusted.IncludesBatch(leaves, r)
}

func submit(ctx context.Context, c *client.Client) error {
	_, err := c.Submit(ctx, []byte("entry"))
	return err
}

func batch(ctx context.Context, c *client.Client) error {
	_, err := c.SubmitBatch(ctx, [][]byte{{1}, {2}, {3}})
	return err
}

func lookup(ctx context.Context, c *client.Client) error {
	_, _, err := c.Lookup(ctx, [32]byte{})
	return err
}

func metadata(ctx context.Context, c *client.Client) error {
	_, err := c.Metadata(ctx)
	return err
}

// hasty gives up before the log wants it to try again.
func hasty(ctx context.Context, c *client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, short)
	defer cancel()
	return checkpoint(ctx, c)
}

// run lets the client at a stranger and judges what it says.
func (b behaviour) run(t *testing.T, url string) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if b.timeout == 0 {
		b.timeout = patience
	}
	c, err := client.New(client.Config{URL: url, Attempts: max(b.attempts, 1), Timeout: b.timeout})
	if err != nil {
		t.Fatal(err)
	}
	err = b.act(ctx, c)
	if ctx.Err() != nil {
		t.Fatalf("no end within the deadline: %v", err)
	}
	if err == nil || !strings.Contains(err.Error(), b.want) {
		t.Fatalf("error %v, want %q", err, b.want)
	}
	text := err.Error()
	if len(text) > 1000 || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
		t.Errorf("not to be shown on a terminal: %d bytes, %.300q", len(text), text)
	}
}

// TestHostile: whatever a server does, the client refuses it with its reason within the deadline, and
// asks nobody else.
func TestHostile(t *testing.T) {
	var elsewhere atomic.Int64
	other := listen(t, map[string]harm{"": func(*net.TCPConn, string) { elsewhere.Add(1) }})
	all := behaviours(other.url)
	url := os.Getenv(hostileURL)
	if url == "" {
		url = listen(t, harmsOf(all)).url
	}
	t.Run("all", func(t *testing.T) {
		for name, b := range all {
			t.Run(name, func(t *testing.T) { b.run(t, url+"/"+pathOf(name)) })
		}
	})
	if n := elsewhere.Load(); n > 0 {
		t.Errorf("another host was asked %d times", n)
	}
	t.Logf("%d behaviours", len(all))
	tellPeak(t)
}

// pathOf makes a path of a name.
func pathOf(name string) string { return strings.ReplaceAll(name, " ", "-") }

func harmsOf(all map[string]behaviour) map[string]harm {
	harms := make(map[string]harm)
	for name, b := range all {
		harms[pathOf(name)] = b.do
	}
	return harms
}

// TestHostileMemory: a process that is the client of all strangers, and of nothing else, stays small.
// It tells its peak itself: getrusage would count what this process has taken until it began.
func TestHostileMemory(t *testing.T) {
	soak.NoRace(t)
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a process its peak")
	}
	other := listen(t, nil)
	server := listen(t, harmsOf(behaviours(other.url)))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestHostile$", "-test.parallel=2", "-test.v")
	cmd.Env = append(os.Environ(), hostileURL+"="+server.url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m := regexp.MustCompile(`peak of ([0-9]+) kB`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("the client told no peak:\n%s", out)
	}
	peak, err := strconv.Atoi(string(m[1]))
	if err != nil || peak > most {
		t.Errorf("the client took %d kB, want at most %d", peak, most)
	}
	t.Logf("peak of %d MiB", peak>>10)
}

// tellPeak logs the most memory that this process has had, where the system says it (proc(5)).
func tellPeak(t *testing.T) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	if m := regexp.MustCompile(`VmHWM:\s*([0-9]+) kB`).FindSubmatch(status); m != nil {
		t.Logf("peak of %s kB", m[1])
	}
}
