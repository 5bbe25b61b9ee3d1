// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// server answers for a log, by asking it or by itself.
type server func(m *memlog, w http.ResponseWriter, r *http.Request)

// after lets the good log answer, changes the answer, and sends it.
func after(change func(r *http.Request, a *httptest.ResponseRecorder)) server {
	return func(m *memlog, w http.ResponseWriter, r *http.Request) {
		a := httptest.NewRecorder()
		m.ServeHTTP(a, r)
		a.Header().Del("Content-Length")
		change(r, a)
		for name, values := range a.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(a.Code)
		w.Write(a.Body.Bytes())
	}
}

// edit changes the bodies of good answers below a path.
func edit(below string, change func(body []byte) []byte) server {
	return after(func(r *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == http.StatusOK && strings.HasPrefix(r.RequestURI, below) && r.Method == http.MethodGet {
			coded := a.Header().Get("Content-Encoding") != ""
			a.Header().Del("Content-Encoding")
			r.Header.Del("Accept-Encoding")
			body := a.Body.Bytes()
			if coded {
				body = unzipped(body)
			}
			if body = change(body); coded {
				a.Header().Set("Content-Encoding", "gzip")
				body = zipped(body)
			}
			a.Body = bytes.NewBuffer(body)
		}
	})
}

// header sets a header, or deletes it, of good answers below a path.
func header(below, name, value string) server {
	return after(func(r *http.Request, a *httptest.ResponseRecorder) {
		if a.Code != http.StatusOK || !strings.HasPrefix(r.RequestURI, below) {
			return
		}
		if a.Header().Del(name); value != "" {
			a.Header().Set(name, value)
		}
	})
}

// alias lets a path that is none be answered as another.
func alias(translate func(uri string) string) server {
	return func(m *memlog, w http.ResponseWriter, r *http.Request) {
		r.RequestURI = translate(r.RequestURI)
		m.ServeHTTP(w, r)
	}
}

// replace lets a part of a path stand for another.
func replace(old, new string) server {
	return alias(func(uri string) string { return strings.ReplaceAll(uri, old, new) })
}

// resign signs another text instead of the checkpoint's.
func resign(change func(m *memlog, text string) string) server {
	return func(m *memlog, w http.ResponseWriter, r *http.Request) {
		if r.RequestURI == "/checkpoint" && r.Method == http.MethodGet {
			m.mu.Lock()
			signed := m.sign(change(m, m.body()))
			m.mu.Unlock()
			edit("/", func([]byte) []byte { return signed })(m, w, r)
			return
		}
		m.ServeHTTP(w, r)
	}
}

// served serves tiles and bundles of whatever is there up to a size, instead of what is signed.
func served(size func(m *memlog, uri string) int) server {
	return func(m *memlog, w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.RequestURI, "/tile/") || r.Method != http.MethodGet {
			m.ServeHTTP(w, r)
			return
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		w.Header().Set("Cache-Control", "no-store")
		m.tile(w, r, size(m, r.RequestURI))
	}
}

// goesBack shows its first checkpoint again, every now and then.
func goesBack() server {
	var mu sync.Mutex
	var asked int
	var first []byte
	return edit("/checkpoint", func(b []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		if asked++; first == nil {
			first = b
		}
		if asked%25 == 0 {
			return first
		}
		return b
	})
}

// gone answers 404 for what is gone, even though it was there.
func gone(is func(m *memlog, uri string) bool) server {
	return func(m *memlog, w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		missing := is(m, r.RequestURI)
		m.mu.Unlock()
		if missing && r.Method == http.MethodGet {
			w.Header().Set("Cache-Control", "no-store")
			http.NotFound(w, r)
			return
		}
		m.ServeHTTP(w, r)
	}
}

// forks shows at size 2 the root of another tree: the first time only, or whenever it is asked.
func forks(always bool) server {
	var mu sync.Mutex
	shown := false
	return resign(func(m *memlog, text string) string {
		mu.Lock()
		defer mu.Unlock()
		if m.signed != 2 || shown && !always {
			return text
		}
		shown = true
		return origin + "\n2\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n"
	})
}
