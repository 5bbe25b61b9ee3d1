// SPDX-License-Identifier: Apache-2.0

package peer

import (
	"errors"
	"reflect"

	"cocket.example/log/local"
)

// retain asks a storage to keep so many bytes of write-ahead log behind its tree. A storage that has
// no such setting is told apart here, so that every other figure can be measured with it.
func retain(c *local.Config, n uint64) error {
	field := reflect.ValueOf(c).Elem().FieldByName("Retain")
	switch {
	case !field.IsValid():
		return errors.New("this storage cannot keep write-ahead log behind its tree (local.Config has no Retain)")
	case field.CanUint():
		field.SetUint(n)
	case field.CanInt():
		field.SetInt(int64(n))
	}
	return nil
}
