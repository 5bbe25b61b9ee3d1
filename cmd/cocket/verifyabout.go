// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"cocket.example/client"
	"cocket.example/client/basis"
	"cocket.example/client/status"
	"cocket.example/cmd/cocket/internal/page"
	"cocket.example/receipt"
)

// basing is what the flags of verify say of the certification that a claim rests on.
type basing struct {
	about, receipt, policy string
	url, mirror, state     string // where the certification's log is read
	scan                   bool
}

func (b *basing) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&b.about, "about", "", "`FILE` that it is about, as the certification of a claim: opening or disclosure")
	f.StringVar(&b.receipt, "about-receipt", "", "`FILE` of the receipt of --about, if it is an opening")
	f.StringVar(&b.policy, "about-policy", "", "policy `FILE` for --about, if it is another one")
	f.StringVar(&b.url, "url", "", "`URL` of the certification's log, to ask whether it was withdrawn")
	f.BoolVar(&b.scan, "scan", false, "read every entry at --url, so that nothing can be withheld")
	f.StringVar(&b.state, "state", "", "`FILE` that keeps what --scan has read, for the next time")
	f.StringVar(&b.mirror, "mirror", "", "`DIR` with a copy of the certification's log, instead of --url")
}

// check wants flags only where they mean something.
func (b *basing) check() error {
	switch {
	case b.about == "" && (b.receipt != "" || b.policy != "" || b.url != "" || b.mirror != ""):
		return errors.New("--about-receipt, --about-policy, --url and --mirror need --about: the certification")
	case b.url != "" && b.mirror != "":
		return errors.New("--url and --mirror: give one of them")
	case b.scan && b.url == "":
		return errors.New("--scan needs --url: a mirror is always read as a whole")
	case b.state != "" && !b.scan:
		return errors.New("--state is for --scan")
	}
	return nil
}

// judge verifies the certification, reads its log if it is told where, and judges both.
func (v verification) judge(ctx context.Context, claims client.Verifier, claim client.Report, moment time.Time) error {
	b := v.claimed
	certifies := claims
	var err error
	if b.policy != "" {
		if certifies.Policy, err = v.report.readPolicy(b.policy); err != nil {
			return err
		}
	}
	file, err := v.report.read(b.about)
	if err != nil {
		return err
	}
	c := basis.Case{Claim: claim, Policy: claims.Policy, Before: moment}
	v.receipt = b.receipt
	if c.Certification, err = v.verify(certifies, b.about, file); err != nil {
		return err
	}
	if basis.Follows(claim.Entry.Event) {
		return v.pair(basis.Pair{Later: claim, Earlier: c.Certification, Policy: claims.Policy})
	}
	if err := v.standing(ctx, certifies.Policy, &c); err != nil {
		return err
	}
	r := c.Judge()
	asked := page.Asked{}
	if !moment.IsZero() {
		asked.Before = client.Stamp(moment)
	}
	err = v.tell(r, page.OfBasis(r, asked), "not proven of the claim and "+b.about)
	switch refuted := errors.As(err, new(refutedError)); {
	case refuted && r.Fork != nil:
		return convictedError{r.Claim.Log}
	case refuted && errors.Is(c.Trouble, client.ErrFork):
		return forkedError{err}
	}
	return err
}

// pair judges what follows a declaration and is no claim.
func (v verification) pair(p basis.Pair) error {
	if b := v.claimed; b.url+b.mirror+v.before+v.report.out.path != "" {
		return errors.New("--url, --mirror, --before and --report are for a claim and its certification: leave them out, " +
			"and ask \"cocket status\" how each stands")
	}
	r := p.Judge()
	err := v.tell(r, page.Page{}, "not proven of this and "+v.claimed.about)
	if errors.As(err, new(refutedError)) && r.Fork != nil {
		return convictedError{r.Later.Log}
	}
	return err
}

// standing reads the certification's log, unless it is not told where, or one of the two does not verify.
func (v verification) standing(ctx context.Context, policy receipt.Policy, c *basis.Case) error {
	b := v.claimed
	if b.url+b.mirror == "" || c.Claim.Err() != nil || c.Certification.Err() != nil {
		return nil
	}
	source, err := standing{url: b.url, mirror: b.mirror}.source()
	if err != nil {
		return err
	}
	c.Standing, err = c.Read(ctx, status.Config{Source: source, Policy: policy, Read: b.scan || b.mirror != "",
		State: b.state, Progress: showAs(v.report.command.ErrOrStderr(), "read entries")})
	if basis.Contradicts(err) {
		c.Trouble, err = err, nil
	}
	return err
}
