// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are reverse proxies that say for whom they speak. The zero value is none, and no header is
// believed.
type Proxies struct {
	Trusted []netip.Prefix
	Header  string // default X-Forwarded-For
}

// NewProxies reads addresses and networks, such as 10.0.0.1 and 10.0.0.0/8.
func NewProxies(trusted []string, header string) (Proxies, error) {
	p := Proxies{Header: header}
	for i, text := range trusted {
		network, err := netip.ParsePrefix(text)
		if address, e := netip.ParseAddr(text); e == nil && address.Zone() == "" {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil || network != network.Masked() {
			return p, fmt.Errorf("trusted_proxies[%d]: %.60q, want an address or a network such as 10.0.0.0/8", i, text)
		}
		p.Trusted = append(p.Trusted, network)
	}
	if header != "" && len(trusted) == 0 {
		return p, fmt.Errorf("client_address_header: want trusted_proxies, whose word it is")
	}
	return p, nil
}

// trusts reports whether an address with a port is that of a proxy.
func (p Proxies) trusts(remote string) bool {
	at, err := netip.ParseAddrPort(remote)
	return err == nil && p.trusted(at.Addr())
}

func (p Proxies) trusted(address netip.Addr) bool {
	for _, network := range p.Trusted {
		if network.Contains(address.Unmap().WithZone("")) {
			return true
		}
	}
	return false
}

// handler puts the client into RemoteAddr of the requests that proxies pass on:
//
//	X-Forwarded-For: forged, client, outer proxy      connection: inner proxy
//	                         ◀────── from the right, as long as the address is a proxy's
//
// What stands left of the first address that is no proxy's is that client's own word. Where something
// else than an address stands, the proxy that passed it on is the client.
func (p Proxies) handler(next http.Handler) http.Handler {
	if len(p.Trusted) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.trusts(r.RemoteAddr) {
			r.RemoteAddr = p.client(r)
		}
		next.ServeHTTP(w, r)
	})
}

func (p Proxies) client(r *http.Request) string {
	name := p.Header
	if name == "" {
		name = "X-Forwarded-For"
	}
	hops := strings.Split(strings.Join(r.Header.Values(name), ","), ",")
	client := r.RemoteAddr
	for i := len(hops) - 1; i >= 0; i-- {
		address, err := netip.ParseAddr(strings.Trim(hops[i], " \t"))
		if err != nil {
			break
		}
		client = net.JoinHostPort(address.String(), "0")
		if !p.trusted(address) {
			break
		}
	}
	return client
}
