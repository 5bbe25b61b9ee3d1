// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"cocket.example/client"
	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/internal/columns"
	"cocket.example/receipt"
)

// shownFailures is how many are listed; all are counted.
const shownFailures = 20

// batchReport is what was found of many entries.
type batchReport struct {
	Verified bool      `json:"verified"` // all of it
	Entries  int       `json:"entries"`  // that were checked
	Openings int       `json:"openings"` // of them those whose opening was, too
	Failed   int       `json:"failed"`   // entries
	Batches  int       `json:"batch_receipts"`
	Bad      int       `json:"failed_batch_receipts"`
	Failures []failure `json:"failures"`                      // the first of all
	Earliest string    `json:"no_later_than_first,omitempty"` // by then the first of them was on file
	Latest   string    `json:"no_later_than,omitempty"`       // by then all were
	Unproven []string  `json:"not_proven"`

	Unopened []string `json:"not_opened,omitempty"` // openings that were not checked, and why

	proven batchTally
}

// failure is why one place does not verify.
type failure struct {
	Where string `json:"where"` // a file, with the line or entry
	Error string `json:"error"`
}

// fail counts what fails, and keeps the first.
func (r *batchReport) fail(count *int, where string, err error) {
	if *count++; len(r.Failures) < shownFailures {
		r.Failures = append(r.Failures, failure{where, err.Error()})
	}
}

// verifyBatch checks all entries against the batch receipts of a folder.
func (v verification) verifyBatch(ctx context.Context, args []string, out, w io.Writer) error {
	policy, err := readPolicy(v.policy)
	if err != nil {
		return err
	}
	identities, err := openings.Identities(v.identity)
	if err != nil {
		return err
	}
	forms := toVerify
	if len(identities) > 0 {
		forms = toOpen
	}
	sources, err := findSources(args, forms)
	if err != nil {
		return err
	}
	r := batchReport{Failures: []failure{}}
	filed := new(filedIndex)
	defer filed.close()
	if err := r.addBatches(filed, v.batch, policy); err != nil {
		return err
	}
	err = newReading(sources, identities, "kB checked", w).each(ctx, func(e record) error { return r.check(e, filed) })
	if ctx.Err() != nil {
		return errors.New("interrupted: nothing was found out")
	}
	if err != nil {
		return err
	}
	if r.Entries == 0 {
		return fmt.Errorf("%s holds no entry", args[0])
	}
	r.conclude(len(filed.batches))
	if err := r.addUnopened(sources); err != nil {
		return err
	}
	if v.json {
		err = printJSON(out, r)
	} else {
		err = r.print(out)
	}
	if err == nil && !r.Verified {
		err = refutedError{fmt.Errorf("entries that do not verify: %d of %d; batch receipts: %d of %d",
			r.Failed, r.Entries, r.Bad, r.Bad+r.Batches)}
	}
	return err
}

// addBatches verifies the batch receipts. One that fails proves nothing, and so fails by itself.
func (r *batchReport) addBatches(filed *filedIndex, path string, policy receipt.Policy) error {
	paths, err := batchPathsOf(path)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if _, err := filed.add(path, policy); err != nil {
			r.fail(&r.Bad, path, err)
		}
	}
	return nil
}

// check checks one entry: that its opening opens it, and that a batch receipt of its log holds it.
func (r *batchReport) check(e record, filed *filedIndex) error {
	r.Entries++
	if errors.As(e.err, new(*fs.PathError)) {
		return e.err // it could not be tried
	}
	if e.err != nil {
		r.fail(&r.Failed, e.String(), e.err)
		return nil
	}
	if e.opening {
		r.Openings++
	}
	f, err := filed.find(e.leaf, e.log)
	switch {
	case err != nil:
		return err
	case f == nil:
		r.fail(&r.Failed, e.String(), errors.New("it is in none of the batch receipts that verify"))
	case f.origin != e.log:
		r.fail(&r.Failed, e.String(), fmt.Errorf("it is for %s, and the batch receipt that holds it of %s", e.log, f.origin))
	default:
		if f.used++; f.used == 1 {
			r.proven.add(f.noLaterThan)
		}
	}
	return nil
}

// conclude says what follows from all that was found.
func (r *batchReport) conclude(batches int) {
	r.Verified, r.Batches = r.Failed == 0 && r.Bad == 0, batches
	t := r.proven.onFile()
	if !r.Verified { // a time that is not proven is not shown
		t = time.Time{}
	}
	if !t.IsZero() {
		r.Earliest, r.Latest = r.proven.earliest.UTC().Format(time.RFC3339), t.UTC().Format(time.RFC3339)
	}
	r.Unproven = client.Report{NoLaterThan: t}.NotProven()
}

// addUnopened lists the openings that should be beside the entries that were checked without them: those that
// are encrypted, and those of a sheet that are gone.
func (r *batchReport) addUnopened(sources []source) error {
	for _, s := range sources {
		base, form := openings.Split(s.path)
		if form != openings.Entries {
			continue
		}
		kept, err := openings.Kept(base)
		if err != nil {
			return err
		}
		ofSheet, err := openings.There(base + openings.Index)
		if err != nil {
			return err
		}
		switch {
		case strings.HasSuffix(kept, openings.Encrypted):
			r.Unopened = append(r.Unopened, kept+": give --identity FILE to check the openings too")
		case kept == "" && ofSheet:
			r.Unopened = append(r.Unopened, base+openings.Clear+": is gone, bring it back: without it nobody can show a field")
		}
	}
	return nil
}

// print prints the report for people.
func (r *batchReport) print(w io.Writer) error {
	var f facts
	f.add("entries", fmt.Sprintf("%d, with their openings %d", r.Entries, r.Openings))
	f.add("batch receipts", fmt.Sprint(r.Batches))
	switch {
	case r.Latest != "":
		f.add("on file", "no later than "+r.Latest+", the first no later than "+r.Earliest)
	case r.Verified:
		f.add("on file", "no time is proven")
	}
	for _, line := range r.Unopened {
		f.add("not opened", line)
	}
	for _, x := range r.Failures {
		f.add("FAILS", x.Where+": "+x.Error)
	}
	if more := r.Failed + r.Bad - len(r.Failures); more > 0 {
		f.add("FAILS", fmt.Sprintf("%d more", more))
	}
	verdict := "\nDoes not verify.\n"
	if r.Verified {
		verdict = "\nVerified.\n\nNot proven by this:\n"
		for _, line := range r.Unproven {
			verdict += "  - " + strings.Join(columns.Fold(line, 76), "\n    ") + "\n"
		}
	}
	_, err := fmt.Fprint(w, &f, verdict)
	return err
}
