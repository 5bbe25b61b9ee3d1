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
	held  int // of n, what was there before
	began time.Time
	shown time.Time
	bar   *progressbar.ProgressBar
}

// New begins to show a step of total things on w, as "what n of total".
func New(w io.Writer, what string, total int) *Progress {
	p := &Progress{w: w, what: what, total: total, began: time.Now(), shown: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && !plain() {
		p.bar = newBar(w, what, total)
	}
	return p
}

// plain reports whether lines are wanted even on a terminal (terminfo's dumb, no-color.org).
func plain() bool { return os.Getenv("TERM") == "dumb" || os.Getenv("NO_COLOR") != "" }

// newBar is a bar that fits 80 cells with nine digits on each side.
func newBar(w io.Writer, what string, total int) *progressbar.ProgressBar {
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetWidth(10),
		progressbar.OptionThrottle(100*time.Millisecond))
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

// Skip counts n things that were done before, which say nothing of the rate.
func (p *Progress) Skip(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n += n
	p.held += n
	p.began = time.Now()
	if p.bar != nil && n > 0 {
		p.bar.Set(n) // as with Add
	}
}

// line says how far it is and, on the way, how fast and how long it will take.
func (p *Progress) line() {
	p.shown = time.Now()
	text := fmt.Sprintf("%s %d of %d", p.what, p.n, p.total)
	if rate := float64(p.n-p.held) / time.Since(p.began).Seconds(); rate > 0 && p.n < p.total {
		left := time.Duration(float64(p.total-p.n) / rate * float64(time.Second))
		text += fmt.Sprintf(", %.0f a second, %v left", rate, left.Round(time.Second))
	}
	fmt.Fprintln(p.w, text)
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
