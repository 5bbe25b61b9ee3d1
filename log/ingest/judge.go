// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"runtime"
	"sync"

	"cocket.example/declaration"
	"cocket.example/log"
	"cocket.example/log/internal/web"
)

// prefix begins every declaration, of whatever version.
var prefix = []byte("cocket-entry/")

// minPart is the least number of entries for which another core is asked.
const minPart = 128

// part is a run of a batch that one core judges.
type part struct {
	first   int // position in the batch
	entries []log.Entry

	refs []reference
	err  error // of the first entry that is bad; what follows it is neither judged nor hashed
}

// split cuts a batch into parts of nearly equal length, one for each core that is worth asking.
func split(batch []log.Entry) []part {
	n := max(1, min(runtime.GOMAXPROCS(0), len(batch)/minPart))
	parts := make([]part, n)
	for i := range parts {
		from, to := i*len(batch)/n, (i+1)*len(batch)/n
		parts[i] = part{first: from, entries: batch[from:to]}
	}
	return parts
}

// judge hashes and judges every entry of a batch by itself, on all cores if it is large. It returns
// those that refer to another, in order; the first that is bad refuses the whole.
func (h *Handler) judge(r request, batch []log.Entry) (refs []reference, err error) {
	if len(batch) < 2*minPart {
		p := part{entries: batch}
		h.judgePart(r, &p)
		return p.refs, p.err
	}
	parts := split(batch)
	var others sync.WaitGroup
	for i := range parts[1:] {
		others.Go(func() { h.judgePart(r, &parts[1+i]) })
	}
	h.judgePart(r, &parts[0])
	others.Wait()
	for _, p := range parts {
		if p.err != nil {
			return nil, p.err
		}
		refs = append(refs, p.refs...)
	}
	return refs, nil
}

func (h *Handler) judgePart(r request, p *part) {
	j := judges.Get().(*judge)
	defer judges.Put(j)
	for i := range p.entries {
		e := &p.entries[i]
		if h.config.Entries == Declarations || bytes.HasPrefix(e.Data, prefix) {
			d, err := h.parse(j, e.Data, r.who)
			if err != nil {
				p.err = r.name(p.first+i, err)
				return
			}
			if d.Refers != nil {
				d.Tags, d.Public, d.Signed = nil, nil, nil // which the parser uses again
				p.refs = append(p.refs, reference{p.first + i, d})
			}
		}
		e.Leaf = j.leaf(e.Data)
	}
}

// judge is the room in which entries are hashed and parsed one after another.
type judge struct {
	declaration.Parser
	hashed []byte
}

var judges = sync.Pool{New: func() any { return new(judge) }}

// leaf is the leaf hash of RFC 6962: SHA-256(0x00 ‖ entry).
func (j *judge) leaf(entry []byte) [32]byte {
	j.hashed = append(append(j.hashed[:0], 0), entry...)
	return sha256.Sum256(j.hashed)
}

// parse parses one entry and checks that it is for this log and by this submitter.
func (h *Handler) parse(j *judge, data []byte, who *submitter) (declaration.Entry, error) {
	e, err := j.Parse(data)
	if err != nil {
		return e, web.Errorf(http.StatusBadRequest, "not an entry that this log takes: %s", withoutValues(err, data))
	}
	if e.Log != h.config.Log.Origin() {
		return e, web.Errorf(http.StatusBadRequest, "line log names another log, want %s", h.config.Log.Origin())
	}
	return e, who.allow(e)
}
