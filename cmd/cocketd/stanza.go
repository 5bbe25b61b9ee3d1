// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"time"

	"cocket.example/receipt"
)

// Defaults of the configuration, as package log has them.
const (
	defaultInterval  = 200 * time.Millisecond
	defaultHeartbeat = 10 * time.Minute
)

// stanza returns the lines of this log in a list of logs. It is read back as the list's readers do.
func (c Config) stanza(qpd uint32, contact string) (string, error) {
	names, paths := c.keyFiles()
	l := receipt.ListedLog{Origin: c.Origin, QPD: cmp.Or(qpd, c.qpd()), Contact: contact}
	for i, path := range paths {
		_, key, err := loadKey(path, c.Origin)
		if err != nil {
			return "", fmt.Errorf("%s: %w", names[i], err)
		}
		if i == 0 || receipt.KeyType(key.Type) == receipt.Ed25519 {
			l.Key = key
		}
	}
	read, err := receipt.ParseLogList([]byte("logs/v0\n" + l.String()))
	if err == nil && (len(read) != 1 || read[0] != l) {
		err = fmt.Errorf("%q is no text of one line", contact)
	}
	if err != nil {
		return "", fmt.Errorf("the list would be refused: %w", err)
	}
	return l.String(), nil
}

// qpd is how many checkpoints a day are sent for cosigning at most, if each is cosigned at the first
// request.
func (c Config) qpd() uint32 {
	const day = 24 * time.Hour
	interval := cmp.Or(time.Duration(c.Interval), defaultInterval)
	n := day/interval + day/cmp.Or(time.Duration(c.Heartbeat), defaultHeartbeat) + 1
	return uint32(min(n, receipt.MaxQPD))
}
