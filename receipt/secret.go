// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"cocket.example/internal/strict"
)

// seedSize is the length in bytes of the seed that every key, of whatever type, is made from.
const seedSize = 32

// secret is a private key that never prints. What is secret stands behind functions because fmt calls
// no method of an unexported field of somebody's struct, and shows what a pointer there points to.
type secret struct {
	seed func() []byte
	sign func(message []byte) ([]byte, error)
	vkey strict.Key
}

// String returns a placeholder.
func (secret) String() string { return "(secret key)" }

// GoString returns a placeholder.
func (secret) GoString() string { return "(secret key)" }

// Format prints a placeholder, whatever the verb.
func (secret) Format(f fmt.State, _ rune) { io.WriteString(f, "(secret key)") }

// VerifierKey returns the vkey.
func (s secret) VerifierKey() string { return s.vkey.String() }

// Name returns the key's name.
func (s secret) Name() string { return s.vkey.Name }

// KeyHash returns the key id.
func (s secret) KeyHash() uint32 { return s.vkey.ID }

// GenerateKey makes a key pair in the text form of signed notes, which other tools read too: an skey
// is "PRIVATE+KEY+" name "+" id "+" base64(type ‖ seed of 32 bytes), whatever its type.
func GenerateKey(rand io.Reader, typ KeyType, name string) (skey, vkey string, err error) {
	seed := make([]byte, seedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return "", "", fmt.Errorf("random seed: %w", err)
	}
	s, err := newSecret(seed, typ, name)
	if err != nil {
		return "", "", err
	}
	return s.skey(), s.VerifierKey(), nil
}

// newSecret expands a seed. A type that is not known is for strict.NewKey to refuse.
func newSecret(seed []byte, typ KeyType, name string) (s secret, err error) {
	expand := expandEd25519
	if typ == MLDSA44 {
		expand = expandMLDSA
	}
	public, sign, err := expand(seed)
	if err != nil {
		return secret{}, err
	}
	vkey, err := strict.NewKey(name, byte(typ), public)
	return secret{seed: func() []byte { return seed }, sign: sign, vkey: vkey}, err
}

func (s secret) skey() string {
	typed := append([]byte{s.vkey.Type}, s.seed()...)
	return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", s.vkey.Name, s.vkey.ID, base64.StdEncoding.EncodeToString(typed))
}

// parseSecret never puts a part of the key into an error.
func parseSecret(skey string, want ...KeyType) (secret, error) {
	rest, ok := strings.CutPrefix(skey, "PRIVATE+KEY+")
	parts := strings.SplitN(rest, "+", 3)
	if !ok || len(parts) != 3 {
		return secret{}, errors.New("not a secret key: want PRIVATE+KEY+name+id+base64")
	}
	b, err := strict.Base64(parts[2])
	if err != nil || len(b) != 1+seedSize {
		return secret{}, errors.New("secret key: want base64 of a type and a seed of 32 bytes")
	}
	typ := KeyType(b[0])
	if !slices.Contains(want, typ) {
		return secret{}, fmt.Errorf("secret key of type 0x%02x, want %s: 01 is for logs, certifiers and submitters, "+
			"04 for witnesses, 06 for logs and witnesses", b[0], numbers(want))
	}
	s, err := newSecret(b[1:], typ, parts[0])
	if err != nil {
		return secret{}, err
	}
	if s.skey() != skey {
		return secret{}, errors.New("secret key: the id does not belong to name and key")
	}
	return s, nil
}

func numbers(types []KeyType) string {
	var words []string
	for _, t := range types {
		words = append(words, fmt.Sprintf("0x%02x", byte(t)))
	}
	return strings.Join(words, " or ")
}
