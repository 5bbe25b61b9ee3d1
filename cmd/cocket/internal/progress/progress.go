// SPDX-License-Identifier: Apache-2.0

// Package progress shows how far a long step is.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress is a bar on a terminal, plain lines elsewhere.
type Progress struct {
	mu    sync.Mutex
	w     io.Writer
	what  string
	total int
	n     int
	shown time.Time
	bar   *progressbar.ProgressBar
}

// New begins to show a step of total things on w, as "what n of total".
func New(w io.Writer, what string, total int) *Progress {
	p := &Progress{w: w, what: what, total: total, shown: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(w),
			progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// Add counts n more things as done.
func (p *Progress) Add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n += n
	if p.bar != nil {
		p.bar.Add(n) // what cannot be shown is not worth an error
	} else if time.Since(p.shown) >= 2*time.Second {
		p.line()
	}
}

func (p *Progress) line() {
	p.shown = time.Now()
	fmt.Fprintf(p.w, "%s %d of %d\n", p.what, p.n, p.total)
}

// Done ends the bar, or says the last count.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		fmt.Fprintln(p.w)
	} else {
		p.line()
	}
}
