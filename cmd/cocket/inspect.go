// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"cocket.example/declaration"
	"cocket.example/receipt"
)

func newInspectCommand() *cobra.Command {
	var programs bool
	var lang tongue
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Say what any file of the log's making holds",
		Long: `Say what a file holds: an entry, opening, disclosure, receipt, batch receipt,
checkpoint, fork, policy or key, or many entries or openings, which is told by
its content. No signature is verified; see verify for that. Of a secret key or
an opening the secret is never shown, but the values of an opening are, with the
rules that they break. Of many openings no value is shown.`,
		Example: `  cocket inspect cert.opening.json
  cocket inspect --json cert.tlog-proof`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			facts, err := inspectFile(args[0], lang)
			if err != nil {
				return err
			}
			if programs {
				return printJSON(cmd.OutOrStdout(), facts)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), facts)
			return err
		},
	}
	cmd.Flags().BoolVar(&programs, "json", false, "print for programs")
	addTongue(cmd, &lang)
	return cmd
}

// inspectFile lists what a file says.
func inspectFile(path string, lang tongue) (*facts, error) {
	if facts, many, err := inspectMany(path); many || err != nil {
		return facts, err
	}
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	kind := recognise(b)
	facts, err := inspect(kind, b, lang)
	if err != nil {
		return nil, notGood(path, kind, err)
	}
	return facts, nil
}

func notGood(path string, k kind, err error) error {
	if k == kindUnknown {
		return refutedError{fmt.Errorf("%s is %s: %w", path, k, err)}
	}
	return refutedError{fmt.Errorf("%s is %s, but not a good one: %w", path, k, err)}
}

// kind is what a file is, in words that follow "is".
type kind string

const (
	kindEntry      kind = "an entry"
	kindOpening    kind = "an opening"
	kindDisclosure kind = "a disclosure"
	kindReceipt    kind = "a receipt"
	kindBatch      kind = "a batch receipt"
	kindCheckpoint kind = "a checkpoint"
	kindFork       kind = "a fork"
	kindPolicy     kind = "a policy"
	kindKey        kind = "a verifier key"
	kindSecret     kind = "a secret key"
	kindUnknown    kind = "nothing that cocket knows"
)

// recognise tells a file by how it begins; whether it is a good one of its kind is for the
// parsers.
func recognise(b []byte) kind {
	text := string(b)
	switch {
	case strings.HasPrefix(text, "{"):
		return recogniseJSON(b)
	case strings.HasPrefix(text, "cocket-entry/"):
		return kindEntry
	case strings.HasPrefix(text, "c2sp.org/tlog-proof@"):
		return kindReceipt
	case strings.HasPrefix(text, "cocket-batch/"):
		return kindBatch
	case strings.HasPrefix(text, "cocket.example/fork@"):
		return kindFork
	case strings.HasPrefix(text, "PRIVATE+KEY+"):
		return kindSecret
	case strings.Contains(text, "\n\n\u2014 "):
		return kindCheckpoint
	case strings.Count(text, "\n") <= 1 && strings.Count(text, "+") >= 2:
		return kindKey
	case hasLine(text, "quorum"):
		return kindPolicy
	}
	return kindUnknown
}

// recogniseJSON finds the format even where the rest is broken, so that the strict parser can
// say what is.
func recogniseJSON(b []byte) kind {
	head := b[:min(len(b), 4096)]
	switch {
	case bytes.Contains(head, []byte(`"cocket-opening/`)):
		return kindOpening
	case bytes.Contains(head, []byte(`"cocket-disclosure/`)):
		return kindDisclosure
	}
	return kindUnknown
}

func hasLine(text, keyword string) bool {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 && words[0] == keyword {
			return true
		}
	}
	return false
}

// inspect parses a file of this kind and lists what it says.
func inspect(k kind, b []byte, lang tongue) (*facts, error) {
	f := &facts{}
	f.add("kind", strings.TrimPrefix(strings.TrimPrefix(string(k), "an "), "a "))
	show := map[kind]func(*facts, []byte) error{
		kindEntry:      showBareEntry,
		kindOpening:    func(f *facts, b []byte) error { return showOpening(f, b, lang) },
		kindDisclosure: showDisclosure,
		kindReceipt:    showReceipt,
		kindBatch:      showBatch,
		kindCheckpoint: showCheckpoint,
		kindFork:       showFork,
		kindPolicy:     showPolicy,
		kindKey:        showKey,
		kindSecret:     showSecret,
	}[k]
	if show == nil {
		return nil, errors.New("want an entry, opening, disclosure, receipt, batch receipt, checkpoint, fork, policy or key")
	}
	return f, show(f, b)
}

func showEntry(f *facts, b []byte) error {
	e, err := declaration.Parse(b)
	if err != nil {
		return err
	}
	f.add("leaf hash", base64Hash(declaration.LeafHash(b)))
	f.add("log", e.Log)
	f.add("event", e.Event)
	f.add("profile", e.Profile)
	f.add("submitter", e.Submitter)
	f.add("width", fmt.Sprint(e.Width))
	f.add("fields root", base64Hash(e.Root))
	f.add("certifier", base64Hash(e.Certifier))
	if e.Refers != nil {
		f.add("refers", base64Hash(*e.Refers))
	}
	for _, tag := range e.Tags {
		f.add("tag", base64Hash(tag))
	}
	for _, p := range e.Public {
		f.add("public "+p.Path, p.Value)
	}
	if e.Signed != nil {
		f.add("signed", base64.StdEncoding.EncodeToString(e.Signed))
	}
	return nil
}

// showOpening shows the values, which are the holder's own, and never the secret.
func showOpening(f *facts, b []byte, lang tongue) error {
	o, err := declaration.ParseOpening(b)
	if err != nil {
		return err
	}
	if err := showEntry(f, o.Entry()); err != nil {
		return err
	}
	if err := showAbout(f, o.Entry(), o.Fields(), aboutNothing); err != nil {
		return err
	}
	for _, field := range o.Fields() {
		f.add(field.Path, field.Value)
	}
	f.add("secret", "(not shown)")
	for _, finding := range o.Findings() {
		f.add(string(finding.Level), lang.describe(finding))
	}
	return nil
}

func showDisclosure(f *facts, b []byte) error {
	x, err := declaration.ParseDisclosure(b)
	if err != nil {
		return err
	}
	if err := showEntry(f, x.Entry); err != nil {
		return err
	}
	var shown []declaration.Field
	for _, field := range x.Fields {
		shown = append(shown, field.Field)
	}
	if err := showAbout(f, x.Entry, shown, aboutHidden); err != nil {
		return err
	}
	for _, field := range shown {
		value := field.Value
		if !field.Present {
			value = "(absent)"
		}
		f.add(field.Path, value)
	}
	if x.Certifier != nil {
		f.add("certifier key", x.Certifier.VKey)
	}
	return showReceipt(f, x.Receipt)
}

func showReceipt(f *facts, b []byte) error {
	r, err := receipt.Parse(b)
	if err != nil {
		return err
	}
	f.add("index", fmt.Sprint(r.Index))
	f.add("proof", hashes(len(r.Proof)))
	return showCheckpoint(f, r.Checkpoint)
}

func showBatch(f *facts, b []byte) error {
	r, err := receipt.ParseBatch(b)
	if err != nil {
		return err
	}
	f.add("entries", fmt.Sprintf("%d to %d", r.Start, r.End-1))
	f.add("proof", hashes(len(r.Left)+len(r.Right)))
	return showCheckpoint(f, r.Checkpoint)
}

func showCheckpoint(f *facts, b []byte) error {
	cp, signatures, err := receipt.ParseCheckpoint(b)
	if err != nil {
		return err
	}
	f.add("origin", cp.Origin)
	f.add("size", fmt.Sprint(cp.Size))
	f.add("root", base64Hash(cp.Root))
	for _, s := range signatures {
		f.add("signature", fmt.Sprintf("%s (key id %08x, %s, not verified)", s.Name, s.ID, signatureKind(s)))
	}
	return nil
}

func showFork(f *facts, b []byte) error {
	fork, err := receipt.ParseFork(b)
	if err != nil {
		return err
	}
	for _, cp := range fork.Checkpoints() {
		f.add("origin", cp.Origin)
		f.add("size", fmt.Sprint(cp.Size))
		f.add("root", base64Hash(cp.Root))
	}
	f.add("signatures", "(not verified)")
	return nil
}

func showPolicy(f *facts, b []byte) error {
	p, err := receipt.ParsePolicy(b)
	if err != nil {
		return err
	}
	for _, l := range p.Logs {
		f.add("log", strings.TrimSpace(l.Key.String()+" "+l.URL))
		if l.Period.Bounded() {
			f.add("period", l.Period.String())
		}
	}
	for _, w := range p.Witnesses {
		f.add("witness "+w.Name, strings.TrimSpace(w.Key.String()+" "+w.URL))
	}
	for _, g := range p.Groups {
		f.add("group "+g.Name, fmt.Sprintf("%d of %s", g.Threshold, strings.Join(g.Members, ", ")))
	}
	f.add("quorum", p.Quorum)
	return nil
}

func hashes(n int) string {
	if n == 1 {
		return "1 hash"
	}
	return fmt.Sprintf("%d hashes", n)
}

func base64Hash(h [32]byte) string { return base64.StdEncoding.EncodeToString(h[:]) }
