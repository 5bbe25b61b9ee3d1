// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/sumdb/note"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cocketd": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"key":  makeKey,
			"up":   awaitServer,
			"post": post,
			"read": read,
		},
	})
}

// makeKey writes the key that the examples of the documentation use: "key FILE NAME".
func makeKey(ts *testscript.TestScript, _ bool, args []string) {
	seed := bytes.Repeat([]byte{1}, ed25519.SeedSize)
	skey, _, err := note.GenerateKey(bytes.NewReader(seed), args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(skey+"\n"), 0o600))
}

// awaitServer waits until the server has written its address, and puts its URL into $url: "up FILE".
func awaitServer(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		addr, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil {
			ts.Setenv("url", "http://"+strings.TrimSpace(string(addr)))
			return
		}
		time.Sleep(5 * time.Millisecond) // a file tells nobody that it is there
	}
	ts.Fatalf("no server within 10 s")
}

// post sends a file with a token and compares status and answer: "post FILE PATH TOKEN STATUS [ANSWER]".
func post(ts *testscript.TestScript, _ bool, args []string) {
	body := strings.NewReader(ts.ReadFile(args[0]))
	r, err := http.NewRequest("POST", ts.Getenv("url")+args[1], body)
	ts.Check(err)
	r.Header.Set("Authorization", "Bearer "+args[2])
	compare(ts, r, args[3:])
}

// read gets a resource and compares status and answer: "read PATH STATUS [ANSWER]".
func read(ts *testscript.TestScript, _ bool, args []string) {
	r, err := http.NewRequest("GET", ts.Getenv("url")+args[0], nil)
	ts.Check(err)
	compare(ts, r, args[1:])
}

func compare(ts *testscript.TestScript, r *http.Request, want []string) {
	client := http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}}
	res, err := client.Do(r)
	ts.Check(err)
	defer res.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(res.Body)
	ts.Check(err)
	if got := fmt.Sprint(res.StatusCode); got != want[0] {
		ts.Fatalf("%s: %s %q, want %s", r.URL.Path, got, body.String(), want[0])
	}
	if len(want) > 1 && !strings.Contains(body.String(), want[1]) {
		ts.Fatalf("%s: %q, want %q", r.URL.Path, body.String(), want[1])
	}
}
