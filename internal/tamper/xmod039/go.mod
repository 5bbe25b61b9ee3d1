// The tile reader of x/mod as it was before CVE-2026-56865 was fixed. This is a module of its own, so
// that nothing of the project is ever built with that version.
module cocket.example/internal/tamper/xmod039

go 1.26.0

require (
	cocket.example v0.0.0
	golang.org/x/mod v0.999.0
)

replace cocket.example => ../../..

// The main module wants a newer version than this, which would be taken otherwise. The number above is
// higher than any that it may come to want, so that this file need not follow.
replace golang.org/x/mod => golang.org/x/mod v0.39.0
