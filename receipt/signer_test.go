// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"testing"

	"cocket.example/receipt"
)

// A log's secret key of either type signs checkpoints; a witness's does not.
func TestNewLogSigner(t *testing.T) {
	cp := newTree(5).checkpoint(5)
	for _, typ := range []receipt.KeyType{receipt.Ed25519, receipt.MLDSA44} {
		skey, vkey, err := receipt.GenerateKey(seed(1), typ, origin)
		if err != nil {
			t.Fatal(err)
		}
		signed := must(cp.Sign(must(receipt.NewLogSigner(skey))))
		policy := must(receipt.ParsePolicy([]byte("log " + vkey + "\nquorum none\n")))
		if _, err := policy.Verify(signed); err != nil {
			t.Errorf("type 0x%02x: %v", typ, err)
		}
	}
	skey, _, err := receipt.GenerateKey(seed(1), receipt.Cosignature, origin)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := receipt.NewLogSigner(skey); err == nil {
		t.Error("a witness's key signs for a log")
	}
}
