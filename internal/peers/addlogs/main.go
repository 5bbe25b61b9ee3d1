// SPDX-License-Identifier: Apache-2.0

// Command addlogs enters logs into the database of a litewitness: "addlogs DB" reads their verifier
// keys, one a line. It stands in for "witnessctl add-log" and "add-key", for which the module of
// sigsum-go would have to be fetched.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// schema is that of torchwood v0.9.0, internal/witness.
const schema = `
	CREATE TABLE IF NOT EXISTS log (
		origin TEXT PRIMARY KEY,
		tree_size INTEGER NOT NULL,
		tree_hash TEXT NOT NULL -- base64-encoded
	);
	CREATE TABLE IF NOT EXISTS key (
		origin TEXT NOT NULL,
		key TEXT NOT NULL, -- note verifier key
		FOREIGN KEY(origin) REFERENCES log(origin)
	);
	CREATE TABLE IF NOT EXISTS bastion (
		origin TEXT NOT NULL,
		bastion TEXT NOT NULL, -- addr:port
		FOREIGN KEY(origin) REFERENCES log(origin)
	);`

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: addlogs DB, and verifier keys on standard input")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string, vkeys io.Reader) (err error) {
	db, err := sqlite.OpenConn(path)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := sqlitex.ExecuteScript(db, schema, nil); err != nil {
		return err
	}
	defer sqlitex.Transaction(db)(&err)
	lines := bufio.NewScanner(vkeys)
	for lines.Scan() {
		if err := add(db, lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// add enters a log at size 0, unless it is there, and its key.
func add(db *sqlite.Conn, vkey string) error {
	origin, _, ok := strings.Cut(vkey, "+")
	if !ok {
		return fmt.Errorf("verifier key %.80q without a plus sign", vkey)
	}
	empty := sha256.Sum256(nil)
	root := base64.StdEncoding.EncodeToString(empty[:])
	err := sqlitex.Execute(db, "INSERT OR IGNORE INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)",
		&sqlitex.ExecOptions{Args: []any{origin, root}})
	if err != nil {
		return err
	}
	return sqlitex.Execute(db, "INSERT INTO key (origin, key) VALUES (?, ?)",
		&sqlitex.ExecOptions{Args: []any{origin, vkey}})
}
