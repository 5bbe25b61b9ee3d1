// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"cocket.example/receipt"
)

// listKey makes a vkey of a type.
func listKey(t *testing.T, typ receipt.KeyType, name string) string {
	t.Helper()
	_, vkey, err := receipt.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 32)), typ, name)
	if err != nil {
		t.Fatal(err)
	}
	return vkey
}

// TestLogList reads a list as the specification's example has it.
func TestLogList(t *testing.T) {
	foo, bar := listKey(t, receipt.Ed25519, "tlog.foo.org"), listKey(t, receipt.MLDSA44, "bar.org/tlog")
	got, err := receipt.ParseLogList([]byte("#\n# List:\t10qps-100klogs\n#\n logs/v0\t\n\n# 1st\n" +
		"vkey " + foo + "\nqpd 86400\ncontact https://tlog.foo.org/contact\n\n" +
		"vkey " + bar + "\norigin some other origin\n \tqpd 2147483647\n\tcontact sysadmin (at)  bar.org"))
	if err != nil {
		t.Fatal(err)
	}
	key := func(vkey string) receipt.VerifierKey {
		k, err := receipt.ParseVerifierKey(vkey)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	want := []receipt.ListedLog{
		{Key: key(foo), Origin: "tlog.foo.org", QPD: 86400, Contact: "https://tlog.foo.org/contact"},
		{Key: key(bar), Origin: "some other origin", QPD: receipt.MaxQPD, Contact: "sysadmin (at)  bar.org"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	again, err := receipt.ParseLogList([]byte("logs/v0\n" + got[0].String() + got[1].String()))
	if err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("printed it reads %+v, %v", again, err)
	}
	if empty, err := receipt.ParseLogList([]byte("logs/v0")); err != nil || len(empty) != 0 {
		t.Errorf("a list without logs: %v, %v", empty, err)
	}
}

// TestLogListRefused spoils one thing in a list each.
func TestLogListRefused(t *testing.T) {
	vkey := listKey(t, receipt.Ed25519, "log.example/a")
	log := "vkey " + vkey + "\nqpd 24\ncontact a@b\n"
	for _, c := range []struct{ text, want string }{
		{"", "line 0: \"\", want the header"},
		{"# logs/v0\n", "line 1: \"\", want the header"},
		{"logs/v1\n", "line 1: \"logs/v1\", want the header"},
		{"logs/v0\nlogs/v0\n", `line 2: "logs/v0", want "vkey"`},
		{log, "want the header"},
		{"logs/v0\nqpd 24\n", `line 2: "qpd 24", want "vkey"`},
		{"logs/v0\nvkey  " + vkey, `want "vkey", one space`},
		{"logs/v0\nvkey " + vkey[:len(vkey)-4] + "\n", "line 2: "},
		{"logs/v0\nvkey " + vkey, `line 2: "", want "qpd"`},
		{"logs/v0\nvkey " + vkey + "\nvkey " + vkey, `line 3: `},
		{"logs/v0\nvkey " + vkey + "\norigin\nqpd 24\n", `line 3: "origin", want "origin"`},
		{"logs/v0\nvkey " + vkey + "\ncontact a\nqpd 24\n", `line 3: "contact a", want "qpd"`},
		{"logs/v0\nvkey " + vkey + "\nqpd 24\nqpd 24\n", `line 4: "qpd 24", want "contact"`},
		{"logs/v0\nvkey " + vkey + "\nqpd 24\ncontact\n", `line 4: "contact", want "contact"`},
		{"logs/v0\n" + log + "bastion b\n", `line 5: "bastion b", want "vkey"`},
		{"logs/v0\n" + log + "\n" + log, `line 6: origin "log.example/a" has a log already, in line 2`},
		{"logs/v0\r\n" + log, "line 1: control character 0x0d"},
		{"logs/v0\nvkey\t" + vkey, "line 2: control character 0x09"},
		{"logs/v0\n# \x1b\n", "line 2: control character 0x1b"},
		{"logs/v0\n#\xff\n", "line 2: not UTF-8"},
		{"logs/v0\n#" + strings.Repeat("#", 4096) + "\n", "line 2: 4097 bytes"},
	} {
		_, err := receipt.ParseLogList([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
	for _, qpd := range []string{"0", "024", "+24", "24.0", "2147483648", "-1", "1e3", "24 h"} {
		text := strings.Replace("logs/v0\n"+log, "qpd 24", "qpd "+qpd, 1)
		if _, err := receipt.ParseLogList([]byte(text)); err == nil || !strings.Contains(err.Error(), "line 3: qpd") {
			t.Errorf("qpd %s: %v", qpd, err)
		}
	}
	if _, err := receipt.ParseLogList(make([]byte, receipt.MaxLogList+1)); err == nil {
		t.Error("a list of any length is read")
	}
}
