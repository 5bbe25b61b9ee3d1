// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"cocket.example/internal/strict"
)

const (
	// maxBody bounds a request: 16 ML-DSA-44 signature lines and 63 hashes take 57 kB (SN-7).
	maxBody = 128 << 10

	textPlain = "text/plain; charset=utf-8"
	textSize  = "text/x.tlog.size" // exactly, no charset: clients compare it (table row 6)
)

// Handler serves
//
//	POST /add-checkpoint                       c2sp.org/tlog-witness, TW-1 … TW-17
//	POST /sign-subtree                         TW-21 … TW-23, with a key of type 0x06; else 404
//	GET  /<SHA-256 of origin>/checkpoint       the latest cosigned checkpoint, TW-24 … TW-26
//	     /kept/…                               what is kept for other witnesses, see keepRoutes
func (w *Witness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", w.addCheckpoint)
	if len(w.subtrees.keys) > 0 {
		mux.HandleFunc("POST /sign-subtree", w.signSubtree)
	}
	mux.HandleFunc("GET /{origin}/checkpoint", func(rw http.ResponseWriter, r *http.Request) {
		hash, err := strict.HexHash(r.PathValue("origin"))
		origin, ok := w.roster.Load().origins[hash]
		if err != nil || !ok || r.URL.RawPath != "" { // RawPath: the digits are spelled some other way
			writeError(rw, refuse(http.StatusNotFound, "no log of this hash is witnessed here"))
			return
		}
		w.checkpoint(rw, origin)
	})
	w.keepRoutes(mux)
	return w.admit(mux)
}

func (w *Witness) addCheckpoint(rw http.ResponseWriter, r *http.Request) {
	start := time.Now()
	lines, err := w.answer(rw, r)
	status := finish(rw, lines, err)
	w.metrics.count(status, err)
	w.metrics.elapsed.Observe(time.Since(start).Seconds())
}

// finish answers with cosignature lines or the error, and returns the status.
func finish(rw http.ResponseWriter, lines []byte, err error) int {
	if err != nil {
		return writeError(rw, err)
	}
	rw.Header().Set("Content-Type", textPlain)
	rw.Header().Set("Cache-Control", "no-store")
	_, _ = rw.Write(lines) // a client that went away asks again
	return http.StatusOK
}

// limitTime bounds reading the request and, by as much again, writing the answer. Connections that
// know no deadlines, as in tests, need none.
func (w *Witness) limitTime(rw http.ResponseWriter, start time.Time) {
	control := http.NewResponseController(rw)
	_ = control.SetReadDeadline(start.Add(w.config.Timeout))
	_ = control.SetWriteDeadline(start.Add(2 * w.config.Timeout))
}

// answer takes a request through the table of c2sp.org/tlog-witness. The cosignature lines that it
// returns are durable.
func (w *Witness) answer(rw http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := readBody(rw, r)
	if err != nil {
		return nil, err
	}
	select { // slow bodies take no place: what they take of the memory is bounded
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
	default:
		return nil, limited(http.StatusServiceUnavailable, manyRequests, time.Second)
	}
	request, err := w.accept(body)
	if err != nil {
		return nil, err
	}
	lines, err := w.cosign(r.Context(), request)
	w.report(request, err)
	return lines, err
}

func readBody(rw http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refuse(http.StatusRequestEntityTooLarge, "body of more than %d bytes", maxBody)
	case errors.As(err, new(*refusal)):
		return nil, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, refuse(http.StatusRequestTimeout, "the body did not arrive in time")
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "the body could not be read")
	}
	return body, nil
}

// report logs what became of a request that a configured log has signed, and keeps a checkpoint that
// conflicts.
func (w *Witness) report(r request, err error) {
	origin := r.checkpoint.Origin
	logger := w.config.Logger.With("origin", origin, "size", r.checkpoint.Size)
	var refused *refusal
	switch {
	case err == nil:
		logger.Debug("cosigned")
	case !errors.As(err, &refused):
		logger.Error("not cosigned", "err", err)
	case refused.kind != none:
		w.keep(logger, r, refused)
	case refused.status == http.StatusServiceUnavailable && !refused.logged:
		logger.Error("not cosigned", "err", err)
	default:
		logger.Debug("refused", "status", refused.status, "err", err)
	}
}

func (w *Witness) keep(logger *slog.Logger, r request, refused *refusal) {
	var offered strings.Builder
	offered.Write(r.checkpoint.Body())
	offered.WriteByte('\n')
	for _, s := range r.signatures {
		offered.WriteString(s.String())
	}
	kind, proof := refused.kind, ""
	if f, err := r.convict(refused.held, []byte(offered.String())); err == nil {
		kind, proof = fork, string(f.Bytes())
	}
	kept, err := w.config.State.keep(kind, r.checkpoint.Body(), Evidence{
		Origin:  r.checkpoint.Origin,
		Kind:    kind.String(),
		Time:    w.config.Now().UTC(),
		Held:    string(refused.held.note),
		Offered: offered.String(),
		Proof:   proof,
	})
	switch {
	case err != nil:
		logger.Error("conflicting checkpoint could not be kept", "kind", kind.String(), "err", err)
	case kept:
		logger.Warn("conflicting checkpoint kept as evidence", "kind", kind.String())
	}
}

// checkpoint answers the monitoring GET.
func (w *Witness) checkpoint(rw http.ResponseWriter, origin string) {
	held, err := w.visible(origin)
	if err == nil && held.note == nil {
		err = refuse(http.StatusNotFound, "no checkpoint of %s was cosigned yet", origin)
	}
	if err != nil {
		writeError(rw, err)
		return
	}
	rw.Header().Set("Cache-Control", "public, max-age=5")
	writeNote(rw, held.note)
}

// writeNote answers with a checkpoint.
func writeNote(rw http.ResponseWriter, note []byte) {
	rw.Header().Set("Content-Type", textPlain)
	rw.Header().Set("Access-Control-Allow-Origin", "*") // for explorers in a browser
	_, _ = rw.Write(note)
}

// writeError answers with one line and returns its status. Only a refusal speaks for itself; any
// other error is the operator's, and in the log.
func writeError(rw http.ResponseWriter, err error) int {
	var refused *refusal
	if !errors.As(err, &refused) {
		refused = refuse(http.StatusServiceUnavailable, "this witness cannot sign at present")
	}
	contentType, text := textPlain, strings.ReplaceAll(refused.text, "\n", "; ")
	switch refused.status {
	case http.StatusConflict:
		contentType, text = textSize, strconv.FormatUint(refused.held.checkpoint.Size, 10)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		seconds := max(1, int64(math.Ceil(refused.retry.Seconds())))
		rw.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	rw.Header().Set("Content-Type", contentType)
	rw.Header().Set("Cache-Control", "no-store")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	rw.WriteHeader(refused.status)
	_, _ = io.WriteString(rw, text+"\n")
	return refused.status
}
