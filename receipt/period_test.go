// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"cocket.example/receipt"
)

func TestParsePeriod(t *testing.T) {
	l := policyLines()
	id := strings.Join(strings.Split(strings.TrimPrefix(l.log, "log "), "+")[:2], "+")
	until := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]receipt.Period{
		"sizes 0..100":                                {To: 100},
		"sizes 100..":                                 {From: 100},
		"sizes 7..7":                                  {From: 7, To: 7},
		"sizes 0.. until 2031-01-01T00:00:00Z":        {Until: until},
		"sizes 5..100 until 2031-01-01T00:00:00Z":     {From: 5, To: 100, Until: until},
		"sizes 9223372036854775807.." /* 2^63 − 1 */ : {From: 1<<63 - 1},
	} {
		policy := l.log + "#cocket period " + id + " " + text + "\n" + l.a + "quorum a\n"
		p := accept(t, policy)
		if len(p.Logs) != 1 || p.Logs[0].Period != want || p.Logs[0].Period.String() != text {
			t.Errorf("%s is read as %v", text, p.Logs)
		}
		if p.String() != policy {
			t.Errorf("printed back as %q", p)
		}
	}
	good := "#cocket period " + id + " sizes 0..100 until 2031-01-01T00:00:00Z"
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %q", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for _, line := range []string{
		"#cocket", "#cocket ", "#cocket perriod", replace("#", " #"), replace("#", "# "), replace("#", "##"),
		replace("#cocket", "# Cocket"), replace("cocket", "Cocket"), replace("period", "Period"),
		replace(" sizes", "  sizes"), replace(" sizes", "\tsizes"), good + " ", replace("sizes", "size"),
		replace(id, id+"0"), replace(id, "log.example/b+00000000"), replace(id, ""), replace("0..", "00.."),
		replace("0..", "-1.."), replace("0..", "+0.."), replace("..", "."), replace("..", "..."), replace("..", "-"),
		replace("0..100", "0..0"), replace("0..100", "101..100"), replace("0..100", "..100"), replace("0..100", "0"),
		replace("100", "9223372036854775808"), replace("100", "1e3"), replace("until", "Until"),
		replace(" until 2031-01-01T00:00:00Z", " until"), replace("until ", "until  "), good + " until 2032-01-01T00:00:00Z",
		replace("00:00:00Z", "00:00:00"), replace("00:00:00Z", "00:00:00+00:00"), replace("00:00:00Z", "00:00:00.5Z"),
		replace("T00", "t00"), replace("T00", " 00"), replace("2031-01-01", "2031-02-29"),
		replace("2031-01-01", "1970-01-01"),
		replace("2031-01-01", "0001-01-01"), replace("2031", "12031"), replace("00:00:00", "24:00:00"),
		replace("0..100 until 2031-01-01T00:00:00Z", "0.."), replace(" sizes 0..100", ""), good + "\x7f",
		replace("#", "#\u200b"), replace("#", "#\ufeff"), replace("#cocket ", "#cocket-"), replace("#cocket ", "#cocket: "),
		replace("#cocket ", "#cocket"), replace("#cocket ", "# cocket: "), replace("#cocket ", "#"),
	} {
		refuse(t, "policy line 2: ", l.log+line+"\n"+l.a+"quorum a\n")
	}
	// It stands directly below its log, once.
	refuse(t, "policy line 1: a period stands directly below", good+"\n"+l.log+l.a+"quorum a\n")
	for _, between := range []string{"\n", "#\n", l.b, good + "\n"} {
		refuse(t, "policy line 3: a period stands directly below", l.log+between+good+"\n"+l.a+"quorum a\n")
	}
	for _, comment := range []string{"# cocket is a seal", "#cocketry", "#period " + id, "# a cocket period", "#"} {
		if p := accept(t, l.log+comment+"\nquorum none\n"); p.Logs[0].Period.Bounded() {
			t.Errorf("comment %q is read as a period", comment)
		}
	}
}

// A time that nobody vouches for bounds nothing, so it is refused where the quorum is none.
func TestPeriodNeedsAQuorumForItsTime(t *testing.T) {
	l := policyLines()
	id := strings.Join(strings.Split(strings.TrimPrefix(l.log, "log "), "+")[:2], "+")
	period := "#cocket period " + id + " sizes 0..5 until 2031-01-01T00:00:00Z\n"
	refuse(t, "policy line 3: until needs witnesses", "\n"+l.log+period+"quorum none\n")
	faults := receipt.FindFaults([]byte("x\n" + l.log + period + "quorum none\nquorum none\n"))
	var lines []int
	for _, f := range faults {
		lines = append(lines, f.Line)
	}
	if !reflect.DeepEqual(lines, []int{1, 3, 5}) {
		t.Errorf("faults %v, want those of lines 1, 3 and 5", faults)
	}
	p := accept(t, l.log+strings.Replace(period, " until 2031-01-01T00:00:00Z", "", 1)+"quorum none\n")
	w := newWorld()
	if _, err := p.Verify(w.signed(5)); err != nil {
		t.Error(err)
	}
	_, err := p.Verify(w.signed(6))
	wantError(t, err, "good for sizes 0..5, not for size 6")
	p.Logs[0].Period.Until = time.Unix(1<<40, 0) // a policy that was not parsed
	_, err = p.Verify(w.signed(5))
	wantError(t, err, "no quorum of witnesses states a time")
}

// rotated is the world's log with a second key, which goes on from size 5 and time 1100.
type rotated struct {
	*world
	next *receipt.Signer
	key  receipt.VerifierKey
}

func newRotated() (r rotated) {
	r.world = newWorld()
	r.next, r.key = logKey(2, origin)
	r.policy.Logs = []receipt.Log{
		{Key: r.logKey, Period: receipt.Period{To: 5, Until: time.Unix(1100, 0).UTC()}},
		{Key: r.key, Period: receipt.Period{From: 5}},
	}
	r.policy = must(receipt.ParsePolicy([]byte(r.policy.String())))
	return r
}

// note is a checkpoint of cp, signed and cosigned by all witnesses at this time.
func (r rotated) note(cp receipt.Checkpoint, at int64, signers ...*receipt.Signer) []byte {
	b := append(cp.Body(), '\n')
	for _, s := range signers {
		sig := must(s.Sign(cp.Body()))
		b = append(b, receipt.Signature{Name: s.Name(), ID: s.KeyHash(), Sig: sig}.String()...)
	}
	for _, c := range r.cosigner {
		b = append(b, must(c.Cosign(cp, time.Unix(at, 0))).String()...)
	}
	return b
}

// What each key of a log that changed its key can and cannot do, the thief of the old one too.
func TestRotation(t *testing.T) {
	r := newRotated()
	at := func(size int64) receipt.Checkpoint { return r.tree.checkpoint(size) }
	fork := at(4)
	fork.Root[0] ^= 1
	one := r.note(at(4), 1100, r.log)
	one = one[:strings.LastIndex(string(one), "— ")] // without the last witness
	broken := r.note(at(6), 1200, r.log, r.next)
	broken = []byte(strings.Replace(string(broken), r.signature(at(6), r.log), r.signature(at(5), r.log), 1))
	for name, c := range map[string]struct {
		note   []byte
		signer receipt.VerifierKey
		want   string
	}{
		"old key, old size":                      {r.note(at(4), 900, r.log), r.logKey, ""},
		"old key, last size, last time":          {r.note(at(5), 1100, r.log), r.logKey, ""},
		"new key, first size":                    {r.note(at(5), 1200, r.next), r.key, ""},
		"new key, later":                         {r.note(at(6), 1200, r.next), r.key, ""},
		"both keys, old size: the old one":       {r.note(at(4), 900, r.log, r.next), r.logKey, ""},
		"both keys, new size: the new one":       {r.note(at(6), 1200, r.log, r.next), r.key, ""},
		"stolen key, new size":                   {r.note(at(6), 1000, r.log), r.logKey, "not for size 6"},
		"stolen key, old size, fresh quorum":     {r.note(at(5), 1101, r.log), r.logKey, "the quorum was not reached before"},
		"stolen key, fork, fresh quorum":         {r.note(fork, 1200, r.log), r.logKey, "the quorum was not reached before"},
		"stolen key, one witness":                {one, r.logKey, "do not satisfy the quorum"},
		"new key stolen, old size":               {r.note(at(4), 1000, r.next), r.key, "good for sizes 5.., not for size 4"},
		"both keys, neither is good":             {r.note(at(4), 1200, r.log, r.next), r.logKey, "the quorum was not"},
		"SN-9 a broken line beside the good one": {broken, r.logKey, "SN-9"},
	} {
		t.Run(name, func(t *testing.T) {
			report := r.policy.Examine(c.note)
			if err := report.Err(); c.want != "" {
				wantError(t, err, c.want)
			} else if err != nil {
				t.Error(err)
			}
			if report.Log != c.signer {
				t.Errorf("signed by %08x, want %08x", report.Log.ID, c.signer.ID)
			}
			if _, err := r.policy.Verify(c.note); (err == nil) != (c.want == "") {
				t.Errorf("verified: %v", err)
			}
		})
	}
	report := r.policy.Examine(one)
	if report.PeriodErr != nil || report.QuorumErr == nil || report.Period != r.policy.Logs[0].Period {
		t.Errorf("without a quorum the time of a period is not judged: %+v", report)
	}
	report = r.policy.Examine(r.note(at(6), 1000, r.log))
	if report.LogErr != nil || report.QuorumErr != nil || report.PeriodErr == nil {
		t.Errorf("the period is no fact by itself: %+v", report)
	}
	// What a quorum that lies can do, and what no policy alone prevents.
	if err := r.policy.Examine(r.note(fork, 1100, r.log)).Err(); err != nil {
		t.Errorf("a quorum of liars is believed, as it must be: %v", err)
	}
}

// signature is the base64 of a signer's line.
func (r rotated) signature(cp receipt.Checkpoint, s *receipt.Signer) string {
	line := receipt.Signature{Name: s.Name(), ID: s.KeyHash(), Sig: must(s.Sign(cp.Body()))}.String()
	return strings.Fields(line)[2]
}

// A receipt of before the rotation and one of after it verify under the same policy.
func TestReceiptsOfBothKeys(t *testing.T) {
	r := newRotated()
	for _, size := range []int64{3, 5, 8} {
		signer := r.log
		if size > 5 {
			signer = r.next
		}
		proof := receipt.Receipt{
			Index: 2, Proof: r.tree.proof(size, 2), Checkpoint: r.note(r.tree.checkpoint(size), 1000, signer),
		}
		if err := r.verify(proof.Bytes(), leaf(2)); err != nil {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

// Every mistake is one fault, with its line, and their list is bounded.
func TestFindFaults(t *testing.T) {
	l := policyLines()
	for text, want := range map[string][]int{
		l.log + l.a + "quorum a\n":                              nil,
		"witness a x\n" + l.b + "group g any a b\nquorum g\n":   {1}, // its name is known all the same
		l.a + "group g 5 a\ngroup h any g\nquorum h\n":          {2},
		"log x\n#cocket period y sizes 0..\nquorum none\n":      {1},
		"quorum\nquorum none\n":                                 {1, 2},
		l.a + "x\n":                                             {2, 0},
		l.a + "\nquorum none #\n#cocket\nquorum none\nquorum a": {3, 4, 6},
	} {
		var got []int
		for _, f := range receipt.FindFaults([]byte(text)) {
			got = append(got, f.Line)
			if f.Unwrap() == nil || !strings.HasSuffix(f.Error(), f.Err.Error()) {
				t.Errorf("%q: fault %v", text, f)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: faults in lines %v, want %v", text, got, want)
		}
	}
	if n := len(receipt.FindFaults([]byte(strings.Repeat("x\n", 1000)))); n != 100 {
		t.Errorf("%d faults", n)
	}
}
