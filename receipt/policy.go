// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cocket.example/internal/strict"
)

// maxPolicy bounds a policy's text in bytes.
const maxPolicy = 1 << 20

// Policy says which logs and witnesses are trusted, and which cosignatures together suffice
// (c2sp.org/tlog-policy). ParsePolicy makes one and is what refuses a policy that trusts too easily.
type Policy struct {
	Logs      []Log
	Witnesses []Witness
	Groups    []Group
	Quorum    string // the name of a witness or group, or "none"
}

// Log is a line "log <vkey> [<url>]". Any one of the policy's logs may have signed (TP-3). A log that
// changed its key has several, each with its period.
type Log struct {
	Key    VerifierKey
	URL    string // prefix of the log; may be empty
	Period Period // what the key is good for; zero: everything
}

// Witness is a line "witness <name> <vkey> [<url>]".
type Witness struct {
	Name string // the policy's own name for it
	Key  VerifierKey
	URL  string // submission prefix; may be empty
}

// Group is a line "group <name> all|any|<k> <member>…": satisfied by Threshold of its members.
type Group struct {
	Name      string
	Threshold int // 1 ≤ Threshold ≤ len(Members)
	Members   []string
}

// ParsePolicy parses a policy (TP-1 … TP-13); its error is the first of FindFaults. Where the
// specification leaves room: names "none", "all" and "any" are refused, thresholds have no leading
// zeros, the last line ends in LF, "#" stands in comments only, and a witness with two keys is two
// witnesses, to be put into an "any" group.
func ParsePolicy(b []byte) (Policy, error) {
	p, faults := parsePolicy(b)
	if len(faults) > 0 {
		return Policy{}, faults[0]
	}
	return p, nil
}

type policyParser struct {
	policy  Policy
	names   map[string]bool   // of witnesses and groups (TP-7)
	member  map[string]bool   // of some group (TP-7)
	keys    map[string]bool   // raw public keys (TP-8), and names with ids (SN-18)
	roles   map[string]string // of the names of keys
	number  int               // of the line, from 1
	above   *Log              // whose line is directly above; one without a key if that line is faulty
	until   int               // the first line with a period that ends at some time
	quorums int               // lines with a quorum, good or not
}

func (p *policyParser) line(line string) error {
	above := p.above
	p.above = nil
	for i := range len(line) {
		if c := line[i]; c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("control character 0x%02x (TP-2)", c)
		}
	}
	fields := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(fields) == 0 {
		return nil
	}
	if fields[0][0] == '#' {
		return p.comment(line, above)
	}
	if strings.Contains(line, "#") {
		return errors.New(`"#" within a line: comments have lines of their own (TP-1)`)
	}
	return p.statement(fields[0], fields[1:])
}

// statement parses a line that is no comment. A faulty one still takes its name, so that one mistake
// is one fault.
func (p *policyParser) statement(keyword string, args []string) (err error) {
	switch keyword {
	case "log":
		p.above = &Log{}
		return p.log(args)
	case "witness":
		err = p.witness(args)
	case "group":
		err = p.group(args)
	case "quorum":
		return p.quorum(args)
	default:
		if strings.HasPrefix(keyword, "PRIVATE+KEY+") {
			return errors.New("a secret key, which belongs in no policy: want log, witness, group or quorum")
		}
		return errors.New("unknown keyword, want log, witness, group or quorum") // not shown: it may be a secret
	}
	if len(args) > 0 {
		p.names[args[0]] = true
	}
	return err
}

// comment passes over a comment, unless it is the period of the log above.
func (p *policyParser) comment(line string, above *Log) (err error) {
	switch {
	case !isPeriod(line), above != nil && above.Key.Name == "":
		return nil
	case above == nil:
		return errors.New("a period stands directly below the line of its log")
	}
	above.Period, err = parsePeriod(line, above.Key)
	if !above.Period.Until.IsZero() && p.until == 0 {
		p.until = p.number
	}
	return err
}

func (p *policyParser) log(args []string) error {
	if len(args) != 1 && len(args) != 2 {
		return errors.New("want: log <vkey> [<url>] (TP-3)")
	}
	key, err := p.key("log", args[0], Ed25519, MLDSA44)
	if err != nil {
		return err
	}
	p.policy.Logs = append(p.policy.Logs, Log{Key: key, URL: strings.Join(args[1:], "")})
	p.above = &p.policy.Logs[len(p.policy.Logs)-1]
	return nil
}

func (p *policyParser) witness(args []string) error {
	if len(args) != 2 && len(args) != 3 {
		return errors.New("want: witness <name> <vkey> [<url>] (TP-4)")
	}
	if err := p.define(args[0]); err != nil {
		return err
	}
	key, err := p.key("witness", args[1], Cosignature, MLDSA44)
	if err != nil {
		return err
	}
	p.policy.Witnesses = append(p.policy.Witnesses, Witness{args[0], key, strings.Join(args[2:], "")})
	return nil
}

func (p *policyParser) group(args []string) error {
	if len(args) < 3 {
		return errors.New("want: group <name> all|any|<k> <member>… (TP-5)")
	}
	g := Group{Name: args[0], Members: args[2:]}
	switch args[1] {
	case "all":
		g.Threshold = len(g.Members)
	case "any":
		g.Threshold = 1
	default:
		k, err := strict.Decimal(args[1])
		if err != nil || k < 1 || k > uint64(len(g.Members)) {
			return fmt.Errorf("threshold %.20q, want all, any or 1 … %d (TP-5)", args[1], len(g.Members))
		}
		g.Threshold = int(k)
	}
	for _, m := range g.Members {
		if !p.names[m] {
			return fmt.Errorf("member %s is not defined on an earlier line (TP-5)", shown(m))
		}
		if p.member[m] {
			return fmt.Errorf("%s is a member already: each counts once (TP-7)", shown(m))
		}
		p.member[m] = true
	}
	if err := p.define(g.Name); err != nil {
		return err
	}
	p.policy.Groups = append(p.policy.Groups, g)
	return nil
}

func (p *policyParser) quorum(args []string) error {
	p.quorums++
	switch {
	case len(args) != 1:
		return errors.New("want: quorum <name>|none (TP-6)")
	case p.quorums > 1:
		return errors.New("a second quorum line (TP-6)")
	case args[0] != "none" && !p.names[args[0]]:
		return fmt.Errorf("quorum %s is not defined on an earlier line (TP-6)", shown(args[0]))
	}
	p.policy.Quorum = args[0]
	return nil
}

// shown quotes a name, unless it may be a secret that stands in the wrong place.
func shown(name string) string {
	if len(name) > 32 || strings.Contains(name, "+") {
		return fmt.Sprintf("of %d bytes", len(name))
	}
	return strconv.Quote(name)
}

// define takes a name for a witness or group.
func (p *policyParser) define(name string) error {
	if name == "none" || name == "all" || name == "any" {
		return fmt.Errorf("the name %q is reserved (TP-6)", name)
	}
	if p.names[name] {
		return fmt.Errorf("the name %s is taken (TP-7)", shown(name))
	}
	p.names[name] = true
	return nil
}

// key parses the key for a role. No other line may have the same public key, or a name and id that are
// the same (SN-18): signatures of the one would be broken ones of the other. And no log is its own witness,
// under whatever key: then its signature alone would be cosigned.
func (p *policyParser) key(role, vkey string, want ...KeyType) (VerifierKey, error) {
	k, err := ParseVerifierKey(vkey)
	if err != nil {
		return k, err
	}
	if !slices.Contains(want, KeyType(k.Type)) {
		return k, fmt.Errorf("key %s has type 0x%02x, a %s has %s (TP-9)", k.Name, k.Type, role, numbers(want))
	}
	switch other := p.roles[k.Name]; {
	case p.keys[k.Public]:
		return k, fmt.Errorf("the public key of %s stands on an earlier line too (TP-8)", k.Name)
	case p.keys[keyID(k)]:
		return k, fmt.Errorf("another key has the name and id %s (SN-18)", keyID(k))
	case other != "" && other != role:
		return k, fmt.Errorf("%s is the name of a %s: no log is its own witness", k.Name, other)
	}
	p.keys[k.Public], p.keys[keyID(k)], p.roles[k.Name] = true, true, role
	return k, nil
}

// String prints the policy, one space between fields, without comments: logs with their periods,
// witnesses, groups, quorum. ParsePolicy reads it back as the same policy.
func (p Policy) String() string {
	var b strings.Builder
	line := func(fields ...string) {
		b.WriteString(strings.TrimRight(strings.Join(fields, " "), " ") + "\n")
	}
	for _, l := range p.Logs {
		line("log", l.Key.String(), l.URL)
		if l.Period.Bounded() {
			line(l.Period.line(l.Key))
		}
	}
	for _, w := range p.Witnesses {
		line("witness", w.Name, w.Key.String(), w.URL)
	}
	for _, g := range p.Groups {
		line("group", g.Name, strconv.Itoa(g.Threshold), strings.Join(g.Members, " "))
	}
	line("quorum", p.Quorum)
	return b.String()
}
