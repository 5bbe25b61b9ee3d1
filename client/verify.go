// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/declaration"
	"cocket.example/declaration/profile"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// Verifier holds what a verifier believes: the keys that he got from elsewhere than from whoever
// shows him a declaration. It verifies without any connection.
type Verifier struct {
	Policy     receipt.Policy // which logs, which witnesses, how many of them
	Certifiers []string       // vkeys of certifiers whose names he knows; others are reported as keys
	Submitters []string       // vkeys of submitters, to check an entry's signed line
}

// VerifyOpening checks an opening with the receipt of its entry. All of its fields are reported.
func (v Verifier) VerifyOpening(opening, tlogProof []byte) Report {
	r := &Report{Kind: "opening"}
	o, err := declaration.ParseOpening(opening)
	if err != nil {
		r.fail("opening", err)
		r.skip("entry", "receipt", "fields", "commitments")
		return *r
	}
	x, err := whole(o)
	if err != nil {
		r.fail("opening", err)
		return *r
	}
	v.examine(r, x, tlogProof)
	return *r
}

// whole is the disclosure of everything that an opening holds.
func whole(o declaration.Opening) (declaration.Disclosure, error) {
	var paths []string
	for _, f := range o.Fields() {
		paths = append(paths, f.Path)
	}
	if x, err := o.Disclose(nil, true, paths...); err == nil {
		return x, nil
	}
	return o.Disclose(nil, false, paths...) // nobody certified
}

// VerifyDisclosure checks a disclosure with the receipt that it holds.
func (v Verifier) VerifyDisclosure(disclosure []byte) Report {
	r := &Report{Kind: "disclosure"}
	x, err := declaration.ParseDisclosure(disclosure)
	if err != nil {
		r.fail("disclosure", err)
		r.skip("entry", "receipt", "fields", "commitments")
		return *r
	}
	v.examine(r, x, x.Receipt)
	return *r
}

// examine adds every fact in the order of the entry format, section 7.
func (v Verifier) examine(r *Report, x declaration.Disclosure, tlogProof []byte) {
	facts := x.Examine()
	r.Leaf = declaration.LeafHash(x.Entry)
	if facts.EntryErr != nil {
		r.fail("entry", facts.EntryErr)
	} else {
		r.Entry, r.Log = facts.Entry, facts.Entry.Log
		r.ok("entry", fmt.Sprintf("%s, %s, submitter %s",
			facts.Entry.Event, facts.Entry.Profile, facts.Entry.Submitter))
	}
	v.receipt(r, facts, tlogProof)
	if facts.EntryErr != nil {
		r.skip("fields", "commitments", "public lines", "certifier", "submitter")
		return
	}
	for _, f := range facts.Fields {
		r.field(f, facts.CoverErr)
	}
	r.add("commitments", "every value shown is the one committed to", facts.CoverErr)
	r.add("public lines", "they agree with the values shown", facts.PublicErr)
	v.certifier(r, facts)
	v.submitter(r, facts)
}

// receipt adds what the receipt proves of the entry.
func (v Verifier) receipt(r *Report, facts declaration.Report, tlogProof []byte) {
	proof, err := receipt.Parse(tlogProof)
	if err != nil {
		r.fail("receipt", err)
		r.skip("same log", "log", "quorum", "inclusion", "on file")
		return
	}
	trusted, err := v.Policy.Verify(proof.Checkpoint)
	known := trusted.Report()
	if err != nil {
		known = v.Policy.Examine(proof.Checkpoint)
	}
	r.ok("receipt", "a c2sp.org/tlog-proof")
	r.Receipt, r.Checkpoint = proof, known
	r.Index, r.Size = proof.Index, known.Checkpoint.Size
	r.sameLog(facts, known)
	r.checkpoint(known)
	if known.SyntaxErr == nil {
		v.quorum(r, known)
	}
	if err != nil {
		r.skip("inclusion", "on file")
		return
	}
	included := trusted.Includes(r.Leaf, proof)
	r.add("inclusion", fmt.Sprintf("entry %d of %d", r.Index, r.Size), included)
	v.onFile(r, known.NoLaterThan, included)
}

// sameLog: else an entry that was withdrawn in one log would still be good by another's receipt.
func (r *Report) sameLog(facts declaration.Report, known receipt.Report) {
	switch origin := known.Checkpoint.Origin; {
	case facts.EntryErr != nil || known.SyntaxErr != nil:
		r.skip("same log")
	case facts.Entry.Log != origin:
		r.fail("same log", fmt.Errorf("the entry is for %s, the receipt of %s", facts.Entry.Log, origin))
	default:
		r.ok("same log", "the entry is for "+origin+", and so is the receipt")
	}
}

// checkpoint adds who signed the receipt's checkpoint.
func (r *Report) checkpoint(known receipt.Report) {
	if known.SyntaxErr != nil {
		r.fail("checkpoint", known.SyntaxErr)
		r.skip("log", "quorum")
		return
	}
	if known.LogErr != nil {
		r.fail("log", known.LogErr)
	} else {
		r.ok("log", "signed by "+known.Checkpoint.Origin+with(known.Signers...))
	}
	if known.Period.Bounded() {
		r.add("key period", "the log's key is good for "+known.Period.String(), known.PeriodErr)
	}
	for _, w := range known.Witnesses {
		name := "witness " + w.Witness.Name
		switch {
		case errors.Is(w.Err, receipt.ErrNoCosignature):
			r.absent(name, "did not cosign this checkpoint")
		case w.Err != nil:
			r.fail(name, w.Err)
		case w.Time.IsZero():
			r.ok(name, "cosigned without a time"+with(w.Witness.Key))
		default:
			r.ok(name, "cosigned "+Stamp(w.Time)+with(w.Witness.Key))
		}
	}
}

// with names the algorithms, unless it is the usual one alone.
func with(keys ...receipt.VerifierKey) string {
	var names []string
	for _, k := range keys {
		names = append(names, receipt.KeyType(k.Type).String())
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 || len(names) == 1 && receipt.KeyType(keys[0].Type) != receipt.MLDSA44 {
		return ""
	}
	return " with " + strings.Join(names, " and ")
}

// quorum never says that witnesses cosigned where the policy asks for none.
func (v Verifier) quorum(r *Report, known receipt.Report) {
	if v.Policy.Quorum == "none" && known.QuorumErr == nil {
		r.absent("quorum", "the policy asks for no witness")
		r.Unproven = append(r.Unproven, unprovenSame)
		return
	}
	r.add("quorum", "enough of the policy's witnesses cosigned", known.QuorumErr)
}

func (v Verifier) onFile(r *Report, t time.Time, included error) {
	switch {
	case included != nil:
		r.skip("on file")
	case t.IsZero() && v.Policy.Quorum == "none":
		r.absent("on file", "the policy asks for no witness, so no time is proven")
	case t.IsZero():
		r.absent("on file", "too few of the cosignatures state a time, so none is proven")
	default:
		r.NoLaterThan = t
		r.ok("on file", "no later than "+Stamp(t))
	}
}

// field adds what is shown of a field, which nobody vouches for if the fields together are not covered.
func (r *Report) field(f declaration.FieldFact, uncovered error) {
	r.Fields = append(r.Fields, f.Field)
	fact := Fact{Name: f.Field.Path, Status: Holds, Says: f.Field.Value, Err: f.Err, field: true}
	if !f.Field.Present {
		fact.Says, fact.gone = "(absent)", true
	}
	switch {
	case f.Err != nil:
		fact.Status = Fails
	case uncovered != nil:
		fact.Status = Skipped
	}
	r.Facts = append(r.Facts, fact)
}

// certifier reports the key; its name counts only where the verifier's own list ties them. Who gave keys wants
// a certification to be signed under one of them.
func (v Verifier) certifier(r *Report, facts declaration.Report) {
	wanted := len(v.Certifiers) > 0 && certifies(facts.Entry)
	switch {
	case facts.CertifierErr != nil:
		r.fail("certifier", facts.CertifierErr)
	case facts.Certifier == "" && wanted:
		r.fail("certifier", errors.New("no signature of a certifier is shown: ask for a disclosure that shows it"))
	case facts.Certifier == "":
		r.absent("certifier", "no signature of a certifier is shown")
		if certifies(facts.Entry) {
			r.Unproven = append(r.Unproven, unprovenUnsigned)
		}
	case slices.Contains(v.Certifiers, facts.Certifier):
		r.ok("certifier", "signed by "+keyName(facts.Certifier)+", who is on your list")
	case wanted:
		r.fail("certifier", errors.New("signed by a key that is not on your list: "+facts.Certifier))
	default:
		r.absent("certifier", "signed by a key of which you gave no list: "+facts.Certifier)
		r.Unproven = append(r.Unproven, unprovenCertifier)
	}
}

// certifies reports whether an entry is a certification of origin, which names a certifier.
func certifies(e declaration.Entry) bool {
	return (e.Event == "issue" || e.Event == "amend") && !profile.AnyAgreement(e.Profile)
}

func keyName(vkey string) string {
	key, err := strict.ParseKey(vkey)
	if err != nil {
		return "?"
	}
	return key.Name
}

// submitter checks the signed line under the keys that the verifier gave for the submitter. Who
// gave keys wants a signature under one of them.
func (v Verifier) submitter(r *Report, facts declaration.Report) {
	entry := facts.Entry
	if len(v.Submitters) == 0 {
		r.absent("submitter", "not checked: no key of "+entry.Submitter+" was given")
		r.Unproven = append(r.Unproven, unprovenSubmitter)
		return
	}
	err := fmt.Errorf("none of the keys given is of %s", entry.Submitter)
	for _, vkey := range v.Submitters {
		if keyName(vkey) != entry.Submitter {
			continue
		}
		if err = entry.VerifySubmitter(vkey); err == nil {
			break
		}
	}
	r.add("submitter", "signed by "+entry.Submitter, err)
}

// Covers checks that a receipt is of this entry: that its proof leads from the entry to the root
// of its checkpoint. It checks no signature.
func Covers(entry, tlogProof []byte) error {
	r, err := receipt.Parse(tlogProof)
	if err != nil {
		return err
	}
	cp, _, err := receipt.ParseCheckpoint(r.Checkpoint)
	if err != nil {
		return err
	}
	path := make([][]byte, len(r.Proof))
	for i := range r.Proof {
		path[i] = r.Proof[i][:]
	}
	leaf := declaration.LeafHash(entry)
	err = proof.VerifyInclusion(rfc6962.DefaultHasher, r.Index, cp.Size, leaf[:], path, cp.Root[:])
	if err != nil {
		return errors.New("the receipt is not of this entry: its proof does not lead to its root")
	}
	return nil
}
