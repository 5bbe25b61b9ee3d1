// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/receipt"
)

// offer URL KEY HISTORY OLD SIZE STATUS sends an add-checkpoint of one of the histories of a log. In the
// history "unproven" the proof is missing, in "nothing" the empty tree has a root of its own.
func offer(ts *testscript.TestScript, _ bool, args []string) {
	signer, err := receipt.NewSigner(strings.TrimSpace(ts.ReadFile(args[1])))
	ts.Check(err)
	old, err := strconv.ParseInt(args[3], 10, 64)
	ts.Check(err)
	size, err := strconv.ParseInt(args[4], 10, 64)
	ts.Check(err)
	root, proof := history(ts, args[2], old, size)
	signed, err := receipt.Checkpoint{Origin: signer.Name(), Size: uint64(size), Root: root}.Sign(signer)
	ts.Check(err)
	body := receipt.AddCheckpoint{Old: uint64(old), Proof: proof, Checkpoint: signed}.Bytes()
	answer, err := http.Post(args[0]+"/add-checkpoint", "", bytes.NewReader(body))
	ts.Check(err)
	defer answer.Body.Close()
	if strconv.Itoa(answer.StatusCode) != args[5] {
		ts.Fatalf("status %s, want %s", answer.Status, args[5])
	}
}

// history returns the root of a size and the proof from an older one.
func history(ts *testscript.TestScript, name string, old, size int64) (root receipt.Hash, proof []receipt.Hash) {
	if name == "nothing" {
		return sha256.Sum256([]byte(name)), nil
	}
	var hashes []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
		for _, i := range indexes {
			list = append(list, hashes[i])
		}
		return list, nil
	})
	for i := range size {
		more, err := tlog.StoredHashes(i, fmt.Appendf(nil, "%s %d", name, i), read)
		ts.Check(err)
		hashes = append(hashes, more...)
	}
	tree, err := tlog.TreeHash(size, read)
	ts.Check(err)
	if old > 0 && old < size && name != "unproven" {
		list, err := tlog.ProveTree(size, old, read)
		ts.Check(err)
		for _, h := range list {
			proof = append(proof, receipt.Hash(h))
		}
	}
	return receipt.Hash(tree), proof
}

// port FILE puts a port that is free in place of the word PORT in a file.
func port(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, number, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Check(l.Close())
	text := strings.ReplaceAll(ts.ReadFile(args[0]), "PORT", number)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// exits is the script command "status N COMMAND …", which wants cocket to end with that status. Its output
// goes to the files "out" and "err".
func exits(ts *testscript.TestScript, _ bool, args []string) {
	var stdout, stderr bytes.Buffer
	for i, arg := range args {
		if _, err := os.Stat(ts.MkAbs(arg)); err == nil {
			args[i] = ts.MkAbs(arg)
		}
	}
	got := run(args[1:], &stdout, &stderr)
	ts.Check(os.WriteFile(ts.MkAbs("out"), stdout.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("err"), stderr.Bytes(), 0o600))
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("status %d, want %s\n%s%s", got, args[0], &stdout, &stderr)
	}
}
