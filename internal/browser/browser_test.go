// SPDX-License-Identifier: Apache-2.0

package browser_test

import (
	"bytes"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cocket.example/internal/browser"
)

// page writes a page of so many sheets of paper.
func page(t *testing.T, head string, sheets int) string {
	t.Helper()
	body := strings.Repeat(`<p style="break-after: page">Été</p>`, sheets-1) + "<p>Fin</p>"
	file := filepath.Join(t.TempDir(), "page é.html")
	html := "<!doctype html><meta charset=utf-8><title>T</title>" + head + body
	if err := os.WriteFile(file, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPage(t *testing.T) {
	b := browser.Open(t)
	p := b.Visit(page(t, "", 3))
	if got := p.Text(); !strings.Contains(got, "Été") || !strings.HasSuffix(got, "Fin") {
		t.Errorf("text %q", got)
	}
	shot := filepath.Join(t.TempDir(), "shot.png")
	p.Screenshot(shot, 390, 700)
	content, err := os.ReadFile(shot)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.DecodeConfig(bytes.NewReader(content))
	if err != nil || img.Width != 390 || img.Height < 700 {
		t.Errorf("screenshot is %d × %d, %v", img.Width, img.Height, err)
	}
	if len(p.Errors())+len(p.Requests()) > 0 {
		t.Errorf("errors %q, requests %q, want none", p.Errors(), p.Requests())
	}
	for _, paper := range []browser.Paper{browser.A4, browser.Letter} {
		if n := p.PDF(filepath.Join(t.TempDir(), "page.pdf"), paper); n != 3 {
			t.Errorf("%d pages on %v, want 3", n, paper)
		}
	}
}

// TestSees: what a page should not do is found out.
func TestSees(t *testing.T) {
	b := browser.Open(t)
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(page(t, "", 1)))))
	defer server.Close()
	for _, c := range []struct {
		name, head, err, request string
	}{
		{"exception", "<script>nothing.there()</script>", "nothing is not defined", ""},
		{"console", "<script>console.error('oh')</script>", "oh", ""},
		{"rejection", "<script>Promise.reject(new Error('late'))</script>", "late", ""},
		{"missing", "<img src=" + server.URL + "/gone.png>", "", server.URL + "/gone.png"},
		{"outside", "<img src=https://outside.example/>", "ERR_NAME_NOT_RESOLVED", "https://outside.example/"},
		{"loaded", "<iframe src='" + server.URL + "/'></iframe>", "", server.URL + "/"},
		{"policy", `<meta http-equiv=Content-Security-Policy content="script-src 'none'"><script>1</script>`,
			"Content Security Policy", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := b.Visit(page(t, c.head, 1))
			p.Text() // what was said before is here now
			if got := strings.Join(p.Errors(), "\n"); !strings.Contains(got, c.err) || (c.err == "") != (got == "") {
				t.Errorf("errors %q, want %q", got, c.err)
			}
			if c.request != "" && !slices.Contains(p.Requests(), c.request) {
				t.Errorf("requests %q, want %q", p.Requests(), c.request)
			}
		})
	}
}

func TestOverflow(t *testing.T) {
	p := browser.Open(t).Visit(page(t, "<style>body{margin:0}</style><div style='width:500px'>x</div>", 1))
	for width, want := range map[int]int{390: 110, 500: 0, 600: 0} {
		if got := p.Overflow(width); got != want {
			t.Errorf("%d px wider than a window of %d, want %d", got, width, want)
		}
	}
}
