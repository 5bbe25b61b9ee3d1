// SPDX-License-Identifier: Apache-2.0

package witness_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cocket.example/client/conform/witness"
	"cocket.example/internal/peerbuild"
	"cocket.example/internal/soak"
	"cocket.example/receipt"
)

// The suite finds in other projects' witnesses what testdata lists, and no more. Whether a body that is far
// too long is refused with a status or with the end of the connection depends on the moment: that is left out.
func TestPeers(t *testing.T) {
	for name, start := range map[string]func(context.Context, peerbuild.Config) (*peerbuild.Peer, error){
		"litewitness": peerbuild.StartLitewitness, "omniwitness": peerbuild.StartOmniwitness,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := findings(judgePeer(t, start))
			want := must(os.ReadFile(filepath.Join("testdata", name+".txt")))
			if got != string(want) {
				t.Errorf("found\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func judgePeer(t *testing.T, start func(context.Context, peerbuild.Config) (*peerbuild.Peer, error)) witness.Report {
	t.Helper()
	logs := newLogs()
	vkeys := must(logs.VerifierKeys())
	if strings.Contains(t.Name(), "omniwitness") {
		vkeys = vkeys[:len(vkeys)-1] // it takes one key of a log
	}
	p, err := start(t.Context(), peerbuild.Config{Dir: t.TempDir(), Name: "witness.example/w", Logs: vkeys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	c := witness.Config{URL: p.URL, Keys: []receipt.VerifierKey{must(receipt.ParseVerifierKey(p.VKey))}, Logs: logs,
		Slow: time.Duration(soak.Rounds(-1, int(time.Minute))),
		Restart: func(ctx context.Context) error {
			p.Kill()
			return p.Restart(ctx)
		}}
	r, err := witness.Run(t.Context(), c.Small())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// findings print a report as testdata has it.
func findings(r witness.Report) string {
	var b strings.Builder
	for _, result := range r.Results {
		if result.ID != "W22" {
			fmt.Fprintf(&b, "%s %s\n", result.ID, result.Verdict)
		}
		for _, p := range result.Problems {
			if result.ID != "W22" || strings.HasPrefix(p.Text, "read on") {
				fmt.Fprintf(&b, "    %s %s: %s\n", p.Force, p.Item, p.Text)
			}
		}
	}
	return b.String()
}
