// SPDX-License-Identifier: Apache-2.0

package strict_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"cocket.example/internal/strict"
)

// The eight points of the small subgroup, every other encoding of them, and encodings of no point.
func TestWeakPublicKeys(t *testing.T) {
	ff, zero := strings.Repeat("ff", 30), strings.Repeat("00", 30)
	order8a := "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc"
	order8b := "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03"
	for key, want := range map[string]string{
		"01" + zero + "00":   "small order", // the identity
		"ec" + ff + "7f":     "small order", // order 2
		"00" + zero + "00":   "small order", // order 4
		"00" + zero + "80":   "small order",
		order8a + "05":       "small order",
		order8a + "85":       "small order",
		order8b + "7a":       "small order",
		order8b + "fa":       "small order",
		"01" + zero + "80":   "not a canonical", // x is 0 and its sign bit set
		"ec" + ff + "ff":     "not a canonical",
		"ed" + ff + "7f":     "not a canonical", // y is p, p+1
		"ed" + ff + "ff":     "not a canonical",
		"ee" + ff + "7f":     "not a canonical",
		"ee" + ff + "ff":     "not a canonical",
		"02" + zero + "00":   "not a canonical", // on no point of the curve
		"01" + zero:          "not a canonical", // 31 bytes
		"01" + zero + "0000": "not a canonical",
		"":                   "not a canonical",
	} {
		public, err := hex.DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, typ := range []byte{strict.Ed25519, strict.Cosignature} {
			if _, err := strict.NewKey("k.example", typ, public); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", key, err, want)
			}
		}
	}
}
