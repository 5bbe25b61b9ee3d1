// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
)

// Tag is a blinded index key: HMAC-SHA256 of a value under a key that its holder shares with those
// who may look it up.
type Tag struct {
	Key   [32]byte
	Value string
}

// tag fills the tag lines, in the table's order.
func (c *content) tag(rand io.Reader, given map[string]Tag) error {
	for name := range given {
		if !slices.Contains(c.table.Tags, name) {
			return invalid("tag %q is not of this profile, which has %q", name, c.table.Tags)
		}
	}
	for _, name := range c.table.Tags {
		var sum Hash
		if t, ok := given[name]; ok {
			sum = TagOf(t.Key, c.entry.Log, name, t.Value)
			c.tags = append(c.tags, openTag{Name: name, Key: encode(t.Key[:])})
		} else if _, err := io.ReadFull(rand, sum[:]); err != nil {
			return fmt.Errorf("random tag: %w", err)
		}
		c.entry.Tags = append(c.entry.Tags, sum)
	}
	return nil
}

// TagOf computes a tag, which whoever holds the key can look up.
func TagOf(key [32]byte, origin, name, value string) Hash {
	mac := hmac.New(sha256.New, key[:])
	fmt.Fprintf(mac, "%s tag\n%s\n%s\n%s", entryHeader, origin, name, value)
	return Hash(mac.Sum(nil))
}
