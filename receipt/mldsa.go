// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"encoding/binary"

	"filippo.io/mldsa"
)

// subtree returns what an ML-DSA-44 signature over a checkpoint signs (CS-12, CS-13), all integers
// big-endian:
//
//	 12  "subtree/v1\n\x00"
//	1+n  length and name of the signer
//	  8  POSIX seconds; 0 makes no claim that the tree is the largest (CS-14)
//	1+n  length and origin of the log
//	  8  start: 0
//	  8  end: the size
//	 32  root
//
// Names and origins have 1 to 255 bytes, see strict.Name. Extension lines are not in it, so that
// anyone could add some: there are never any (CP-6, CS-15).
func subtree(name string, cp Checkpoint, unix uint64) []byte {
	b := append([]byte("subtree/v1\n\x00"), byte(len(name)))
	b = append(b, name...)
	b = binary.BigEndian.AppendUint64(b, unix)
	b = append(b, byte(len(cp.Origin)))
	b = append(b, cp.Origin...)
	b = binary.BigEndian.AppendUint64(b, 0)
	b = binary.BigEndian.AppendUint64(b, cp.Size)
	return append(b, cp.Root[:]...)
}

// verifyMLDSA checks an ML-DSA-44 signature (type 0x06) without its time; its context is empty.
func verifyMLDSA(k VerifierKey, cp Checkpoint, unix uint64, sig []byte) bool {
	key, err := mldsa.NewPublicKey(mldsa.MLDSA44(), []byte(k.Public))
	return err == nil && mldsa.Verify(key, subtree(k.Name, cp, unix), sig, nil) == nil
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
