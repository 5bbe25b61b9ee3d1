// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cocket.example/internal/tile"
)

// files is a log of fixed resources, by path.
func files(t *testing.T, resources map[string]string) *Client {
	return fake(t, func(r *http.Request) (*http.Response, error) {
		body, ok := resources[r.URL.Path]
		if !ok {
			return answer(404, "no such resource"), nil
		}
		return answer(200, body), nil
	})
}

func TestReadTile(t *testing.T) {
	full := string(bytes.Repeat([]byte("h"), 256*32))
	c := files(t, map[string]string{
		"/2027/tile/0/000.p/3":  full[:3*32],
		"/2027/tile/0/001":      full,
		"/2027/tile/0/002.p/3":  full[:3*32-1],
		"/2027/tile/1/x001/234": full,
	})
	for _, test := range []struct {
		level, index uint64
		width, want  int // want -1: refused, -2: does not exist
	}{
		{0, 0, 3, 3},
		{0, 1, 256, 256},
		{0, 1, 7, 7}, // the partial tile is gone, the full one is there
		{1, 1234, 256, 256},
		{0, 2, 3, -1},
		{0, 0, 4, -2},
		{0, 3, 256, -2},
		{0, 0, 0, -1},
		{0, 0, 257, -1},
	} {
		b, err := c.ReadTile(t.Context(), test.level, test.index, test.width)
		switch {
		case test.want >= 0 && (err != nil || len(b) != test.want*32):
			t.Errorf("%+v: %d bytes, %v", test, len(b), err)
		case test.want < 0 && err == nil, errors.Is(err, fs.ErrNotExist) != (test.want == -2):
			t.Errorf("%+v: %v", test, err)
		}
	}
}

func TestReadBundle(t *testing.T) {
	var full []byte
	for range 256 {
		full, _ = tile.AppendEntry(full, []byte("entry"))
	}
	c := files(t, map[string]string{
		"/2027/tile/entries/000.p/2": string(full[:14]),
		"/2027/tile/entries/001":     string(full),
		"/2027/tile/entries/002.p/2": string(full[:15]),
		"/2027/tile/entries/003.p/2": string(full[:13]),
	})
	for index, want := range []int{14, 14, 0, 0, 0} {
		b, err := c.ReadBundle(t.Context(), uint64(index), 2)
		if (err == nil) != (want > 0) || len(b) != want {
			t.Errorf("bundle %d: %d bytes, %v", index, len(b), err)
		}
	}
}

func TestLookup(t *testing.T) {
	c := files(t, map[string]string{
		"/2027/index/0000000000000000000000000000000000000000000000000000000000000000": "12",
		"/2027/index/0100000000000000000000000000000000000000000000000000000000000000": "012",
	})
	if index, ok, err := c.Lookup(t.Context(), [32]byte{}); index != 12 || !ok || err != nil {
		t.Error(index, ok, err)
	}
	if _, ok, err := c.Lookup(t.Context(), [32]byte{1}); ok || err == nil {
		t.Error(ok, err)
	}
	if _, ok, err := c.Lookup(t.Context(), [32]byte{2}); ok || err != nil {
		t.Error(ok, err)
	}
}

func TestMetadata(t *testing.T) {
	c := files(t, map[string]string{"/2027/metadata": `{"origin":"log.example/2027","later":1}`})
	if m, err := c.Metadata(t.Context()); err != nil || m.Origin != "log.example/2027" {
		t.Error(m, err)
	}
	c = files(t, map[string]string{"/2027/metadata": "<html>"})
	if _, err := c.Metadata(t.Context()); err == nil {
		t.Error("HTML passed for metadata")
	}
}

// A receipt is asked for again until it is there, each time for at most a minute.
func TestReceiptWaits(t *testing.T) {
	const checkpoint = "log.example/a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— k AAAAAAA=\n"
	const proof = "c2sp.org/tlog-proof@v1\nindex 0\n\n" + checkpoint
	const batch = "cocket-batch/v1\nrange 0 1\n\n" + checkpoint
	synctest.Test(t, func(t *testing.T) {
		ready := time.Now().Add(90 * time.Second)
		var paths []string
		c := fake(t, func(r *http.Request) (*http.Response, error) {
			paths = append(paths, r.URL.Path)
			wait, err := time.ParseDuration(r.URL.Query().Get("wait"))
			if err != nil || wait <= 0 || wait > time.Minute {
				t.Errorf("wait %q", r.URL.RawQuery)
			}
			time.Sleep(min(wait, max(time.Until(ready), 0)))
			if time.Now().Before(ready) {
				return answer(404, "none yet"), nil
			}
			if strings.HasSuffix(r.URL.Path, "-1") {
				return answer(200, batch), nil
			}
			return answer(200, proof), nil
		})
		if b, err := c.Receipt(t.Context(), 0, 2*time.Minute); err != nil || string(b) != proof {
			t.Errorf("%q, %v", b, err)
		}
		ready = time.Now().Add(90 * time.Second)
		if b, err := c.BatchReceipt(t.Context(), 0, 1, 2*time.Minute); err != nil || string(b) != batch {
			t.Errorf("%q, %v", b, err)
		}
		want := []string{"/2027/receipt/0", "/2027/receipt/0", "/2027/receipt/0-1", "/2027/receipt/0-1"}
		if !slices.Equal(paths, want) {
			t.Errorf("asked for %q, want %q", paths, want)
		}
	})
}

// A log that answers at once, although it was asked to wait, is not hammered.
func TestReceiptPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		c := fake(t, func(*http.Request) (*http.Response, error) {
			requests++
			return answer(404, "none yet"), nil
		})
		start := time.Now()
		_, err := c.Receipt(t.Context(), 3, time.Minute)
		if !errors.Is(err, fs.ErrNotExist) || requests > 30 {
			t.Errorf("%d requests, %v", requests, err)
		}
		if d := time.Since(start); d < time.Minute || d > time.Minute+time.Second {
			t.Errorf("waited %v", d)
		}
	})
}
