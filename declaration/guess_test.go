// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"crypto/rand"
	"maps"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"
)

// withField is an import of one line.
func withField(path, value string) Declaration {
	fields := importation()
	maps.DeleteFunc(fields, func(path, _ string) bool { return strings.HasPrefix(path, "goods[1]") })
	fields["goods.count"], fields[path] = "1", value
	return sample("import/1", fields)
}

func TestEqualLength(t *testing.T) {
	a, b := importation(), importation()
	b["importer.id"], b["goods[0].hs"], b["courier.id"] = "A-VERY-LONG-IMPORTER-NUMBER-12345", "870899", "X"
	delete(b, "goods[1].item.price")
	if x, y := len(mustSeal(t, sample("import/1", a)).Entry()), len(mustSeal(t, sample("import/1", b)).Entry()); x != y {
		t.Errorf("entries of %d and %d bytes", x, y)
	}
}

// TestSecretTwice: the same secret for two versions of a declaration gives no equal salt or leaf.
func TestSecretTwice(t *testing.T) {
	a, err := withField("goods[0].hs", "080390").Seal(&counting{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := withField("goods[0].hs", "090111").Seal(&counting{})
	if err != nil {
		t.Fatal(err)
	}
	if a.open().secret != b.open().secret {
		t.Fatal("the secrets differ: this test cannot see")
	}
	for i := range a.open().tree[0] {
		x, _ := a.open().salts.field(i)
		y, _ := b.open().salts.field(i)
		if x == y || a.open().tree[0][i] == b.open().tree[0][i] {
			t.Fatalf("field %d has the same salt or leaf in both versions", i)
		}
	}
}

// TestGuessing plays the game of a competitor who has the public entry and knows every field but one:
// he commits to each candidate himself, with the entry's own context, and compares what he can see. The
// salts leave him nothing but chance; without them, which shows that this test can see, he always wins.
func TestGuessing(t *testing.T) {
	rounds := 10_000
	if n, err := strconv.Atoi(os.Getenv("COCKET_GUESSES")); err == nil {
		rounds = n
	}
	games := map[string][]string{
		"goods[0].hs":       {"080390", "090111", "220421", "730630", "870830"},
		"departure.country": {"CR", "GT", "MX", "VN"},
		"importer.id":       {"IMP0001", "A1", "LONG-NUMBER-OF-AN-IMPORTER-0001"},
	}
	for path, candidates := range games {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			g := newGame(t, path, candidates)
			for range (rounds + len(games) - 1) / len(games) {
				truth := candidates[draw(t, len(candidates))]
				if guess, ok := g.find(mustSeal(t, withField(path, truth)).open().entry); ok {
					t.Fatalf("the entry betrays %s: %s", path, guess)
				}
			}
			for _, truth := range candidates {
				c := mustSeal(t, withField(path, truth)).open()
				if guess, ok := g.find(unsalted(c)); !ok || guess != truth {
					t.Fatalf("without salts %s is not found: this test cannot see", path)
				}
			}
		})
	}
}

// game is what a competitor prepares: a declaration for each candidate.
type game struct {
	candidates []string
	contents   []content
}

func newGame(t *testing.T, path string, candidates []string) game {
	g := game{candidates: candidates}
	for _, value := range candidates {
		g.contents = append(g.contents, sealWith(t, withField(path, value), &counting{}).open())
	}
	return g
}

// find returns the candidate that the entry betrays: by its root or its length.
func (g game) find(e Entry) (string, bool) {
	for i, c := range g.contents {
		if len(c.entry.Bytes()) != len(e.Bytes()) {
			return "by its length", true
		}
		c.entry.Tags = e.Tags // the context is public
		if own := unsalted(c); own.Root == e.Root || c.entry.Root == e.Root {
			return g.candidates[i], true
		}
	}
	return "", false
}

// unsalted commits with salts of zeros.
func unsalted(c content) Entry {
	context, leaves := c.entry.contextHash(), c.leaves()
	hashes := make([]Hash, len(leaves))
	for i, l := range leaves {
		hashes[i] = l.hash(context, Hash{})
	}
	c.entry.Root = newTree(hashes).root()
	return c.entry
}

func draw(t *testing.T, n int) int {
	t.Helper()
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		t.Fatal(err)
	}
	return int(i.Int64())
}
