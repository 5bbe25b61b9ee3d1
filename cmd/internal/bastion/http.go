// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"net/http"
	"net/netip"
	"time"
)

const (
	pingAfter = 15 * time.Second // of silence, a ping is sent
	pingWait  = 15 * time.Second // for its answer; then the connection is closed
	// maxStreams bounds the requests that the one connection carries at a time.
	maxStreams = 1024
)

// Configure makes a server speak HTTP/2 on the connections of a Listener and on nothing else, and
// keep them while nobody asks. Its deadlines for requests and answers hold for each request.
func Configure(s *http.Server) {
	s.Protocols = new(http.Protocols)
	s.Protocols.SetUnencryptedHTTP2(true) // to the server it is: the Listener speaks TLS
	s.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams: maxStreams, SendPingTimeout: pingAfter, PingTimeout: pingWait,
	}
	s.IdleTimeout = -1
	s.Handler = forwarded(s.Handler)
}

// forwarded makes the address of the bastion's client, which it states in exactly one X-Forwarded-For
// (HB-5), that of the request. Without it, the request is the bastion's own. Nowhere but on a
// connection to a bastion is that header worth anything.
func forwarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if stated := r.Header.Values("X-Forwarded-For"); len(stated) == 1 {
			if client, err := netip.ParseAddr(stated[0]); err == nil {
				r.RemoteAddr = netip.AddrPortFrom(client.Unmap().WithZone(""), 0).String()
			}
		}
		h.ServeHTTP(w, r)
	})
}
