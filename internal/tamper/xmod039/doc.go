// SPDX-License-Identifier: Apache-2.0

// Package xmod039 shows that the suite of forged tiles can see: it runs it against the tile reader of
// golang.org/x/mod v0.39.0, which CVE-2026-56865 is about.
package xmod039
