// SPDX-License-Identifier: Apache-2.0

package policycheck

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"cocket.example/receipt"
)

// warnings lists what the format allows and a verifier should know.
func (t tree) warnings() []string {
	return slices.Concat(t.ofQuorum(), t.ofOperators(), t.ofLogs(), t.ofURLs())
}

// ofQuorum warns of quorums that are easily satisfied, or easily out of reach.
func (t tree) ofQuorum() (list []string) {
	if t.policy.Quorum == "none" {
		return []string{"quorum none: nobody vouches that the log shows everyone the same tree, and no " +
			"receipt proves a time. Name witnesses, and a quorum of more than half of them"}
	}
	if t.fewest() == 1 {
		list = append(list, "a single witness satisfies the quorum: the log and that witness together can "+
			"make receipts for anything at any time. Ask for more than half of several witnesses")
	}
	if t.splits() {
		list = append(list, "two sets of witnesses without a common one satisfy the quorum: a log can show "+
			"two trees while every witness is honest. Ask for more than half of them")
	}
	for _, name := range t.alone() {
		list = append(list, fmt.Sprintf("without witness %s the quorum cannot be reached: if it ends, nothing "+
			"new can be proven", name))
	}
	for _, w := range t.policy.Witnesses {
		if !t.counts(w.Name) {
			list = append(list, fmt.Sprintf("witness %s is not counted: the quorum %s does not lead to it. Make it "+
				"a member of a group that does", w.Name, t.policy.Quorum))
		}
	}
	for _, g := range t.policy.Groups {
		if !t.counts(g.Name) {
			list = append(list, fmt.Sprintf("group %s is not counted: the quorum %s does not lead to it",
				g.Name, t.policy.Quorum))
		}
	}
	return list
}

// ofOperators warns of witnesses that seem to be one operator's, by the hosts in their key names and
// URLs, and count more than once; and of those that seem to be the log's own.
func (t tree) ofOperators() (list []string) {
	if t.policy.Quorum == "none" {
		return nil
	}
	own := make(map[string]bool)
	for _, l := range t.policy.Logs {
		own[nameHost(l.Key.Name)], own[urlHost(l.URL)] = true, true
	}
	at := make(map[string][]string) // parties, by host
	var order []string
	for _, p := range t.parties {
		if !t.counts(p.name) {
			continue
		}
		for _, host := range p.hosts() {
			if own[host] {
				list = append(list, fmt.Sprintf("witness %s is at the log's own host %s: a log cannot be its own "+
					"witness", p.name, host))
			}
			if at[host] == nil {
				order = append(order, host)
			}
			at[host] = append(at[host], p.name)
		}
	}
	for _, host := range order {
		if a, b, ok := t.twice(at[host]); ok {
			list = append(list, fmt.Sprintf("witnesses %s and %s are both at %s and count as two: if one operator "+
				"has both, join them by a line \"group <name> any %s %s\" and count that", a, b, host, a, b))
		}
	}
	return list
}

// hosts lists the hosts in the key names and URLs of a party, each once.
func (p party) hosts() (list []string) {
	for _, w := range p.witnesses {
		for _, host := range []string{nameHost(w.Key.Name), urlHost(w.URL)} {
			if host != "" && !slices.Contains(list, host) {
				list = append(list, host)
			}
		}
	}
	return list
}

// twice finds two of the parties that can both be needed for one quorum.
func (t tree) twice(names []string) (a, b string, ok bool) {
	for i, a := range names {
		for _, b := range names[i+1:] {
			if t.together(a, b) {
				return a, b, true
			}
		}
	}
	return "", "", false
}

// nameHost is the host in a key name, which by custom is an address without scheme.
func nameHost(name string) string {
	host, _, _ := strings.Cut(name, "/")
	return strings.ToLower(host)
}

func urlHost(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// ofLogs warns of logs without a key, and of periods that leave gaps or overlap.
func (t tree) ofLogs() (list []string) {
	if len(t.policy.Logs) == 0 {
		list = append(list, "no log: no checkpoint satisfies this policy until a line \"log <vkey>\" names one")
	}
	origins := make(map[string][]receipt.Log)
	for _, l := range t.policy.Logs {
		origins[l.Key.Name] = append(origins[l.Key.Name], l)
		if l.Period.To != 0 && l.Period.Until.IsZero() && t.policy.Quorum != "none" {
			list = append(list, fmt.Sprintf("key %s ends at size %d and at no time: whoever stole it can still sign "+
				"another tree of up to that size. Add \"until <time>\"", id(l.Key), l.Period.To))
		}
	}
	for _, l := range t.policy.Logs {
		list = append(list, ofOrigin(origins[l.Key.Name])...)
		delete(origins, l.Key.Name)
	}
	return list
}

// ofOrigin warns of the keys of one log: sizes for which none is good, and those for which two of one
// type are. At the one size where a key ends and the next begins both are.
func ofOrigin(logs []receipt.Log) (list []string) {
	slices.SortStableFunc(logs, func(a, b receipt.Log) int { return cmp.Compare(a.Period.From, b.Period.From) })
	next := uint64(0) // the smallest size without a key so far
	for i, l := range logs {
		if l.Period.From > next {
			list = append(list, fmt.Sprintf("no key of %s is good for sizes %d..%d", l.Key.Name, next, l.Period.From-1))
		}
		next = max(next, end(l))
		for _, other := range logs[:i] { // one of them is enough to say
			if other.Key.Type == l.Key.Type && end(other) > l.Period.From+1 && end(l) > l.Period.From+1 {
				list = append(list, fmt.Sprintf("keys %s and %s are good for the same sizes, from %d on. If one is "+
					"a former key, bound it by a period", id(other.Key), id(l.Key), l.Period.From))
				break
			}
		}
	}
	if len(logs) > 0 && next != endless {
		list = append(list, fmt.Sprintf("no key of %s is good for more than %d entries: the log has ended, or the "+
			"line of its new key is missing", logs[0].Key.Name, next-1))
	}
	return list
}

const endless = 1 << 63 // no tree is so large

// end is the smallest size for which a key is not good any more.
func end(l receipt.Log) uint64 {
	if l.Period.To == 0 {
		return endless
	}
	return l.Period.To + 1
}

func id(k receipt.VerifierKey) string { return fmt.Sprintf("%s+%08x", k.Name, k.ID) }

// ofURLs warns of addresses that cannot be used, or not safely.
func (t tree) ofURLs() (list []string) {
	for _, l := range t.policy.Logs {
		if w := ofURL(l.URL); w != "" {
			list = append(list, fmt.Sprintf("log %s: %s", l.Key.Name, w))
		}
	}
	for _, w := range t.policy.Witnesses {
		if warning := ofURL(w.URL); warning != "" {
			list = append(list, fmt.Sprintf("witness %s: %s", w.Name, warning))
		}
	}
	return list
}

func ofURL(s string) string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Sprintf("%.80q is no address such as https://host.example/prefix", s)
	case u.RawQuery != "" || u.User != nil:
		return fmt.Sprintf("%.80q has a user or a query, want a prefix to which paths are added", s)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return fmt.Sprintf("%.80q is not encrypted: whoever is on the way can read and hold up. Use https", s)
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
