// SPDX-License-Identifier: Apache-2.0

package cosign

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cocket.example/receipt"
)

// adversaries are witnesses that try to hold back or to spoil a publication (TW-18 … TW-20).
var adversaries = map[string]func(*receipt.Cosigner) http.HandlerFunc{
	"junk behind a valid line": text(func(line string) string { return line + "evil\n\n— x y\n" }),
	"an empty line":            text(func(line string) string { return line + "\n" }),
	"no line":                  text(func(string) string { return "" }),
	"the line twice":           text(func(line string) string { return line + line }),
	"CR LF":                    text(func(line string) string { return strings.ReplaceAll(line, "\n", "\r\n") }),
	"a gibibyte": answers(func(w http.ResponseWriter, line string, _ receipt.Checkpoint, _ *receipt.Cosigner) {
		for range 1 << 14 {
			if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<16)); err != nil {
				return
			}
		}
	}),
	"a drip": func(c *receipt.Cosigner) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				select {
				case <-time.After(20 * time.Millisecond):
				case <-r.Context().Done():
				}
			}
		}
	},
	"silence": func(c *receipt.Cosigner) http.HandlerFunc {
		return func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // so that the server sees the client go
			<-r.Context().Done()
		}
	},
	"409 with a huge size":      conflict("1152921504606846976\n"),
	"409 with a size above all": conflict("99999999999999999999\n"),
	"409 for ever":              conflict("0\n"),
	"409 without a size": answers(func(w http.ResponseWriter, _ string, _ receipt.Checkpoint, _ *receipt.Cosigner) {
		w.WriteHeader(409)
	}),
	"a redirect": func(*receipt.Cosigner) http.HandlerFunc {
		return http.RedirectHandler("http://127.0.0.1:1/", http.StatusTemporaryRedirect).ServeHTTP
	},
	"500": func(*receipt.Cosigner) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }
	},
	"endless headers":     hijacked("HTTP/1.1 200 OK\r\n", "A: b\r\n"),
	"endless hints":       hijacked("", "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"),
	"endless error":       hijacked("HTTP/1.1 500 Bad\r\n\r\n", "x"),
	"escapes in a header": hijacked("HTTP/1.1 200 OK\r\n\x1b[2J\r\n\r\n", "x"),
	"switched protocols":  hijacked("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", ""),
	"a bomb": answers(func(w http.ResponseWriter, line string, _ receipt.Checkpoint, _ *receipt.Cosigner) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		for range 64 {
			z.Write(make([]byte, 1<<20))
		}
		z.Close()
	}),
	"a broken signature": answers(func(w http.ResponseWriter, line string, _ receipt.Checkpoint, c *receipt.Cosigner) {
		lines, _ := receipt.ParseSignatures([]byte(line))
		lines[0].Sig[40] ^= 1
		io.WriteString(w, lines[0].String())
	}),
	"another checkpoint": answers(func(w http.ResponseWriter, _ string, cp receipt.Checkpoint, c *receipt.Cosigner) {
		cp.Size++
		s, _ := c.Cosign(cp, time.Now())
		io.WriteString(w, s.String())
	}),
	"another key": answers(func(w http.ResponseWriter, _ string, cp receipt.Checkpoint, _ *receipt.Cosigner) {
		skey, _, _ := receipt.GenerateKey(rand.Reader, receipt.Cosignature, "witness.example/other")
		c, _ := receipt.NewCosigner(skey)
		s, _ := c.Cosign(cp, time.Now())
		io.WriteString(w, s.String())
	}),
}

// hijacked sends a beginning, then the same over and over again, or nothing, until the client closes.
func hijacked(beginning, over string) func(*receipt.Cosigner) http.HandlerFunc {
	return func(*receipt.Cosigner) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(time.Minute))
			_, err = io.WriteString(conn, beginning)
			for more := []byte(strings.Repeat(over, 1000)); err == nil && len(more) > 0; {
				_, err = conn.Write(more)
			}
			io.Copy(io.Discard, conn)
		}
	}
}

// TestAdversary: publication goes on with the others, within its bound, and what is published
// verifies for every client, whatever one witness answers.
func TestAdversary(t *testing.T) {
	for name, handler := range adversaries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.add("evil", handler)
			b.add("w1", honest)
			b.add("w2", honest)
			g := b.quorum(2)
			for size := uint64(1); size <= 3; size++ {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				cosigned, err := g.Cosign(ctx, b.signed(size))
				cancel()
				if err != nil {
					t.Fatal(err)
				}
				b.verifies(cosigned, "evil")
			}
		})
	}
}
