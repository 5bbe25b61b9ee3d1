// SPDX-License-Identifier: Apache-2.0

// Package browser lets tests look at pages with a headless Chromium, through the Chrome DevTools Protocol.
// It reaches this machine alone.
package browser

import (
	"context"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// deadline of everything that is asked of the browser, whose first start on a busy machine is the slowest.
const deadline = 60 * time.Second

// names of the program, as Debian, others and Google call it.
var names = []string{"chromium", "chromium-browser", "google-chrome"}

// Browser is a browser that ends with the test.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// Open starts a browser, without its sandbox where the test runs as root, and skips the test where there is
// none.
func Open(t testing.TB) *Browser {
	t.Helper()
	path := find(t)
	ctx, cancel := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(
		chromedp.ExecPath(path),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"),
	))
	t.Cleanup(cancel)
	b := &Browser{t, ctx}
	// It lives as long as the context of its first call, which thus has no deadline: a timer is what ends it.
	slow := time.AfterFunc(deadline, cancel)
	if err := chromedp.Do(ctx); err != nil || !slow.Stop() {
		t.Fatalf("%s does not start within %v: %v", path, deadline, err)
	}
	return b
}

func find(t testing.TB) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("no %s here: make tools", strings.Join(names, ", "))
	return ""
}

// Visit opens a page, the URL of one or the path of an HTML file, in a tab of its own, and waits until it
// is loaded.
func (b *Browser) Visit(page string) *Page {
	b.t.Helper()
	if !strings.Contains(page, "://") {
		path, err := filepath.Abs(page)
		if err != nil {
			b.t.Fatal(err)
		}
		page = (&url.URL{Scheme: "file", Path: path}).String()
	}
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.t.Cleanup(cancel)
	p := &Page{t: b.t, ctx: ctx, url: page}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		b.t.Fatalf("%s: %v", page, err)
	}
	run(p, chromedp.Navigate(page))
	return p
}
