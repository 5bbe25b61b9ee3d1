// SPDX-License-Identifier: Apache-2.0

// Package address tells clients apart for limits.
package address

import "net/netip"

// Of returns whom a limit counts as one: an IPv4 address, or the /64 network of an IPv6 address,
// because that is what one customer gets. remote is an address with a port, as of a net.Conn or a
// http.Request, or without; what is none is the zero address.
func Of(remote string) netip.Addr {
	at, err := netip.ParseAddrPort(remote)
	address := at.Addr()
	if err != nil {
		if address, err = netip.ParseAddr(remote); err != nil {
			return netip.Addr{}
		}
	}
	address = address.Unmap().WithZone("")
	if address.Is6() {
		network, _ := address.Prefix(64) // fails for more than 128 bits only
		return network.Addr()
	}
	return address
}
