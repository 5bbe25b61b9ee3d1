// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cocket.example/receipt"
)

func TestEveryReceiptVerifies(t *testing.T) { // PF-1 … PF-7
	w := newWorld()
	for size := int64(1); size <= 11; size++ {
		for index := range size {
			r := w.receipt(size, index)
			if err := w.verify(r.Bytes(), leaf(index)); err != nil {
				t.Errorf("index %d of %d: %v", index, size, err)
			}
			wantError(t, w.verify(r.Bytes(), leaf(index+1)), "not at index")
			r.Proof = append(r.Proof, receipt.Hash{})
			wantError(t, w.verify(r.Bytes(), leaf(index)), "hashes, want")
		}
	}
}

// Every byte of a receipt is changed in several ways, into LF and space among them, and the receipt is
// cut before every byte: all are refused. What the policy does not know may be added (SN-8).
func TestTampering(t *testing.T) {
	w := newWorld()
	good := w.receipt(5, 2)
	b := good.Bytes()
	for i := range b {
		for _, flip := range []byte{0x01, 0x02, 0x20, 0x80, b[i] ^ '\n', b[i] ^ ' '} {
			if flip == 0 {
				continue
			}
			bad := slices.Clone(b)
			bad[i] ^= flip
			if w.verify(bad, leaf(2)) == nil {
				t.Errorf("byte %d changed from %q to %q: accepted", i, b[i], bad[i])
			}
		}
		if w.verify(b[:i], leaf(2)) == nil {
			t.Errorf("accepted when cut to %d bytes", i)
		}
	}
	_, stranger := logKey(99, "stranger.example")
	line := receipt.Signature{Name: stranger.Name, ID: stranger.ID, Sig: []byte{1}}
	if err := w.verify(append(b, line.String()...), leaf(2)); err != nil {
		t.Errorf("unknown signature not skipped (SN-8): %v", err)
	}
}

// TestTrustedParse: a checkpoint that is known is not parsed again, and nothing else is different.
func TestTrustedParse(t *testing.T) {
	w := newWorld()
	good := w.receipt(5, 2).Bytes()
	trusted := must(w.policy.Verify(w.receipt(5, 2).Checkpoint))
	texts := [][]byte{good, w.receipt(5, 4).Bytes(), w.receipt(6, 2).Bytes(), []byte("\n\n")}
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 1
		texts = append(texts, bad, good[:i])
	}
	for _, text := range texts {
		want, wantErr := receipt.Parse(text)
		got, err := trusted.Parse(text)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Fatalf("%q: %v, want %v", text, err, wantErr)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	w := newWorld()
	text := string(w.receipt(5, 2).Bytes())
	extra := func(s string) string { return strings.Replace(text, "index", "extra "+s+"\nindex", 1) }
	hash := base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n"
	if r, err := receipt.Parse([]byte(extra("AAAA"))); err != nil || !bytes.Equal(r.Extra, []byte{0, 0, 0}) {
		t.Errorf("extra: %v, %v", r.Extra, err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"PF-1 header":       {"x" + text, "first line"},
		"PF-1 header alone": {"c2sp.org/tlog-proof@v1\n", "not ended"},
		"PF-1 empty extra":  {extra(""), "extra"},
		"PF-1 bad extra":    {extra("A"), "extra"},
		"PF-1 cut extra":    {"c2sp.org/tlog-proof@v1\nextra AAAA\n", "not ended"},
		"PF-1 long extra":   {extra(strings.Repeat("AAAA", 2000)), "extra"},
		"PF-1 two extras":   {strings.Replace(extra("AAAA"), "index", "extra AAAA\nindex", 1), "instead of the line"},
		"PF-2 no index":     {strings.Replace(text, "index ", "", 1), "index"},
		"PF-2 leading zero": {strings.Replace(text, "index 2", "index 02", 1), "decimal"},
		"PF-3 short hash":   {strings.Replace(text, "index 2\n", "index 2\nAAAA\n", 1), "hash 0"},
		"PF-3 no end":       {text[:60], "hash"},
		"PF-7 64 hashes":    {strings.Replace(text, "index 2\n", "index 2\n"+strings.Repeat(hash, 64), 1), "more than 63"},
		"PF-7 a hash more":  {strings.Replace(text, "index 2\n", "index 2\n"+hash, 1), "4 hashes, want 3"},
		"PF-7 index":        {strings.Replace(text, "index 2", "index 5", 1), "index 5 of a tree of size 5"},
		"PF-7 trailing":     {text + "x", "not ended"},
		"size":              {text + strings.Repeat("x", 200<<10), "too many"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := receipt.Parse([]byte(c.text))
			wantError(t, err, c.want)
		})
	}
}

func TestIncludesNeedsTheTrustedTree(t *testing.T) { // PF-5
	w := newWorld()
	trusted := must(w.policy.Verify(w.signed(5)))
	wantError(t, trusted.Includes(leaf(2), w.receipt(6, 2)), "another tree")
	wantError(t, receipt.Trusted{}.Includes(leaf(2), w.receipt(5, 2)), "not trusted")
	wantError(t, trusted.Includes(leaf(2), receipt.Receipt{}), "checkpoint")
	if got := trusted.Report().Checkpoint.Size; got != 5 {
		t.Errorf("size %d", got)
	}
}

func TestAddCheckpoint(t *testing.T) { // TW-2 … TW-6
	w := newWorld()
	hash := base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n"
	checkpoint := string(w.signed(5))
	for _, n := range []int{0, 1, 63} {
		b := []byte("old 3\n" + strings.Repeat(hash, n) + "\n" + checkpoint)
		a, err := receipt.ParseAddCheckpoint(b)
		if err != nil || a.Old != 3 || len(a.Proof) != n || !bytes.Equal(a.Bytes(), b) {
			t.Errorf("%d hashes: %v, %d of them, %v", n, a.Old, len(a.Proof), err)
		}
	}
	for _, head := range []string{"", "old 010\n\n", "old 12 x\n\n", "old  1\n\n", "old +1\n\n", "old 1\r\n\n",
		"new 1\n\n", "old 1\nAAAA\n\n", "old 1\n", "old 1\n" + strings.Repeat(hash, 64) + "\n"} {
		if _, err := receipt.ParseAddCheckpoint([]byte(head + checkpoint)); err == nil {
			t.Errorf("%.20q accepted", head)
		}
	}
	wrong := must(receipt.Checkpoint{Origin: origin}.Sign(w.log))
	a, err := receipt.ParseAddCheckpoint(append([]byte("old 0\n\n"), wrong...))
	if wantError(t, err, "CP-5"); !bytes.Equal(a.Checkpoint, wrong) {
		t.Error("an empty tree's wrong root comes without what was parsed")
	}
}

func BenchmarkVerify(b *testing.B) {
	w := newWorld()
	text := w.receipt(11, 2).Bytes()
	for b.Loop() {
		if err := w.verify(text, leaf(2)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIncludes(b *testing.B) {
	w := newWorld()
	r, h := w.receipt(11, 2), leaf(2)
	trusted := must(w.policy.Verify(r.Checkpoint))
	for b.Loop() {
		if err := trusted.Includes(h, r); err != nil {
			b.Fatal(err)
		}
	}
}
