// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test program be cocket itself: for scripts, and for other namespaces.
func TestMain(m *testing.M) {
	if os.Getenv("COCKET_TEST_MAIN") != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"cocket": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
