// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far a long step is: a bar on a terminal, plain lines elsewhere.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	what  string
	total int
	n     int
	shown time.Time
	bar   *progressbar.ProgressBar
}

func newProgress(w io.Writer, what string, total int) *progress {
	p := &progress{w: w, what: what, total: total, shown: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(w),
			progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

func (p *progress) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n += n
	if p.bar != nil {
		p.bar.Add(n) // what cannot be shown is not worth an error
	} else if time.Since(p.shown) >= 2*time.Second {
		p.line()
	}
}

func (p *progress) line() {
	p.shown = time.Now()
	fmt.Fprintf(p.w, "%s %d of %d\n", p.what, p.n, p.total)
}

func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		fmt.Fprintln(p.w)
	} else {
		p.line()
	}
}
