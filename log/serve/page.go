// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"cocket.example/receipt"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// pageTemplate is a page without scripts, whose one style sheet is part of it.
var pageTemplate = template.Must(template.New("page").Parse(pageText))

// pagePolicy lets a browser load nothing for the page and apply this very style sheet only.
var pagePolicy = func() string {
	hash := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// page is what the page shows.
type page struct {
	Style     template.CSS
	Origin    string
	Published bool
	Size      uint64
	Root      string
	Time      string // on file no later than; "" without a quorum of witnesses
	Quorum    string
	Broken    string // why the published checkpoint does not verify under the log's own policy
	Witnesses []pageWitness
	VKeys     []string
	Entries   string
}

type pageWitness struct {
	Name, Key, Time, Age string
}

// page is the status page, for people.
func (h *Handler) page(ctx context.Context) (resource, error) {
	view := page{
		Style:   template.CSS(pageStyle), // our own file, not a reader's text
		Origin:  h.config.Log.Origin(),
		Quorum:  h.config.Policy.Quorum,
		Entries: h.config.Metadata.Entries,
	}
	for _, l := range h.config.Policy.Logs {
		view.VKeys = append(view.VKeys, l.Key.String())
	}
	checkpoint, err := h.config.Log.Published(ctx)
	switch {
	case err == nil:
		view.show(h.config.Policy.Examine(checkpoint), time.Now())
	case !errors.Is(err, fs.ErrNotExist):
		return resource{}, err
	}
	var body bytes.Buffer
	if err := pageTemplate.Execute(&body, view); err != nil {
		return resource{}, fmt.Errorf("printing the status page: %w", err)
	}
	return resource{body: body.Bytes(), kind: html, cache: second}, nil
}

const html = "text/html; charset=utf-8"

// show fills in what the published checkpoint says.
func (p *page) show(facts receipt.Report, now time.Time) {
	p.Published = true
	p.Size = facts.Checkpoint.Size
	p.Root = base64.StdEncoding.EncodeToString(facts.Checkpoint.Root[:])
	if err := facts.Err(); err != nil {
		p.Broken = err.Error()
	}
	if !facts.NoLaterThan.IsZero() {
		p.Time = stamp(facts.NoLaterThan)
	}
	for _, w := range facts.Witnesses {
		row := pageWitness{Name: w.Witness.Name, Key: w.Witness.Key.Name, Time: "not on this checkpoint"}
		if w.Err == nil {
			row.Time = stamp(w.Time)
			row.Age = now.Sub(w.Time).Truncate(time.Second).String() + " ago"
		}
		p.Witnesses = append(p.Witnesses, row)
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// securePage sets the headers that only a page needs.
func securePage(header http.Header, kind string) {
	if strings.HasPrefix(kind, "text/html") {
		header.Set("Content-Security-Policy", pagePolicy)
		header.Set("Referrer-Policy", "no-referrer")
	}
}
