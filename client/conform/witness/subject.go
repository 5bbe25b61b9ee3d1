// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"cocket.example/client/conform/verdict"
	"cocket.example/internal/strict"
)

// subject is the witness under test. One goroutine owns it; only the web may be used by several.
type subject struct {
	config     Config
	web        *web
	main, fork *tree

	times map[clock]uint64 // the last one that was stated
	back  []string         // of a log's cosignatures, those that state an earlier time than one before

	err error // ends the run
}

// clock is what states times: a key, for a log.
type clock struct {
	origin string
	id     uint32
}

func newSubject(c Config) (s *subject, err error) {
	s = &subject{config: c, times: make(map[clock]uint64)}
	if s.web, err = newWeb(c); err != nil {
		return nil, err
	}
	if err = c.Logs.check(); err != nil {
		return nil, err
	}
	if len(c.Keys) == 0 {
		return nil, errors.New("no key of the witness: give the vkeys of its cosignatures")
	}
	for _, k := range c.Keys {
		if k.Type != strict.Cosignature && k.Type != strict.MLDSA44 {
			return nil, fmt.Errorf("key %s of the witness has type 0x%02x, want 0x04 or 0x06", k.Name, k.Type)
		}
	}
	if s.main, err = newTree(", and so on"); err != nil {
		return nil, err
	}
	s.fork, err = newTree(", or another")
	return s, err
}

// begin makes sure that there is a witness, which knows every log and has seen none of them.
func (s *subject) begin(ctx context.Context) error {
	for _, name := range logNames() {
		l := s.log(name)
		o := l.offer(0, 1)
		o.note = o.text + unknownLine // signed by nobody, so that nothing comes of it
		switch a := s.post(ctx, o); {
		case a.status == 0:
			return fmt.Errorf("the witness was not reached: %w", errors.Join(a.err, ctx.Err()))
		case a.is(http.StatusNotFound):
			return fmt.Errorf("the witness does not know the log %s (it answered 404): --print-config prints "+
				"what to enter into it", l.origin)
		}
	}
	l := s.log("begin")
	a := s.post(ctx, l.offer(0, 1))
	if a.is(http.StatusConflict) && string(a.body) != "0\n" {
		return fmt.Errorf("the witness remembers the logs of run %d: enter those of another --run into it",
			s.config.Logs.Run)
	}
	return ctx.Err()
}

// offer is an add-checkpoint request in its parts, each of which a case may spoil.
type offer struct {
	old   string
	proof []string
	text  string // that the note signs
	note  string
}

// offer is a request that is right in every respect.
func (l testLog) offer(old, size int64) offer { return l.offerOf(l.main, old, size) }

func (l testLog) offerOf(t *tree, old, size int64) offer {
	o := offer{old: fmt.Sprint(old), proof: t.proof(old, size), text: l.text(size, t.root(size).String())}
	o.note = o.text + "\n" + l.line(o.text)
	return o
}

func (l testLog) text(size any, root string) string {
	return fmt.Sprintf("%s\n%v\n%s\n", l.origin, size, root)
}

// resign gives an offer another text, and the log's signature over it.
func (l testLog) resign(o offer, text string) offer {
	o.text, o.note = text, text+"\n"+l.line(text)
	return o
}

func (o offer) body() string {
	var b strings.Builder
	b.WriteString("old " + o.old + "\n")
	for _, line := range o.proof {
		b.WriteString(line + "\n")
	}
	return b.String() + "\n" + o.note
}

func (s *subject) post(ctx context.Context, o offer) answer { return s.add(ctx, o.body()) }

func (s *subject) add(ctx context.Context, body string) answer {
	return s.web.send(ctx, s.web.post("/add-checkpoint", body))
}

// rule is what is asked of one request.
type rule struct {
	force verdict.Force
	item  string
	what  string // the request, in words
	want  []int  // any of these statuses
}

func must(item, what string, want ...int) rule     { return rule{verdict.Must, item, what, want} }
func should(item, what string, want ...int) rule   { return rule{verdict.Should, item, what, want} }
func practice(item, what string, want ...int) rule { return rule{verdict.Practice, item, what, want} }

// judge compares an answer with a rule, and reports whether it holds.
func (u rule) judge(r *verdict.Result, a answer) bool {
	if a.is(u.want...) {
		return true
	}
	wanted := strings.ReplaceAll(strings.Trim(fmt.Sprint(u.want), "[]"), " ", " or ")
	r.Fail(u.force, u.item, a, "%s: %s, want %s", u.what, a.what(), wanted)
	return false
}

// try sends an offer and judges the answer.
func (s *subject) try(ctx context.Context, r *verdict.Result, u rule, o offer) answer {
	a := s.post(ctx, o)
	u.judge(r, a)
	return a
}

// step is a request that must be cosigned; if it is not, what the case is about first is wrong.
func (s *subject) step(ctx context.Context, r *verdict.Result, l testLog, sizes [2]int64) (answer, bool) {
	u := must(r.Items[0], fmt.Sprintf("size %d to %d", sizes[0], sizes[1]), http.StatusOK)
	a := s.try(ctx, r, u, l.offer(sizes[0], sizes[1]))
	s.note(l, a)
	return a, a.is(http.StatusOK)
}
