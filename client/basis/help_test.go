// SPDX-License-Identifier: Apache-2.0

package basis_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/client"
	"cocket.example/client/basis"
	"cocket.example/client/status"
	"cocket.example/declaration"
	"cocket.example/receipt"
)

// tree is a log of a few entries, cosigned by three witnesses.
type tree struct {
	origin    string
	signer    *receipt.Signer
	witnesses []*receipt.Cosigner
	entries   [][]byte
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func key(t receipt.KeyType, name string) string {
	skey, _, err := receipt.GenerateKey(rand.Reader, t, name)
	return must(skey, err)
}

// root and path are RFC 6962, section 2.1, as it says it.
func root(leaves [][]byte) []byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := split(len(leaves))
	return rfc6962.DefaultHasher.HashChildren(root(leaves[:k]), root(leaves[k:]))
}

func path(m int, leaves [][]byte) []receipt.Hash {
	if len(leaves) == 1 {
		return nil
	}
	k := split(len(leaves))
	if m < k {
		return append(path(m, leaves[:k]), receipt.Hash(root(leaves[k:])))
	}
	return append(path(m-k, leaves[k:]), receipt.Hash(root(leaves[:k])))
}

func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

// receipt is that of an entry in the tree of a size, cosigned by some of the witnesses at a time.
func (t *tree) receipt(index, size int, at time.Time, witnesses ...int) []byte {
	var leaves [][]byte
	for _, e := range t.entries[:size] {
		leaves = append(leaves, rfc6962.DefaultHasher.HashLeaf(e))
	}
	cp := receipt.Checkpoint{Origin: t.origin, Size: uint64(size), Root: receipt.Hash(root(leaves))}
	signed := must(cp.Sign(t.signer))
	for _, w := range witnesses {
		line := must(t.witnesses[w].Cosign(cp, at))
		signed = append(signed, line.String()...)
	}
	return receipt.Receipt{Index: uint64(index), Proof: path(index, leaves), Checkpoint: signed}.Bytes()
}

// story is a certification and a claim on it, and all that can be different about them.
type story struct {
	cert, claim         map[string]string
	certShows           []string // paths; none: all, as an opening
	claimShows          []string
	quotes              string // what the claim refers to; "" is the certification
	certEvent           string
	certAt, claimAt     int // index
	certSize, claimSize int // of the tree of its receipt
	certTime, claimTime time.Time
	certBy, claimBy     []int // the witnesses who cosigned
	claimLog            string
	certAs, claimAs     string // profile
	odd                 int    // entry that is another in the claim's tree; −1: none
	quorum              string // of the policy
	before              time.Time
	tamper              func(claim, cert []byte) // of the receipts
	unread              bool                     // the log was not read
	answer              func(*basis.Standing)    // what is different in what was read
	trouble             error                    // that reading it gave
}

// newStory is one in which everything holds: of 8 entries the certification is the third, on file since
// May 2, and the claim the sixth, of May 4.
func newStory() *story {
	return &story{
		cert: map[string]string{
			"certifier.role": "EXPORTER", "certifier.title": "Export manager", "certifier.name": "Maxi Acero",
			"certifier.address": "Avenida Carlos 100, Monterrey", "certifier.country": "MX",
			"certifier.phone": "+52 81 0000 0000", "certifier.email": "origin@acero.example",
			"exporter.kind": "CERTIFIER", "importer.kind": "UNKNOWN", "statement": "USMCA-5-A",
			"signature.date": "2026-05-01", "blanket.from": "2026-05-01", "blanket.to": "2027-04-30",
			"goods.count": "2", "goods[0].description": "Brake pads", "goods[0].hs": "870830", "goods[0].criterion": "B",
			"goods[0].origin.country": "MX", "goods[0].producer.kind": "ON-REQUEST", "goods[0].edition": "2022",
			"goods[1].description": "Steel tubes", "goods[1].hs": "730630", "goods[1].criterion": "A",
			"goods[1].origin.country": "MX", "goods[1].producer.kind": "ON-REQUEST",
		},
		claim: map[string]string{
			"kind": "ENTRY", "basis": "CERTIFICATION", "entry.number": "ABC12345676", "date": "2026-05-04",
			"importation.country": "US", "importation.date": "2026-05-03",
			"goods.count": "1", "goods[0].hs": "8708301000", "goods[0].spi": "S", "goods[0].certificate.line": "0",
			"goods[0].origin.country": "MX", "goods[0].edition": "2022",
		},
		certEvent: "issue", certAt: 2, claimAt: 5, certSize: 4, claimSize: 8,
		certTime: date(2, 8), claimTime: date(6, 8), certBy: []int{0, 1}, claimBy: []int{0, 1, 2},
		claimLog: "customs.example/log", certAs: "usmca/1", claimAs: "usmca/1", odd: -1, quorum: "2", tamper: func(_, _ []byte) {}, answer: func(*basis.Standing) {},
	}
}

// date is an hour of a day in May 2026.
func date(day, hour int) time.Time { return time.Date(2026, 5, day, hour, 0, 0, 0, time.UTC) }

func seal(event, profile, log string, fields map[string]string, refers *declaration.Hash) declaration.Opening {
	return must(declaration.Declaration{Log: log, Event: event, Profile: profile, Submitter: "broker.example",
		Refers: refers, Fields: fields}.Seal(rand.Reader))
}

// telling makes what is shown of an opening, with its receipt beside it or in it.
func telling(t *testing.T, v client.Verifier, o declaration.Opening, proof []byte, paths []string) client.Report {
	t.Helper()
	if len(paths) == 0 {
		return v.VerifyOpening(must(json.Marshal(o)), proof)
	}
	return v.VerifyDisclosure(must(json.Marshal(must(o.Disclose(proof, false, paths...)))))
}

// sites are the two logs and whom to believe.
type sites struct {
	logs   map[string]*tree
	policy receipt.Policy
}

func newSites(quorum string) sites {
	s := sites{logs: make(map[string]*tree)}
	text := ""
	var witnesses []*receipt.Cosigner
	for _, name := range []string{"customs.example/log", "agency.example/log"} {
		signer := must(receipt.NewSigner(key(receipt.Ed25519, name)))
		s.logs[name] = &tree{origin: name, signer: signer}
		text += "log " + signer.VerifierKey() + "\n"
	}
	for i := range 3 {
		w := must(receipt.NewCosigner(key(receipt.Cosignature, fmt.Sprintf("witness.example/w%d", i))))
		witnesses = append(witnesses, w)
		text += fmt.Sprintf("witness w%d %s\n", i, w.VerifierKey())
	}
	for _, log := range s.logs {
		log.witnesses = witnesses
		for i := range 8 {
			log.entries = append(log.entries, fmt.Appendf(nil, "entry %d of %s", i, log.origin))
		}
	}
	if quorum != "none" {
		text += "group both " + quorum + " w0 w1 w2\n"
		quorum = "both"
	}
	s.policy = must(receipt.ParsePolicy([]byte(text + "quorum " + quorum + "\n")))
	return s
}

// judge files both, verifies both, reads the log, and judges.
func (s *story) judge(t *testing.T) basis.Report {
	t.Helper()
	sites := newSites(s.quorum)
	v := client.Verifier{Policy: sites.policy}
	log, other := sites.logs["customs.example/log"], sites.logs[s.claimLog]
	var refers *declaration.Hash
	if s.certEvent == "amend" {
		refers = new(declaration.Hash)
	}
	cert := seal(s.certEvent, s.certAs, log.origin, s.cert, refers)
	log.entries[s.certAt] = cert.Entry()
	leaf := declaration.LeafHash(cert.Entry())
	fields := maps.Clone(s.claim)
	if fields["refers"] = s.quotes; s.quotes == "" {
		fields["refers"] = base64.StdEncoding.EncodeToString(leaf[:])
	}
	claim := seal("claim", s.claimAs, other.origin, fields, nil)
	other.entries[s.claimAt] = claim.Entry()
	certProof := log.receipt(s.certAt, s.certSize, s.certTime, s.certBy...)
	if s.odd >= 0 {
		other.entries[s.odd] = []byte("another history")
	}
	claimProof := other.receipt(s.claimAt, s.claimSize, s.claimTime, s.claimBy...)
	s.tamper(claimProof, certProof)
	c := basis.Case{Policy: sites.policy, Before: s.before, Trouble: s.trouble,
		Claim:         telling(t, v, claim, claimProof, s.claimShows),
		Certification: telling(t, v, cert, certProof, s.certShows),
	}
	if !s.unread {
		c.Standing = &basis.Standing{Answer: status.Answer{Leaf: leaf, Log: log.origin, Index: uint64(s.certAt),
			Size: 8, Time: date(9, 8), Complete: true}, Linked: s.claimLog == log.origin, Claimed: uint64(s.claimAt)}
		s.answer(c.Standing)
	}
	return c.Judge()
}

// event is an amendment or a withdrawal of the certification.
func event(s *basis.Standing, kind string, index uint64) {
	s.Events = append(s.Events, status.Event{Index: index, Leaf: receipt.Hash{byte(index)}, Target: s.Leaf,
		Entry: declaration.Entry{Event: kind}, Time: date(3, 8)})
}

func without(paths map[string]string, not ...string) (list []string) {
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		if !slices.Contains(not, p) {
			list = append(list, p)
		}
	}
	return list
}
