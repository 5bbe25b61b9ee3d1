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
	began time.Time
	shown time.Time
	bar   *progressbar.ProgressBar
}

// New begins to show a step of total things on w, as "what n of total".
func New(w io.Writer, what string, total int) *Progress {
	now := time.Now()
	p := &Progress{w: w, what: what, total: total, began: now, shown: now}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(w),
			progressbar.OptionSetDescription(what), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
			progressbar.OptionSetWidth(20), progressbar.OptionThrottle(100*time.Millisecond))
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
	fmt.Fprintf(p.w, "%s %d of %d%s\n", p.what, p.n, p.total, p.pace())
}

// pace says how fast it goes and, where there is something left, how long that will take.
func (p *Progress) pace() string {
	elapsed := p.shown.Sub(p.began)
	if p.n == 0 || elapsed < time.Second {
		return ""
	}
	says := fmt.Sprintf(", %.0f a second", float64(p.n)/elapsed.Seconds())
	if left := time.Duration(float64(elapsed) / float64(p.n) * float64(p.total-p.n)); left > 0 {
		says += fmt.Sprintf(", %v left", left.Round(time.Second))
	}
	return says
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
