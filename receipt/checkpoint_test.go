// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cocket.example/receipt"
)

const emptyRoot = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" // CP-5

func TestParseCheckpoint(t *testing.T) {
	line := "— k AAAAAAA=\n"
	note := origin + "\n0\n" + emptyRoot + "\n\n" + line
	cp, signatures, err := receipt.ParseCheckpoint([]byte(note))
	if err != nil || cp.Origin != origin || cp.Size != 0 || len(signatures) != 1 {
		t.Fatalf("%v, %v, %v", cp, signatures, err)
	}
	if got := string(cp.Body()) + "\n" + signatures[0].String(); got != note {
		t.Errorf("prints back as %q", got)
	}
	if _, s, err := receipt.ParseCheckpoint([]byte(note + strings.Repeat(line, 99))); err != nil || len(s) != 100 {
		t.Errorf("100 signatures (SN-7): %d, %v", len(s), err)
	}
	replace := func(old, new string) string { return strings.Replace(note, old, new, 1) }
	for name, c := range map[string]struct{ note, want string }{
		"SN-1 no empty line":     {origin + "\n", "no empty line"},
		"SN-1 no signature":      {replace(line, ""), "no signature"},
		"SN-1 no final LF":       {strings.TrimSuffix(note, "\n"), "not ended"},
		"SN-2 hyphen":            {replace("—", "-"), "em dash"},
		"SN-2 two spaces":        {replace("k A", "k  A"), "base64"},
		"SN-3 CR":                {strings.ReplaceAll(note, "\n", "\r\n"), "no empty line"},
		"SN-3 CR in a line":      {replace("\n0", "\r\n0"), "0x0d"},
		"SN-3 UTF-8":             {replace("log", "\xff"), "UTF-8"},
		"SN-4 empty line inside": {replace("\n0", "\n\n0"), "CP-6"},
		"SN-5 name":              {replace("— k", "— k+"), "plus"},
		"SN-6 only an id":        {replace("AAAAAAA=", "AAAAAA=="), "4 bytes"},
		"SN-7 101 signatures":    {note + strings.Repeat(line, 100), "more than 100"},
		"SN-7 size":              {note + strings.Repeat("x", receipt.MaxCheckpoint), "at most"},
		"SN-13 stray bits":       {replace("AAAAAAA=", "AAAAAAB="), "canonical"},
		"CP-2 empty origin":      {replace(origin, ""), "CP-2"},
		"CP-2 origin":            {replace(origin, "a b"), "no name of a log"},
		"CP-4 leading zero":      {replace("\n0\n", "\n00\n"), "CP-4"},
		"CP-4 size":              {replace("\n0\n", "\n9223372036854775808\n"), "CP-4"},
		"CP-5 short root":        {replace(emptyRoot, "AAAA"), "CP-5"},
		"CP-5 wrong empty root":  {replace("47DE", "57DE"), "SHA-256 of nothing"},
		"CP-6 extension":         {replace("=\n\n", "=\nmore\n\n"), "CP-6"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := receipt.ParseCheckpoint([]byte(c.note))
			wantError(t, err, c.want)
		})
	}
}

func TestParseSignaturesIsBounded(t *testing.T) {
	_, err := receipt.ParseSignatures(make([]byte, receipt.MaxCheckpoint+1))
	wantError(t, err, "at most")
}

func TestSign(t *testing.T) { // CP-8
	signer, key := logKey(1, origin)
	cp := newTree(2).checkpoint(2)
	other := cp
	other.Origin = "other.example"
	_, err := other.Sign(signer)
	wantError(t, err, "CP-8")
	cp.Size = 1 << 63
	_, err = cp.Sign(signer)
	wantError(t, err, "CP-4")
	if signer.KeyHash() != key.ID || signer.VerifierKey() != key.String() {
		t.Errorf("signer is %s, key %s", signer.VerifierKey(), key)
	}
}

func TestVerifyLog(t *testing.T) {
	signer, key := logKey(1, origin)
	cosigner, witness := witnessKey(2, origin)
	cp := newTree(2).checkpoint(2)
	_, signatures, err := receipt.ParseCheckpoint(must(cp.Sign(signer)))
	if err != nil {
		t.Fatal(err)
	}
	if err := key.VerifyLog(cp, signatures); err != nil {
		t.Error(err)
	}
	other := cp
	other.Size = 3
	wantError(t, key.VerifyLog(other, signatures), "SN-9")
	wantError(t, key.VerifyLog(cp, append(signatures, signatures...)), "SN-12")
	wantError(t, witness.VerifyLog(cp, signatures), "0x04")
	foreign := []receipt.Signature{must(cosigner.Cosign(cp, time.Unix(1, 0)))} // same name, other id (SN-8)
	if err := key.VerifyLog(cp, foreign); !errors.Is(err, receipt.ErrNoSignature) {
		t.Error(err)
	}
}

func TestVerifyCosignature(t *testing.T) {
	cosigner, key := witnessKey(2, "w.example")
	_, log := logKey(1, origin)
	cp := newTree(2).checkpoint(2)
	good := must(cosigner.Cosign(cp, time.Unix(1700000000, 5)))
	if at, err := key.VerifyCosignature(cp, good); err != nil || !at.Equal(time.Unix(1700000000, 0)) {
		t.Errorf("%s, %v", at, err)
	}
	with := func(change func(*receipt.Signature)) receipt.Signature {
		s := good
		s.Sig = bytes.Clone(s.Sig)
		change(&s)
		return s
	}
	for want, s := range map[string]receipt.Signature{
		"want 72":                  with(func(s *receipt.Signature) { s.Sig = s.Sig[1:] }),        // CS-1, CS-6
		"year 9999":                with(func(s *receipt.Signature) { s.Sig[0] = 0x7f }),          // CS-5
		"SN-9":                     with(func(s *receipt.Signature) { s.Sig[7]++ }),               // CS-9
		"no signature of this key": with(func(s *receipt.Signature) { s.Name = "other.example" }), // SN-8
	} {
		_, err := key.VerifyCosignature(cp, s)
		wantError(t, err, want)
	}
	_, err := log.VerifyCosignature(cp, good)
	wantError(t, err, "0x01")
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Unix(253402300800, 0)} { // TW-11
		_, err := cosigner.Cosign(cp, at)
		wantError(t, err, "TW-11")
	}
}

func TestKeyErrors(t *testing.T) {
	skey, vkey, err := receipt.GenerateKey(seed(1), receipt.Ed25519, origin)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.Split(skey, "+")[4]
	for want, wrong := range map[string]string{
		"PRIVATE+KEY": vkey,
		"base64":      skey + "=",
		"id does not": strings.Replace(skey, "+log", "+Log", 1),
		"white space": strings.Replace(skey, "+log", "+l g", 1),
	} {
		_, err := receipt.NewSigner(wrong)
		wantError(t, err, want)
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("error shows the key: %v", err)
		}
	}
	c, err := receipt.NewCosigner(skey)
	if wantError(t, err, "0x01"); c != nil {
		t.Error("a cosigner comes with an error")
	}
	_, _, err = receipt.GenerateKey(strings.NewReader("short"), receipt.Ed25519, origin)
	wantError(t, err, "random seed")
	_, _, err = receipt.GenerateKey(seed(1), 7, origin)
	wantError(t, err, "0x07")
}

func TestSecretsDoNotPrint(t *testing.T) {
	raw := bytes.Repeat([]byte{171}, 32)
	key := func(typ receipt.KeyType) string {
		skey, _, err := receipt.GenerateKey(bytes.NewReader(raw), typ, origin)
		if err != nil {
			t.Fatal(err)
		}
		return skey
	}
	s, c := must(receipt.NewSigner(key(receipt.Ed25519))), must(receipt.NewCosigner(key(receipt.MLDSA44)))
	timed := must(receipt.NewLogSigner(key(receipt.MLDSA44))).(*receipt.TimedSigner)
	type hidden struct {
		signer receipt.Signer
		by     *receipt.Signer
		timed  receipt.TimedSigner
		as     receipt.LogSigner
	}
	h := hidden{*s, s, *timed, timed}
	for _, v := range []any{s, *s, h, &h, []any{s, *s}, c, *c, timed, *timed, timed.At(time.Unix(1, 0))} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			out := fmt.Sprintf(verb, v)
			for _, leak := range []string{"171 171", "abab", "0xab, 0xab", "\xab\xab", base64.StdEncoding.EncodeToString(raw[:30])} {
				if strings.Contains(out, leak) {
					t.Errorf("%s of %T prints the key", verb, v)
				}
			}
		}
	}
	if s.String() != "(secret key)" || s.GoString() != s.String() {
		t.Errorf("prints as %s", s.String())
	}
}
