// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"cocket.example/internal/strict"
)

// Page is a page in its tab.
type Page struct {
	t   testing.TB
	ctx context.Context
	url string

	mu       sync.Mutex // holds what follows
	errors   []string
	requests []string
}

// Paper is a size of paper.
type Paper = chromedp.PaperSize

// The two sizes of letters.
var (
	A4     = chromedp.PaperA4
	Letter = chromedp.PaperLetter
)

// Screenshot writes the whole page as PNG, laid out for a window of so many CSS pixels.
func (p *Page) Screenshot(file string, width, height int) {
	p.t.Helper()
	run(p, chromedp.EmulateViewport(int64(width), int64(height)))
	p.write(file, run(p, chromedp.FullScreenshot(100)))
}

// PDF prints the page without its background, as browsers do unless told otherwise, and returns how many
// pages it takes. It skips the test where poppler's pdfinfo, which counts them, is missing.
func (p *Page) PDF(file string, paper Paper) int {
	p.t.Helper()
	if _, err := exec.LookPath("pdfinfo"); err != nil {
		p.t.Skip("no pdfinfo here: make tools")
	}
	p.write(file, run(p, chromedp.PrintToPDF(chromedp.PDFPaper(paper))))
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	out, err := exec.CommandContext(ctx, "pdfinfo", file).Output()
	if err != nil {
		p.t.Fatalf("pdfinfo %s: %v", file, err)
	}
	found := pageCount.FindSubmatch(out)
	if found == nil {
		p.t.Fatalf("pdfinfo tells no number of pages:\n%s", out)
	}
	n, err := strict.Decimal(string(found[1]))
	if err != nil {
		p.t.Fatal(err)
	}
	return int(n)
}

var pageCount = regexp.MustCompile(`(?m)^Pages: +(\d+)$`)

// Text returns what can be read on the page.
func (p *Page) Text() string {
	p.t.Helper()
	return run(p, chromedp.Evaluate[string]("document.body.innerText"))
}

// Lefts returns where the lines of the text of the first such element begin, in CSS pixels, one for each part of a line.
func (p *Page) Lefts(selector string) []float64 {
	p.t.Helper()
	return run(p, chromedp.Evaluate[[]float64](fmt.Sprintf("(() => { const r = document.createRange(); "+
		"r.selectNodeContents(document.querySelector(%q)); return [...r.getClientRects()].map(b => b.left) })()", selector)))
}

// Overflow returns by how many CSS pixels the page is wider than a window of this width.
func (p *Page) Overflow(width int) int {
	p.t.Helper()
	run(p, chromedp.EmulateViewport(int64(width), 800))
	return run(p, chromedp.Evaluate[int]("document.documentElement.scrollWidth")) - width
}

// Errors returns the errors and warnings on the console so far: of scripts, of policies that the page breaks,
// of servers that cannot be reached.
func (p *Page) Errors() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.errors)
}

// Requests returns the URLs asked for so far besides the page itself.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// hear keeps what is of interest of what happens.
func (p *Page) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if e.Request.URL != p.url {
			p.requests = append(p.requests, e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		p.errors = append(p.errors, exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			p.errors = append(p.errors, arguments(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.errors = append(p.errors, e.Entry.Text)
		}
	}
}

func exception(e *runtime.ExceptionDetails) string {
	if e.Exception == nil {
		return e.Text
	}
	return e.Text + " " + arguments([]*runtime.RemoteObject{e.Exception})
}

func arguments(args []*runtime.RemoteObject) string {
	var texts []string
	for _, a := range args {
		texts = append(texts, cmp.Or(a.Description, string(a.Value)))
	}
	return strings.Join(texts, " ")
}

// run does one thing within the deadline, or fails the test.
func run[T any](p *Page, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, deadline)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		p.t.Fatalf("%s: %v", p.url, err)
	}
	return v
}

func (p *Page) write(file string, content []byte) {
	p.t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
