// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"path/filepath"
	"testing"
)

// BenchmarkWatch reads a log of 500,000 entries over loopback, alone and into a mirror.
func BenchmarkWatch(b *testing.B) {
	const size = 500_000
	for _, name := range []string{"alone", "mirror"} {
		b.Run(name, func(b *testing.B) {
			p := newPaper(b, "log.example/a", size)
			for b.Loop() {
				mirror := ""
				if name == "mirror" {
					mirror = filepath.Join(b.TempDir(), "mirror")
				}
				s := newSite(b, quick, publish(b, p, mirror))
				s.want(200, p, 0, size)
				s.await(p, size)
				s.idle(p)
				s.stop()
			}
			b.ReportMetric(size*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
