// SPDX-License-Identifier: Apache-2.0

package config

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// FuzzDecode: one document of known keys is read, in memory that its length bounds: no alias makes
// much of little. Durations are never negative.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		"name: a\nwait: 200ms\nlist: [{wait: 1h30m}]\n", "name: a\nname: b\n", "unknown: 1\n", "wait: 5\n",
		"a: &a [x,x]\nb: &b [*a,*a]\nlist: [*b,*b]\n", "name: a\n---\nname: b\n", "", "name: !!binary AAAA\n",
		"<<: {name: a}\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		type inner struct {
			Wait Duration `yaml:"wait"`
		}
		var c struct {
			Name Path     `yaml:"name"`
			Wait Duration `yaml:"wait"`
			List []inner  `yaml:"list"`
		}
		before := allocated()
		err := decode(text, &c)
		if n := allocated() - before; n > 4<<20+4<<10*uint64(len(text)) {
			t.Fatalf("%d bytes allocated for %d", n, len(text))
		}
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Fatal("an error that says nothing")
			}
			return
		}
		for _, i := range append(c.List, inner{c.Wait}) {
			if time.Duration(i.Wait) < 0 {
				t.Fatalf("waits for %v", time.Duration(i.Wait))
			}
		}
	})
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
