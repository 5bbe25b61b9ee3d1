// SPDX-License-Identifier: Apache-2.0

package fuzz

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"

	"cocket.example/receipt"
)

// The texts below are well formed, so that the fuzzer starts behind the first checks.
const (
	signedEmpty = "log.example/a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— k AAAAAAA=\n"
	signedOne   = "log.example/a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— k AAAAAAA=\n"
)

// keys returns an skey and vkey of each type.
func keys(f *testing.F) (texts [][2]string) {
	for _, typ := range []receipt.KeyType{receipt.Ed25519, receipt.Cosignature, receipt.MLDSA44} {
		skey, vkey, err := receipt.GenerateKey(bytes.NewReader(make([]byte, 32)), typ, "k.example")
		if err != nil {
			f.Fatal(err)
		}
		texts = append(texts, [2]string{skey, vkey})
	}
	return texts
}

func FuzzCheckpoint(f *testing.F) {
	f.Add([]byte(signedEmpty))
	f.Add([]byte(signedOne))
	f.Fuzz(func(t *testing.T, b []byte) {
		cp, signatures, err := receipt.ParseCheckpoint(b)
		if err != nil {
			return
		}
		again := append(cp.Body(), '\n')
		for _, s := range signatures {
			again = append(again, s.String()...)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("prints back as %q", again)
		}
		var theirs log.Checkpoint
		if rest, err := theirs.Unmarshal(cp.Body()); err != nil || len(rest) > 0 || theirs.Origin != cp.Origin ||
			theirs.Size != cp.Size || !bytes.Equal(theirs.Hash, cp.Root[:]) {
			t.Fatalf("formats reads %v, %v", theirs, err)
		}
		wood, err := torchwood.ParseCheckpoint(string(cp.Body()))
		if err != nil || wood.Origin != cp.Origin || uint64(wood.N) != cp.Size || receipt.Hash(wood.Hash) != cp.Root {
			t.Fatalf("torchwood reads %v, %v", wood, err)
		}
		var unverified *note.UnverifiedNoteError
		if _, err := note.Open(b, note.VerifierList()); !errors.As(err, &unverified) ||
			unverified.Note.Text != string(cp.Body()) {
			t.Fatalf("x/mod: %v", err)
		}
	})
}

func FuzzSignatures(f *testing.F) {
	f.Add([]byte("— k AAAAAAA=\n— k AAAAAAA=\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		signatures, err := receipt.ParseSignatures(b)
		if err != nil {
			return
		}
		var again []byte
		for _, s := range signatures {
			again = append(again, s.String()...)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("prints back as %q", again)
		}
	})
}

func FuzzVerifierKey(f *testing.F) {
	for _, k := range keys(f) {
		f.Add(k[1])
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := receipt.ParseVerifierKey(s)
		if err != nil {
			return
		}
		if k.String() != s {
			t.Fatalf("prints back as %q", k)
		}
		parse := note.NewVerifier
		if receipt.KeyType(k.Type) != receipt.Ed25519 {
			parse = fnote.NewVerifierForCosignatureV1
		}
		theirs, err := parse(s)
		if err != nil || theirs.Name() != k.Name || theirs.KeyHash() != k.ID {
			t.Fatalf("others read %v, %v", theirs, err)
		}
	})
}

func FuzzSecretKey(f *testing.F) {
	for _, k := range keys(f) {
		f.Add(k[0])
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ours, err := receipt.NewSigner(s); err == nil {
			theirs, err := note.NewSigner(s)
			if err != nil || theirs.Name() != ours.Name() || theirs.KeyHash() != ours.KeyHash() {
				t.Fatalf("x/mod reads another key: %v", err)
			}
		}
		if ours, err := receipt.NewLogSigner(s); err == nil {
			if _, err := receipt.ParseVerifierKey(ours.VerifierKey()); err != nil {
				t.Fatal(err)
			}
		}
		if ours, err := receipt.NewCosigner(s); err == nil {
			if _, err := receipt.ParseVerifierKey(ours.VerifierKey()); err != nil {
				t.Fatal(err)
			}
			if _, err := fnote.NewSignerForCosignatureV1(s); err != nil {
				t.Fatalf("formats refuses the key: %v", err)
			}
		}
	})
}

// FuzzCosignature: a cosignature that holds here holds for formats and torchwood, with the same time;
// and one that was changed in any byte does not hold.
func FuzzCosignature(f *testing.F) {
	k := keys(f)[1]
	key, err := receipt.ParseVerifierKey(k[1])
	if err != nil {
		f.Fatal(err)
	}
	cosigner, err := receipt.NewCosigner(k[0])
	if err != nil {
		f.Fatal(err)
	}
	formats, err := fnote.NewVerifierForCosignatureV1(k[1])
	if err != nil {
		f.Fatal(err)
	}
	wood, err := torchwood.NewCosignatureVerifier(k[1])
	if err != nil {
		f.Fatal(err)
	}
	f.Add("log.example/a", uint64(1), int64(1790000000), 0, byte(0))
	f.Add("log.example/a", uint64(1)<<62, int64(1), 9, byte(1))
	f.Fuzz(func(t *testing.T, origin string, size uint64, unix int64, at int, change byte) {
		cp := receipt.Checkpoint{Origin: origin, Size: size, Root: receipt.Hash{1}}
		if _, err := cp.Sign(); err != nil {
			return // no checkpoint that anybody could have sent
		}
		s, err := cosigner.Cosign(cp, time.Unix(unix, 0))
		if err != nil {
			return
		}
		if at >= 0 && at < len(s.Sig) {
			s.Sig[at] ^= change
		}
		when, err := key.VerifyCosignature(cp, s)
		intact := at < 0 || at >= len(s.Sig) || change == 0
		if (err == nil) != intact || err == nil && when.Unix() != unix {
			t.Fatalf("cosigned at %d, verified at %v: %v", unix, when, err)
		}
		if theirs := formats.Verify(cp.Body(), s.Sig); theirs != (err == nil) {
			t.Fatalf("formats says %v, here %v", theirs, err)
		}
		if theirs := wood.Verify(cp.Body(), s.Sig); theirs != (err == nil) {
			t.Fatalf("torchwood says %v, here %v", theirs, err)
		}
	})
}

func FuzzPolicy(f *testing.F) {
	k := keys(f)
	f.Add([]byte("log " + k[0][1] + "\nwitness w " + k[1][1] + " https://w.example/\ngroup g any w\nquorum g\n"))
	f.Add([]byte("# all logs\nquorum none\n"))
	id := k[0][1][:strings.LastIndex(k[0][1], "+")]
	for _, bounds := range []string{"0..100", "100..", "7..9 until 2031-01-01T00:00:00Z"} {
		f.Add([]byte("log " + k[0][1] + "\n#cocket period " + id + " sizes " + bounds + "\nwitness w " + k[1][1] + "\nquorum w\n"))
	}
	f.Add([]byte("log " + k[0][1] + "\n# cocket period\nquorum none\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := receipt.ParsePolicy(b)
		if err != nil {
			return
		}
		again, err := receipt.ParsePolicy([]byte(p.String()))
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%q parses back as %v, %v", p, again, err)
		}
		if p.Satisfied(func(string) bool { return false }) != (p.Quorum == "none") {
			t.Fatal("a quorum is satisfied by nothing")
		}
		if !p.Satisfied(func(string) bool { return true }) {
			t.Fatal("a quorum cannot be satisfied")
		}
		comparePolicy(t, p, b)
	})
}

func FuzzReceipt(f *testing.F) {
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\n\n" + signedOne))
	f.Add([]byte("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\n" + signedOne))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := receipt.Parse(b)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Bytes(), b) {
			t.Fatalf("prints back as %q", r.Bytes())
		}
		var theirs proof.TLogProof
		if err := theirs.Unmarshal(b); err != nil || theirs.Index != r.Index ||
			len(theirs.Hashes) != len(r.Proof) || !bytes.Equal(theirs.ExtraData, r.Extra) {
			t.Fatalf("formats reads %v, %v", theirs, err)
		}
		if extra, err := torchwood.ProofExtraData(b); (err == nil) != (r.Extra != nil) || !bytes.Equal(extra, r.Extra) {
			t.Fatalf("torchwood reads extra data %q, %v", extra, err)
		}
	})
}

func FuzzAddCheckpoint(f *testing.F) {
	f.Add([]byte("old 0\n\n" + signedEmpty))
	f.Add([]byte("old 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n" + signedOne))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := receipt.ParseAddCheckpoint(b)
		if err != nil && !errors.Is(err, receipt.ErrEmptyRoot) {
			return
		}
		if !bytes.Equal(a.Bytes(), b) {
			t.Fatalf("prints back as %q", a.Bytes())
		}
	})
}

// FuzzSignSubtree: what parses prints back, is a subtree of the tree of its checkpoint, and holds no more
// of a proof than it may.
func FuzzSignSubtree(f *testing.F) {
	f.Add([]byte("subtree 0 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n" + signedOne))
	f.Add([]byte("subtree 0 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n" + signedEmpty))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := receipt.ParseSignSubtree(b)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Bytes(), b) {
			t.Fatalf("prints back as %q", r.Bytes())
		}
		cp, _, err := receipt.ParseCheckpoint(r.Checkpoint)
		if err != nil || r.Start >= r.End || r.End > cp.Size || len(r.Proof) > 63 {
			t.Fatalf("%+v of size %d, %v", r, cp.Size, err)
		}
		_ = r.Subtree(cp.Origin).CheckConsistent(cp, r.Proof) // ends
	})
}

// FuzzFork: what parses prints back, and is made again of its parts in whatever order; its checkpoints are
// of one log and not of one tree.
func FuzzFork(f *testing.F) {
	const other = "log.example/a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=\n\n\u2014 log.example/a AAAAAAA=\n"
	f.Add([]byte("cocket.example/fork@v1\n\n" + signedOne + "\n" + other))
	f.Add([]byte("cocket.example/fork@v1\n\n" + other + "\n" + signedOne))
	f.Add([]byte("cocket.example/fork@v1\n\n" + strings.Replace(other, "\n1\n", "\n0\n", 1)))
	f.Add([]byte("cocket.example/fork@v1\nroot AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=\n\n" + signedOne + "\n" + other))
	f.Fuzz(func(t *testing.T, b []byte) {
		fork, err := receipt.ParseFork(b)
		if err != nil {
			return
		}
		if !bytes.Equal(fork.Bytes(), b) {
			t.Fatalf("prints back as %q", fork.Bytes())
		}
		heads := fork.Checkpoints()
		if len(heads) == 2 && (heads[0].Origin != heads[1].Origin || heads[0] == heads[1]) {
			t.Fatalf("no contradiction: %+v", heads)
		}
		if _, err := fork.SignedBy(); err == nil {
			t.Fatal("signed by nobody")
		}
	})
}
