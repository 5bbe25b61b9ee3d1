// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/declaration"
	"cocket.example/receipt"
)

func TestRangesOf(t *testing.T) {
	at := func(indexes ...uint64) (places []place) {
		for _, i := range indexes {
			places = append(places, place{i, receipt.Hash{byte(i)}})
		}
		return places
	}
	for _, c := range []struct {
		indexes []uint64
		want    string // of the ranges; "" is refused
	}{
		{nil, "[]"},
		{[]uint64{7}, "[7-8]"},
		{[]uint64{7, 8, 9}, "[7-10]"},
		{[]uint64{2, 0, 1}, "[0-3]"},
		{[]uint64{9, 4, 5, 0}, "[0-1 4-6 9-10]"},
		{[]uint64{0, 2, 4}, "[0-1 2-3 4-5]"},
		{[]uint64{4, 5, 4}, ""},
		{[]uint64{4, 4}, ""},
	} {
		ranges, err := rangesOf(at(c.indexes...))
		var got []string
		for _, r := range ranges {
			got = append(got, fmt.Sprintf("%d-%d", r[0].index, r[len(r)-1].index+1))
			for i, p := range r {
				if p.index != r[0].index+uint64(i) || p.leaf != (receipt.Hash{byte(p.index)}) {
					t.Errorf("%v: place %d of a range is %v", c.indexes, i, p)
				}
			}
		}
		if err == nil != (c.want != "") || err == nil && fmt.Sprint(got) != c.want {
			t.Errorf("%v: %v, %v; want %s", c.indexes, got, err, c.want)
		}
	}
}

// liar is a log that gives two entries indexes, and a batch receipt that is really cosigned.
type liar struct {
	runs  string
	order []receipt.Hash // of the leaves in its tree
	start uint64         // of the range
}

func (l liar) serve(s *site) *httptest.Server {
	cp := receipt.Checkpoint{Origin: "customs.example/log", Size: 2}
	cp.Root = receipt.Hash(rfc6962.DefaultHasher.HashChildren(l.order[0][:], l.order[1][:]))
	b := receipt.Batch{Start: l.start, End: 2, Checkpoint: s.sign(cp), Left: l.order[:l.start]}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/add-batch" {
			io.WriteString(w, l.runs)
			return
		}
		w.Write(b.Bytes())
	}))
	s.t.Cleanup(server.Close)
	return server
}

// What a log says is believed only once its batch receipt verifies: nothing is written before.
func TestLyingLog(t *testing.T) {
	s := newSite(t)
	s.must(os.Mkdir(s.path("openings"), 0o755))
	a := declaration.LeafHash(s.seal("openings/a.opening.json"))
	b := declaration.LeafHash(s.seal("openings/b.opening.json"))
	s.write("token", []byte("example-token\n"))
	for name, c := range map[string]struct {
		log    liar
		status int
		want   string
	}{
		"honest":        {liar{"0 2\n", []receipt.Hash{a, b}, 0}, 0, "no later than 2027-01-15T08:00:01Z"},
		"other order":   {liar{"0 2\n", []receipt.Hash{b, a}, 0}, 1, "in this order"},
		"backwards":     {liar{"1 1\n0 1\n", []receipt.Hash{b, a}, 0}, 0, "entries on file 2\nno later than "},
		"another entry": {liar{"0 2\n", []receipt.Hash{a, {}}, 0}, 1, "in this order"},
		"another range": {liar{"0 2\n", []receipt.Hash{a, b}, 1}, 1, "it is for the entries 1 to 1"},
		"elsewhere":     {liar{"5 2\n", []receipt.Hash{a, b}, 0}, 1, "it is for the entries 0 to 1"},
		"one index":     {liar{"1 1\n1 1\n", []receipt.Hash{a, b}, 0}, 1, "two different entries the index 1"},
	} {
		t.Run(name, func(t *testing.T) {
			out := s.path(strings.ReplaceAll(name, " ", "-"))
			said := s.run(c.status, "submit", "--batch", s.path("openings"), "--url", c.log.serve(s).URL,
				"--token-file", s.path("token"), "--policy", s.path("policy"), "--out", out)
			if !strings.Contains(said, c.want) {
				t.Errorf("said %q, want %q", said, c.want)
			}
			files, err := os.ReadDir(out)
			s.must(err)
			var names []string
			for _, f := range files {
				names = append(names, f.Name())
			}
			var want []string
			if c.status == 0 {
				want = []string{"0-2.cocket-batch", "0-2.leaves"}
			}
			if !slices.Equal(names, want) {
				t.Errorf("wrote %q, want %q", names, want)
			}
		})
	}
}
