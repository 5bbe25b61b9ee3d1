// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"time"
)

// WriteTimeout is how long a client may take to read one answer, which is kept in memory that long.
const WriteTimeout = time.Minute

// Send sends an answer whose headers are set. That the client has gone is no error of anybody's:
// whatever was to be said, it may ask again.
func Send(w http.ResponseWriter, status int, body []byte) {
	limitWrite(w)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// KeepOpen sets the deadline for whatever else the client sends while it waits for an answer. A
// server's own deadline, made for bodies, would end the longest wait.
func KeepOpen(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(MaxWait + WriteTimeout))
}

// limitWrite sets the deadline anew for every answer: the time to read a body and to wait does not
// count. Where no deadline can be set there is no slow client either.
func limitWrite(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(WriteTimeout))
}
