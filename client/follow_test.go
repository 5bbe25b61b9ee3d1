// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"cocket.example/client"
)

// TestFollower goes along with a log that grows, through every kind of size, and not a step with one
// that does not; after a refusal it believes what it believed before.
func TestFollower(t *testing.T) {
	k := newKeys("log.example", 1)
	whole, fork := newBook(k, 800, -1), newBook(k, 800, 5)
	var shown atomic.Pointer[harm]
	s := listen(t, map[string]harm{"log": func(c *net.TCPConn, path string) { (*shown.Load())(c, path) }})
	c, err := client.New(client.Config{URL: s.url + "/log", Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	f := &client.Follower{Client: c, Policy: k.policy}
	for _, test := range []struct {
		log  *book
		size uint64
		want error
	}{
		{whole, 0, nil}, {whole, 1, nil}, {whole, 1, nil}, {whole, 255, nil}, {whole, 256, nil}, {fork, 300, client.ErrFork},
		{whole, 257, nil}, {whole, 512, nil}, {fork, 700, client.ErrFork}, {fork, 512, client.ErrFork},
		{whole, 511, client.ErrStale}, {whole, 700, nil}, {whole, 800, nil},
	} {
		now := instead(test.log, "/checkpoint", answer("200 OK", test.log.checkpoint(test.size)))
		shown.Store(&now)
		trusted, err := f.Next(t.Context())
		if !errors.Is(err, test.want) || err == nil && trusted.Report().Checkpoint.Size != test.size {
			t.Errorf("size %d: %v, want %v", test.size, err, test.want)
		}
	}
}
