// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Metadata is what a log says of itself to programs, as JSON. Nothing in it needs to be believed:
// a verifier has the keys and the policy from elsewhere.
type Metadata struct {
	Origin       string   `json:"origin"`
	VKeys        []string `json:"vkeys"`         // the log's own keys
	Policy       string   `json:"policy"`        // c2sp.org/tlog-policy
	Entries      string   `json:"entries"`       // declarations or any
	Profiles     []string `json:"profiles"`      // of declarations
	MinimumIndex uint64   `json:"minimum_index"` // always 0: nothing is pruned (TT-20)
	Limits       Limits   `json:"limits"`
}

// Limits of requests.
type Limits struct {
	EntryBytes   int `json:"entry_bytes"`
	BatchEntries int `json:"batch_entries"`
	BatchBytes   int `json:"batch_bytes"` // decoded
	WaitSeconds  int `json:"wait_seconds"`
}

// metadata completes the metadata and prints it.
func (c Config) metadata() ([]byte, error) {
	m := c.Metadata
	if m.Limits.EntryBytes < 1 {
		return nil, errors.New("metadata without limits: the size of a bundle could not be bounded")
	}
	m.Origin = c.Log.Origin()
	m.Policy = c.Policy.String()
	for _, l := range c.Policy.Logs {
		m.VKeys = append(m.VKeys, l.Key.String())
	}
	body, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("printing the metadata: %w", err)
	}
	return append(body, '\n'), nil
}
