// SPDX-License-Identifier: Apache-2.0

package peer

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// runEmpty serves a handler that reads the body and answers: what HTTP alone costs.
func runEmpty(ctx context.Context, _ Spec, tell say) error {
	return serve(ctx, tell, func(w http.ResponseWriter, r *http.Request) {
		if _, ok := readBody(w, r); ok {
			io.WriteString(w, "12345678") // a client that has gone needs no answer
		}
	})
}

// maxBody bounds a request: a batch of a thousand entries and more.
const maxBody = 1 << 20

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "reading the body failed", http.StatusBadRequest)
	}
	return body, err == nil
}

// serve serves a handler on loopback until ctx ends.
func serve(ctx context.Context, tell say, handler http.HandlerFunc) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := tell(Event{Address: listener.Addr().String()}); err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
