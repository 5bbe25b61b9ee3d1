// SPDX-License-Identifier: Apache-2.0

package local

import (
	"fmt"
	"runtime/debug"
)

// reading runs f, which reads mapped files. Where the disk does not give their bytes, or somebody has
// cut them short, the system sends a signal, which would end the process: here it is an error.
func reading(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if fault, ok := r.(interface {
			error
			Addr() uintptr
		}); ok {
			err = fmt.Errorf("a mapped file cannot be read, look at the disk: %w", fault)
		} else if r != nil {
			panic(r)
		}
	}()
	return f()
}
