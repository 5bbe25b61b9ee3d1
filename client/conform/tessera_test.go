// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"cocket.example/client/conform"
	"cocket.example/receipt"
)

// tesseraLog is a small server on Tessera's POSIX storage: it serves the files of the directory with
// the headers that Tessera's own example sets, and takes entries at POST /add.
func tesseraLog(t *testing.T, dir string) (url string, key receipt.VerifierKey) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	driver := must(posix.New(ctx, posix.Config{Path: dir}))
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(must(note.NewSigner(skey))).
		WithCheckpointInterval(500*time.Millisecond).
		WithBatching(256, 50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add", func(w http.ResponseWriter, r *http.Request) {
		body := must(io.ReadAll(r.Body))
		index, err := appender.Add(r.Context(), tessera.NewEntry(body))()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, index.Index)
	})
	files := http.FileServer(http.Dir(dir))
	mux.Handle("GET /checkpoint", kept("no-cache", files))
	mux.Handle("GET /tile/", kept("max-age=31536000, immutable", files))
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.Close()
		if err := shutdown(ctx); err != nil {
			t.Error(err)
		}
		stop()
	})
	return server.URL, must(receipt.ParseVerifierKey(vkey))
}

func kept(cacheControl string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", cacheControl)
		h.ServeHTTP(w, r)
	})
}

// pythonServer serves a directory as "python3 -m http.server" does.
func pythonServer(t *testing.T, dir string) (url string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skipf("python3 is not here: %v", err)
	}
	cmd := exec.Command(python, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", dir, "0")
	out := must(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // ended by the signal
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	port := regexp.MustCompile(`port (\d+)`).FindStringSubmatch(line)
	if err != nil || port == nil {
		t.Fatalf("python3 said %q: %v", line, err)
	}
	return "http://127.0.0.1:" + port[1]
}

// TestOtherServers: on real servers that were made without this judge, it finds what is wrong, and
// what is good passes.
func TestOtherServers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url, key := tesseraLog(t, dir)
	t.Run("tessera", func(t *testing.T) {
		r, err := conform.Run(t.Context(), conform.Config{URL: url, Add: url, Keys: []receipt.VerifierKey{key},
			Interval: time.Millisecond, Grace: -1})
		wantFailed(t, r, err, "L07", "L08", "L09", "L10", "L11")
	})
	t.Run("python", func(t *testing.T) {
		r, err := conform.Run(t.Context(), conform.Config{URL: pythonServer(t, dir), Keys: []receipt.VerifierKey{key},
			Interval: time.Millisecond}.Quick())
		wantFailed(t, r, err, "L01", "L07", "L10", "L11", "L12")
	})
}

func wantFailed(t *testing.T, r conform.Report, err error, want ...string) {
	t.Helper()
	if got := failed(r); err != nil || !slices.Equal(got, want) {
		t.Errorf("failed %v, want %v, error %v", got, want, err)
	}
	tell(t, r)
}
