// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	"cocket.example/cmd/internal/server"
	"cocket.example/witness"
)

// Limits bound what clients may take, in all and of one address, which is an IPv4 address or a /64
// network of IPv6. Absent, each has its default.
type Limits struct {
	// Connections are open at one time. Default 1536, and never more than the process may open files.
	Connections int `yaml:"connections"`
	// AddressConnections are of one address, unless it is one of TrustedProxies. Default 256.
	AddressConnections int `yaml:"address_connections"`
	// Requests are answered at one time. Default 1024.
	Requests int `yaml:"requests"`
	// AddressRequests are of one address. Default 256.
	AddressRequests int `yaml:"address_requests"`
	// Bodies is how many bytes of requests are in memory. Default 8388608 (8 MiB).
	Bodies int `yaml:"bodies"`
	// AddressBodies are of one address. Default 2097152 (2 MiB).
	AddressBodies int `yaml:"address_bodies"`
	// AddressFaults is how many requests of one address a second may be unreadable, of an unknown log,
	// unsigned, too large or too slow. Default 100; ten seconds' worth may come at once.
	AddressFaults float64 `yaml:"address_faults"`
}

const (
	connections        = 1536
	addressConnections = 256
	// What a client of HTTP/2 may hold by one connection.
	streams = 8
	window  = 64 << 10
)

func (l Limits) check() error {
	least := min(l.Connections, l.AddressConnections, l.Requests, l.AddressRequests, l.Bodies, l.AddressBodies)
	if least < 0 {
		return errors.New("limits: want no negative numbers")
	}
	if l.AddressFaults < 0 || l.AddressFaults > 1e9 {
		return errors.New("limits: address_faults: want a number from 0 to 1000000000")
	}
	return nil
}

// witness returns the part that the witness holds to.
func (l Limits) witness() witness.Limits {
	return witness.Limits{
		Requests: l.Requests, AddressRequests: l.AddressRequests,
		Bodies: l.Bodies, AddressBodies: l.AddressBodies, AddressFaults: l.AddressFaults,
	}
}

// serverLimits returns the part that the server holds to.
func (c Config) serverLimits() (server.Limits, error) {
	proxies, err := server.NewProxies(c.TrustedProxies, c.ClientAddressHeader)
	l := server.Limits{
		Connections: connections, AddressConnections: addressConnections,
		Streams: streams, Window: window, Proxies: proxies,
	}
	if c.Limits.Connections > 0 {
		l.Connections = c.Limits.Connections
	}
	if c.Limits.AddressConnections > 0 {
		l.AddressConnections = c.Limits.AddressConnections
	}
	return l, err
}
