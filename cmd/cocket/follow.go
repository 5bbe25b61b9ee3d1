// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cocket.example/declaration"
	"cocket.example/declaration/follow"
	"cocket.example/internal/strict"
)

// following is what the flags of a command say that makes what follows a declaration.
type following struct {
	sealing
	stage
	aboutFlags

	fields string   // file of a whole declaration
	set    []string // PATH=VALUE
	unset  []string
	lines  []string
	date   string
	reason string
}

// newFollowCommand returns the command of one stage of the life of a declaration.
func newFollowCommand(st stage) *cobra.Command {
	f := following{stage: st, sealing: sealing{out: output{mode: 0o600}}}
	cmd := &cobra.Command{
		Use:     st.name + " " + st.use,
		Short:   st.short,
		Long:    st.long,
		Example: st.example,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.follow(cmd, args[0]) },
	}
	f.flags(cmd)
	f.sealing.addFlags(cmd)
	f.aboutFlags.add(cmd)
	require(cmd, "out")
	if !declaration.InClear(st.event) {
		require(cmd, "submitter")
	}
	return cmd
}

// flags adds what the event asks for.
func (f *following) flags(cmd *cobra.Command) {
	flags, d := cmd.Flags(), &f.declaration
	flags.StringArrayVar(&f.set, "set", nil, "a field, as `PATH=VALUE`; can be repeated")
	flags.StringVar(&d.Submitter, "submitter", "", "`NAME` of the submitter, as the log knows him")
	switch f.event {
	case "amend":
	case "claim":
		flags.StringVar(&f.date, "date", "", "`DAY` of the claim, as 2026-05-04")
	default:
		flags.StringVar(&f.date, "date", "", "`DAY` of it, as 2026-05-04; today in UTC if not given")
	}
	if f.event == "withdraw" {
		flags.StringVar(&f.reason, "reason", "", "`TEXT` that says why")
		return
	}
	flags.StringVar(&f.fields, "declaration", "", "`FILE` of a whole declaration in JSON")
	flags.StringSliceVar(&f.unset, "unset", nil, "`PATH`s of fields that shall not be there, with commas")
	flags.StringSliceVar(&f.lines, "lines", nil, "goods lines of the target, from 0, as `0,2`")
	if f.event != "amend" {
		flags.StringVar(&d.Profile, "profile", "", "`PROFILE`: import/1 for a step of any agreement, else the target's")
		flags.StringVar(&d.Log, "log", "", "`ORIGIN` of the log that the entry is for, if not the target's")
	}
}

// follow makes the opening, and says what was not given.
func (f following) follow(cmd *cobra.Command, path string) error {
	if err := f.out.check(); err != nil {
		return err
	}
	target, held, err := f.target(path)
	if err != nil {
		return err
	}
	step, err := f.step(target)
	if err != nil {
		return err
	}
	draft, err := step.Draft()
	if errors.Is(err, declaration.ErrInvalid) { // of the target; others are of the flags
		return refutedError{fmt.Errorf("%s: %w", path, err)}
	}
	if err != nil {
		return err
	}
	f.adopt(draft.Declaration, cmd.Flags().Changed)
	opening, err := f.close("the " + f.noun)
	if err != nil {
		return err
	}
	if err := f.write(opening); err != nil {
		return err
	}
	f.warn(cmd.ErrOrStderr(), opening.Findings())
	if target.Certified && f.event == "amend" && f.certifierKey == "" {
		fmt.Fprintln(cmd.ErrOrStderr(), "cocket: note: the certifier signed the version before and not this "+
			"one: --certifier-key lets him sign")
	}
	return made{opening, target, held, draft}.print(cmd.OutOrStdout())
}

// adopt takes the draft as the declaration to seal. What is shown in clear and the width are the draft's
// unless a flag says otherwise.
func (f *following) adopt(d declaration.Declaration, changed func(flag string) bool) {
	if changed("public") {
		d.Public = f.declaration.Public
	}
	if changed("width") {
		d.Width = f.declaration.Width
	}
	f.declaration = d
}

// step is what was given.
func (f following) step(target declaration.Target) (follow.Step, error) {
	s := follow.Step{
		Event: f.event, About: target, Unset: f.unset, Today: time.Now().UTC().Format(time.DateOnly),
		Profile: f.declaration.Profile, Log: f.declaration.Log, Submitter: f.declaration.Submitter,
	}
	var err error
	if s.Set, err = f.sets(); err != nil {
		return s, err
	}
	for _, n := range f.lines {
		line, err := strict.Decimal(n)
		if err != nil || line > 9999 {
			return s, fmt.Errorf("--lines: want numbers of goods lines from 0, as 0,2, not %q", n)
		}
		s.Lines = append(s.Lines, int(line))
	}
	if f.fields == "" {
		return s, nil
	}
	b, err := readFile(f.fields)
	if err != nil {
		return s, err
	}
	if s.Fields, err = declaration.ParseFields(b); err != nil {
		return s, fmt.Errorf("%s: %w", f.fields, err)
	}
	return s, nil
}

// sets reads the flags that set a field each.
func (f following) sets() (map[string]string, error) {
	list := f.set
	for path, value := range map[string]string{"date": f.date, "reason": f.reason} {
		if value != "" {
			list = append(list, path+"="+value)
		}
	}
	set := make(map[string]string)
	for _, s := range list {
		path, value, ok := strings.Cut(s, "=")
		if !ok || value == "" {
			return nil, fmt.Errorf("--set %.80q: want a path and a value, as goods[0].hs=870830", path)
		}
		if _, twice := set[path]; twice {
			return nil, fmt.Errorf("%.80s: is set twice", path)
		}
		set[path] = value
	}
	return set, nil
}

// made is what a command has made, and about what.
type made struct {
	opening declaration.Opening
	about   declaration.Target
	held    string // how its being on file stands
	draft   follow.Draft
}

// print says so, which values everyone will see in the log, and which were not given.
func (m made) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "leaf %s\n", base64Hash(declaration.LeafHash(m.opening.Entry())))
	fmt.Fprintf(&b, "about %s\n", base64Hash(m.about.Leaf))
	e := m.about.Entry
	fmt.Fprintf(&b, "  %s of %s by %s, in %s\n", e.Event, e.Profile, e.Submitter, printable(e.Log))
	fmt.Fprintf(&b, "  %s\n", m.held)
	for _, path := range m.draft.Changed {
		fmt.Fprintf(&b, "changed %s\n", path)
	}
	for _, f := range m.opening.Target().Entry.Public {
		fmt.Fprintf(&b, "in clear %s %s\n", f.Path, printable(f.Value))
	}
	for _, x := range m.draft.Filled {
		how := "taken over"
		if x.Assumed {
			how = "assumed"
		}
		fmt.Fprintf(&b, "%s %s %s\n", how, x.Path, printable(x.Value))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
