// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"bytes"
	"net/http"
	"testing"

	"cocket.example/log"
	"cocket.example/log/internal/logtest"
	"github.com/transparency-dev/merkle/rfc6962"
)

// TestJudgingAllocatesNothing for an entry of a batch, once the room of a judge has grown.
func TestJudgingAllocatesNothing(t *testing.T) {
	h := &Handler{config: Config{Log: onlyName{}, Entries: Declarations}}
	who := &submitter{Submitter: Submitter{Name: logtest.Submitter}}
	entries := [][]byte{logtest.Issue(t), logtest.Issue(t)}
	j := new(judge)
	var leaf [32]byte
	n := testing.AllocsPerRun(100, func() {
		for _, e := range entries {
			if _, err := h.parse(j, e, who); err != nil {
				t.Fatal(err)
			}
			leaf = j.leaf(e)
		}
	})
	if n != 0 {
		t.Errorf("%g allocations for two entries", n)
	}
	if want := rfc6962.DefaultHasher.HashLeaf(entries[1]); !bytes.Equal(leaf[:], want) {
		t.Errorf("leaf hash %x, want %x", leaf, want)
	}
}

// TestJudgeNamesTheFirst of several bad entries, wherever the parts of a batch begin, and hashes
// every entry of a good one.
func TestJudgeNamesTheFirst(t *testing.T) {
	h := &Handler{config: Config{Log: onlyName{}, Entries: Declarations}}
	r := request{new(http.Request), &submitter{Submitter: Submitter{Name: logtest.Submitter}}, formats["/add-batch"]}
	entry := logtest.Issue(t)
	batch := make([]log.Entry, 5*minPart+3)
	for i := range batch {
		batch[i].Data = entry
	}
	if _, err := h.judge(r, batch); err != nil {
		t.Fatal(err)
	}
	for i := range batch {
		if batch[i].Leaf != logtest.LeafHash(entry) {
			t.Fatalf("entry %d has leaf hash %x", i, batch[i].Leaf)
		}
	}
	batch[len(batch)-1].Data = entry[1:]
	batch[len(batch)-2].Data = entry[1:]
	want := "entry 641: not an entry that this log takes: the first line of an entry is \"cocket-entry/v1\""
	if _, err := h.judge(r, batch); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	batch[3].Data = nil
	if _, err := h.judge(r, batch); err == nil || !bytes.HasPrefix([]byte(err.Error()), []byte("entry 3: ")) {
		t.Errorf("%v, want entry 3", err)
	}
}

// onlyName is a log of which only the name is asked.
type onlyName struct{ Log }

func (onlyName) Origin() string { return logtest.Origin }
