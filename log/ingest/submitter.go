// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"cocket.example/declaration"
	"cocket.example/internal/strict"
	"cocket.example/log/internal/web"
)

// Submitter is who may append, and what. A submitter with two tokens stands in the list twice.
type Submitter struct {
	Name        string   // the submitter line of his entries
	TokenSHA256 [32]byte // SHA-256 of his bearer token
	VKey        string   // optional: the key that his entries' signed lines must verify under
	Events      []string // the events that he may log; none listed: all
	Profiles    []string // the profiles that he may use; none listed: all
	Quota       float64  // entries a second on average; 0: no quota
}

// submitter is a Submitter with the state of his quota.
type submitter struct {
	Submitter
	quota
}

func newSubmitters(list []Submitter) ([]*submitter, error) {
	var all []*submitter
	seen := make(map[[32]byte]string)
	for _, s := range list {
		if err := s.validate(); err != nil {
			return nil, fmt.Errorf("submitter %.40q: %w", s.Name, err)
		}
		if other, ok := seen[s.TokenSHA256]; ok {
			return nil, fmt.Errorf("submitters %q and %q have the same token, want one each", other, s.Name)
		}
		seen[s.TokenSHA256] = s.Name
		all = append(all, &submitter{s, quota{rate: s.Quota}})
	}
	return all, nil
}

func (s Submitter) validate() error {
	if err := declaration.CheckSubmitter(s.Name); err != nil {
		return err
	}
	switch {
	case s.TokenSHA256 == [32]byte{}:
		return fmt.Errorf("token_sha256 is missing")
	case s.Quota < 0:
		return fmt.Errorf("quota is negative, want entries a second, or 0 for no quota")
	case s.VKey == "":
		return nil
	}
	key, err := strict.ParseKey(s.VKey)
	if err != nil {
		return err
	}
	if key.Type != strict.Ed25519 {
		return fmt.Errorf("vkey is of type 0x%02x, want 0x01 (Ed25519)", key.Type)
	}
	return nil
}

// authenticate finds the submitter whose token the request bears. Every submitter's hash is
// compared, in constant time, so that the time taken tells nothing of the list.
func (h *Handler) authenticate(w http.ResponseWriter, r *http.Request) (*submitter, error) {
	if r.TLS == nil && !fromLoopback(r) {
		return nil, web.Errorf(http.StatusForbidden,
			"tokens are not taken over clear text, use https (and change this token: it was shown to the network)")
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		token = ""
	}
	hash := sha256.Sum256([]byte(token))
	var who *submitter
	for _, s := range h.submitters {
		if subtle.ConstantTimeCompare(s.TokenSHA256[:], hash[:]) == 1 {
			who = s
		}
	}
	if who == nil || token == "" {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer realm=%q", h.config.Log.Origin()))
		return nil, web.Errorf(http.StatusUnauthorized,
			"no valid token, send Authorization: Bearer and a token that this log's operator gave out")
	}
	return who, nil
}

// fromLoopback reports whether the request never left this machine.
func fromLoopback(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback()
}

// allow checks that the submitter may log this entry.
func (s *submitter) allow(e declaration.Entry) error {
	forbidden := func(format string, args ...any) error {
		return web.Errorf(http.StatusForbidden, format, args...)
	}
	switch {
	case e.Submitter != s.Name:
		return forbidden("line submitter is not the name that your token stands for, want %s", s.Name)
	case len(s.Events) > 0 && !slices.Contains(s.Events, e.Event):
		return forbidden("line event is not granted to you, want %s", strings.Join(s.Events, " or "))
	case len(s.Profiles) > 0 && !slices.Contains(s.Profiles, e.Profile):
		return forbidden("line profile is not granted to you, want %s", strings.Join(s.Profiles, " or "))
	case s.VKey != "" && e.Signed != nil && e.VerifySubmitter(s.VKey) != nil:
		return forbidden("line signed is no valid signature by the key that this log knows you by")
	}
	return nil
}
