// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"cocket.example/receipt"
)

// BenchmarkAdd has larger checkpoints cosigned with one Ed25519 key: of one log, one after the other, and of
// 1,000 logs, 64 at a time. The disk is real.
func BenchmarkAdd(b *testing.B) {
	for _, logs := range []int{1, 1000} {
		b.Run(fmt.Sprint(logs), func(b *testing.B) {
			r, bodies := benchRig(b, logs)
			b.ResetTimer()
			var next atomic.Int64
			b.SetParallelism(32)
			add := func() {
				if answer := r.post(bodies[next.Add(1)-1]); answer.Code != http.StatusOK {
					b.Errorf("status %d %q", answer.Code, answer.Body)
				}
			}
			if logs == 1 {
				for range b.N {
					add()
				}
				return
			}
			defer func() { b.ReportMetric(float64(b.N)/float64(commits(r.witness.config.State)), "requests/commit") }()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					add()
				}
			})
		})
	}
}

// benchRig has one request for each time: trees that grow by one entry, or are refreshed a second later.
func benchRig(b *testing.B, n int) (*rig, [][]byte) {
	r := &rig{t: b, path: b.TempDir() + "/witness.db", log: newTestLog(b, "log.example/a"), clock: &clock{t: start}}
	if err := CreateState(r.path); err != nil {
		b.Fatal(err)
	}
	var logs []Log
	var signers []testLog
	for i := range n {
		l := newTestLog(b, fmt.Sprint("log.example/", i))
		signers, logs = append(signers, l), append(logs, Log{Keys: []receipt.VerifierKey{l.key}})
	}
	var second atomic.Int64
	r.configure = func(c *Config) {
		c.Keys, c.Logs, c.Logger = c.Keys[:1], logs, nil
		c.Now = func() time.Time { return start.Add(time.Duration(second.Add(1)) * time.Second) }
	}
	r.open(OpenState)
	b.Cleanup(r.close)
	bodies := make([][]byte, b.N)
	for i := range bodies {
		old, size := 3, 3
		if i < n {
			old = 0
		}
		bodies[i] = signers[i%n].grow(b, trunk, old, size)
	}
	return r, bodies
}
