// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cocket.example/receipt"
)

func TestParsePolicy(t *testing.T) {
	_, log := logKey(1, origin)
	_, a := witnessKey(2, "a.example")
	_, b := witnessKey(3, "b.example")
	_, same := witnessKey(2, "c.example")
	l, wa, wb := "log "+log.String()+"\n", "witness a "+a.String()+"\n", "witness b "+b.String()+"\n"
	ok := "# comment\n\n \t" + l + "witness \t a " + a.String() + " https://a.example/ \n" + wb +
		"group g 1 a b\nquorum g\n\t# end\n"
	p, err := receipt.ParsePolicy([]byte(ok))
	if err != nil || len(p.Logs) != 1 || p.Witnesses[0].URL != "https://a.example/" || p.Groups[0].Threshold != 1 {
		t.Fatalf("%v, %v", p, err)
	}
	if again, err := receipt.ParsePolicy([]byte(p.String())); err != nil || !reflect.DeepEqual(p, again) {
		t.Errorf("prints back as %v: %v", again, err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"TP-1 comment at the end": {"log " + log.String() + " #x\nquorum none\n", "TP-1"},
		"TP-1 witness comment":    {"witness a " + a.String() + " #x\nquorum none\n", "TP-1"},
		"TP-2 CR":                 {"quorum none\r\n", "TP-2"},
		"TP-2 DEL":                {"# \x7f\nquorum none\n", "TP-2"},
		"TP-2 NBSP is no space":   {"quorum\u00a0none\n", "want log, witness"},
		"TP-3 fields":             {"log\nquorum none\n", "TP-3"},
		"TP-3 key":                {"log x\nquorum none\n", "verifier key"},
		"TP-4 fields":             {"witness a\nquorum none\n", "TP-4"},
		"TP-4 key":                {"witness a x\nquorum none\n", "verifier key"},
		"TP-5 no member":          {wa + "group g all\nquorum g\n", "TP-5"},
		"TP-5 threshold 0":        {wa + "group g 0 a\nquorum g\n", "TP-5"},
		"TP-5 threshold 2 of 1":   {wa + "group g 2 a\nquorum g\n", "TP-5"},
		"TP-5 leading zero":       {wa + "group g 01 a\nquorum g\n", "TP-5"},
		"TP-5 later member":       {"group g all a\n" + wa + "quorum g\n", "TP-5"},
		"TP-6 no quorum":          {l, "TP-6"},
		"TP-6 empty":              {"", "TP-6"},
		"TP-6 two":                {"quorum none\nquorum none\n", "TP-6"},
		"TP-6 fields":             {"quorum\n", "TP-6"},
		"TP-6 defined later":      {"quorum a\n" + wa, "TP-6"},
		"TP-6 none as member":     {"group g all none\nquorum g\n", "TP-5"},
		"TP-7 name twice":         {wa + "witness a " + b.String() + "\nquorum a\n", "TP-7"},
		"TP-7 group like witness": {wa + wb + "group a all b\nquorum a\n", "TP-7"},
		"TP-7 member twice":       {wa + "group g 1 a a\nquorum g\n", "TP-7"},
		"TP-7 in two groups":      {wa + "group g all a\ngroup h all a\nquorum g\n", "TP-7"},
		"TP-8 log twice":          {l + l + "quorum none\n", "TP-8"},
		"TP-8 raw key twice":      {wa + "witness c " + same.String() + "\nquorum a\n", "TP-8"},
		"TP-9 witness key of log": {"log " + a.String() + "\nquorum none\n", "TP-9"},
		"TP-9 log key of witness": {"witness a " + log.String() + "\nquorum a\n", "TP-9"},
		"TP-9 ML-DSA":             {"witness a a+00000000+BgAA\nquorum a\n", "ML-DSA-44"},
		"TP-12 reserved name":     {"witness any " + a.String() + "\nquorum any\n", "reserved"},
		"TP-12 no final LF":       {"quorum none", "LF"},
		"TP-13 too long":          {strings.Repeat("#\n", 1<<20), "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := receipt.ParsePolicy([]byte(c.text))
			wantError(t, err, c.want)
		})
	}
}

func TestExamine(t *testing.T) {
	w := newWorld()
	cp := w.tree.checkpoint(5)
	good := w.signed(5)
	r := w.policy.Examine(good)
	if err := r.Err(); err != nil || r.Log != w.logKey || r.NoLaterThan.Unix() != 1100 {
		t.Fatalf("%v: %v", r, err)
	}
	stranger, _ := logKey(50, "stranger.example")
	twin, twinKey := logKey(51, origin)
	strangerLog := w.policy
	_, strangerKey := logKey(50, "stranger.example")
	strangerLog.Logs = append(slices.Clone(w.policy.Logs), receipt.Log{Key: strangerKey})
	broken := receipt.Signature{Name: strangerKey.Name, ID: strangerKey.ID, Sig: make([]byte, 64)}
	twins := w.policy
	twins.Logs = []receipt.Log{{Key: twinKey}, w.policy.Logs[0]}
	elsewhere := cp
	elsewhere.Origin = "stranger.example"
	lines := strings.SplitAfter(string(good), "\n")
	one := []byte(strings.Join(lines[:len(lines)-2], ""))
	for name, c := range map[string]struct {
		policy receipt.Policy
		note   []byte
		want   string
	}{
		"SN-9 origin changed":         {w.policy, good[1:], "SN-9"},
		"no checkpoint":               {w.policy, nil, "checkpoint"},
		"TP-3 unknown origin":         {w.policy, must(elsewhere.Sign(stranger)), "is no log of the policy"},
		"SN-9 not signed by the log":  {w.policy, must(cp.Sign(twin)), "no log of the policy has signed"},
		"SN-9 another log's breaks":   {strangerLog, append(slices.Clone(good), broken.String()...), "SN-9"},
		"PF-5 quorum":                 {w.policy, one, "do not satisfy the quorum"},
		"SN-12 a witness twice":       {w.policy, append(slices.Clone(good), lines[len(lines)-2]...), "SN-12"},
		"PF-8 known witness broken":   {w.policy, swapped(w, cp), "witness w0"},
		"quorum of no policy at all":  {receipt.Policy{Logs: w.policy.Logs}, good, "quorum"},
		"one of two logs is enough":   {twins, good, ""},
		"another log's line is extra": {strangerLog, good, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.policy.Verify(c.note)
			if c.want != "" {
				wantError(t, err, c.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	if r := w.policy.Examine(one); r.LogErr != nil || r.Witnesses[0].Err != nil ||
		!errors.Is(r.Witnesses[1].Err, receipt.ErrNoCosignature) || r.QuorumErr == nil || !r.NoLaterThan.IsZero() {
		t.Errorf("facts are not reported each by itself: %+v", r)
	}
}

// swapped is a checkpoint with a cosignature that w0 made for another tree.
func swapped(w *world, cp receipt.Checkpoint) []byte {
	other := must(w.cosigner[0].Cosign(w.tree.checkpoint(4), time.Unix(1000, 0)))
	return append(must(cp.Sign(w.log)), other.String()...)
}

// A time of 0, which no cosigner of ours states, satisfies a quorum but gives no time.
func TestTimeZero(t *testing.T) { // CS-6
	w := newWorld()
	cp := w.tree.checkpoint(5)
	b := must(cp.Sign(w.log))
	for i, k := range w.keys {
		seed := slices.Repeat([]byte{byte(10 + i)}, 32)
		sig := binary.BigEndian.AppendUint64(nil, 0)
		text := append([]byte("cosignature/v1\ntime 0\n"), cp.Body()...)
		sig = append(sig, ed25519.Sign(ed25519.NewKeyFromSeed(seed), text)...)
		b = append(b, receipt.Signature{Name: k.Name, ID: k.ID, Sig: sig}.String()...)
	}
	trusted, err := w.policy.Verify(b)
	if err != nil || !trusted.Report().NoLaterThan.IsZero() {
		t.Errorf("%v, %v", trusted.Report().NoLaterThan, err)
	}
	none := receipt.Policy{Logs: w.policy.Logs, Quorum: "none"}
	if r := none.Examine(b); r.Err() != nil || !r.NoLaterThan.IsZero() {
		t.Errorf("quorum none: %v, %v", r.NoLaterThan, r.Err())
	}
}

// A group that ParsePolicy would refuse is never satisfied (TP-13).
func TestGroupThatNeedsNothing(t *testing.T) {
	w := newWorld()
	p := w.policy
	p.Groups, p.Quorum = []receipt.Group{{Name: "e"}}, "e"
	if r := p.Examine(w.signed(5)); r.QuorumErr == nil || !r.NoLaterThan.IsZero() {
		t.Errorf("satisfied by nothing: %v", r.NoLaterThan)
	}
}
