// SPDX-License-Identifier: Apache-2.0

package receipt

import "filippo.io/mldsa"

// verifyMLDSA checks an ML-DSA-44 signature (type 0x06) without its time; its context is empty.
func verifyMLDSA(k VerifierKey, message, sig []byte) bool {
	key, err := mldsa.NewPublicKey(mldsa.MLDSA44(), []byte(k.Public))
	return err == nil && mldsa.Verify(key, message, sig, nil) == nil
}

// expandMLDSA makes a key that signs hedged, with fresh randomness in every signature, which guards
// it against faults; two signatures over one message differ (CS-18).
func expandMLDSA(seed []byte) (public []byte, sign func([]byte) ([]byte, error), err error) {
	key, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed)
	if err != nil {
		return nil, nil, err
	}
	sign = func(message []byte) ([]byte, error) { return key.Sign(nil, message, nil) }
	return key.PublicKey().Bytes(), sign, nil
}
