// SPDX-License-Identifier: Apache-2.0

// Package w3c reads credentials of the W3C traceability vocabulary (w3id.org/traceability), or the parts of
// them that stand by themselves: certifications of origin, US entries, importers. What a profile has no field
// for is listed, what the reader concluded is said, and what a credential lacks stays missing. Signatures of
// credentials are not checked.
package w3c

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"cocket.example/declaration"
	"cocket.example/declaration/rule"
)

// Draft is what a credential says, as fields of a declaration.
type Draft struct {
	Type    string            // as "USMCACertificationOfOrigin"
	Profile string            // as "usmca/1"; empty where the type leaves it open
	Event   string            // "issue"
	Fields  map[string]string // path → value as given, for declaration.Declaration
	From    map[string]string // path of a field → path in the file, of the value or of where it was looked for
	Notes   rule.Findings     // what was left out, by its path in the file, and what was concluded, by field
}

// LogValue keeps the draft out of logs.
func (d Draft) LogValue() slog.Value { return slog.StringValue("draft of " + d.Type) }

// Format prints no value of the draft.
func (d Draft) Format(f fmt.State, _ rune) { io.WriteString(f, "draft of "+d.Type) }

// kind is how credentials of a type are read.
type kind struct {
	profile string
	read    func(r *reader, file, subject *node)
}

const (
	usmca   = "usmca/1"
	imports = "import/1"
)

// kinds are the types that are read: credentials, and their parts.
var kinds = map[string]kind{
	"USMCACertificationOfOrigin": {usmca, certification}, "USMCAClaims": {usmca, certification},
	"USMCACertifier": {usmca, certification}, "USMCAProduct": {usmca, product},
	"CertificationOfOrigin":  {"", certification},
	"CBP3461EntryCredential": {imports, entry}, "CBPEntry": {imports, entry},
	"CBP7501EntrySummaryCredential": {imports, entry}, "CBPEntrySummary": {imports, entry},
	"CBPEntryType86Credential": {imports, single}, "CBPEntryType86": {imports, single},
	"CBPSection321DeMinimisCredential": {imports, single}, "DeMinimisShipment": {imports, single},
	"EntryNumberCredential": {imports, entry}, "EntryNumber": {imports, entry},
	"CBPImporterOfRecord": {imports, entry}, "CBPEntryEntity": {imports, entry},
	"CBPEntryLineItem": {imports, single}, "CBPEntrySummaryLineItem": {imports, single},
}

// Types returns the types that are read.
func Types() []string { return slices.Sorted(maps.Keys(kinds)) }

// known are the types and contexts that say no more than the structure around them.
var known = append(Types(), "VerifiableCredential", "Organization", "Person", "Entity", "Place",
	"PostalAddress", "Commodity", "Product", "TradeLineItem", "QuantitativeValue", "MeasuredValue", "PriceSpecification",
	"MonetaryAmount",
	"https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2",
	"https://w3id.org/traceability/v1")

// Recognise reports whether a file is a credential or a part of one, of whatever type, and no declaration in
// our own JSON: a member "@context" or "type" stands in it, before anything that is no JSON.
func Recognise(b []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(b[:min(len(b), limits.Bytes)]))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return false
		}
		if name == "@context" || name == "type" {
			return true
		}
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			return false
		}
	}
	return false
}

// Read reads a credential, or a part that stands by itself.
func Read(b []byte) (Draft, error) {
	file, err := parse(b)
	if err != nil {
		return Draft{}, fmt.Errorf("credential: %w: %w", err, declaration.ErrInvalid)
	}
	subject := file.get("credentialSubject")
	if !subject.there() {
		subject = file
	}
	if subject.kind == json.Delim('[') {
		return Draft{}, fmt.Errorf("credential: credentialSubject: %d of them, want one: %w",
			len(subject.members), declaration.ErrInvalid)
	}
	name, others := typeOf(file, subject)
	if name == "" {
		return Draft{}, fmt.Errorf("credential: no declaration is made of type %.200q, want one of %s: %w",
			strings.Join(others, ", "), strings.Join(Types(), ", "), declaration.ErrInvalid)
	}
	r := reader{draft: Draft{Type: name, Profile: kinds[name].profile, Event: "issue",
		Fields: make(map[string]string), From: make(map[string]string)}}
	kinds[name].read(&r, file, subject)
	r.leave(file)
	return r.draft, nil
}

// typeOf returns the first type of the file, or of its subject, that is read, and those that are not.
func typeOf(nodes ...*node) (name string, others []string) {
	for _, n := range nodes {
		for _, t := range n.member("type").list() {
			name, _ := t.text()
			if kinds[name].read != nil {
				return name, others
			}
			if name != "" && name != "VerifiableCredential" && !slices.Contains(others, name) {
				others = append(others, name)
			}
		}
	}
	return "", others
}

// leave notes all that nothing was made of, in the order of the file.
func (r *reader) leave(file *node) {
	file.walk(func(n *node) {
		text, _ := n.text()
		if n.typed() && slices.Contains(known, text) {
			n.state = plain
		}
	})
	if proof := file.member("proof"); proof.there() {
		proof.walk(func(n *node) { n.state = plain })
		r.note(proof.path(), "W3C-PROOF")
	}
	for _, n := range file.unread() {
		r.note(n.path(), "UNMAPPED")
	}
}
