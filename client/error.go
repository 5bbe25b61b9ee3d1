// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"

	"cocket.example/internal/fetch"
)

// Error is a refusal by the log. errors.Is finds a missing resource as fs.ErrNotExist.
type Error = fetch.Error

// ErrUnreachable means that no whole answer was had from the log, so that nothing can be said of it.
var ErrUnreachable = fetch.ErrUnreachable

// ErrNoReceipt means that a log answered with something else than the receipt that was asked for: with
// that of other entries, or with none at all.
var ErrNoReceipt = errors.New("the log answered no receipt")
