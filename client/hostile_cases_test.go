// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"maps"
	"net"
	"strings"
)

// behaviours are all of them, by name. A redirect leads to elsewhere.
func behaviours(elsewhere string) map[string]behaviour {
	all := make(map[string]behaviour)
	b := newBook(newKeys("log.example", 1), 600, -1)
	for _, some := range []map[string]behaviour{
		connections(), answers(elsewhere), refusals(), checkpoints(b), tiles(b), receipts(b), batches(b), writes(),
	} {
		maps.Copy(all, some)
	}
	return all
}

const (
	ok      = "HTTP/1.1 200 OK\r\n"
	chunked = "Transfer-Encoding: chunked\r\n"
	zeros   = "\x00\x00\x00\x00\x00\x00\x00\x00"
)

// connections are broken, slow or no HTTP.
func connections() map[string]behaviour {
	return map[string]behaviour{
		"silence": {do: silent(""), act: checkpoint, want: "no whole answer in time", timeout: short},
		"silence after header": {do: silent(ok + "\r\n"),
			act: checkpoint, want: "no whole answer in time", timeout: short},
		"drip of the header": {do: drip(ok, "A: b\r\n"),
			act: checkpoint, want: "no whole answer in time", timeout: short},
		"drip of the body": {do: drip(ok+"\r\n", "x"),
			act: checkpoint, want: "no whole answer in time", timeout: short},
		"drip of chunks": {do: drip(ok+chunked+"\r\n", "1\r\nx\r\n"),
			act: tileOf, want: "no whole answer in time", timeout: short},
		"drip of a refusal": {do: drip("HTTP/1.1 400 Bad\r\n\r\n", "x"),
			act: checkpoint, want: "answered 400", timeout: short},
		"slow at every try": {do: silent(ok),
			act: checkpoint, want: "gave up after 2 attempts", timeout: short, attempts: 2},
		"endless status line": {do: endless("HTTP/1.1 200 ", "O"),
			act: checkpoint, want: "headers exceeded 16384 bytes"},
		"endless header line": {do: endless(ok+"A: ", "b"), act: checkpoint, want: "headers exceeded 16384 bytes"},
		"endless headers": {do: endless(ok, "A: b\r\n"),
			act: checkpoint, want: "headers exceeded 16384 bytes"},
		"endless hints": {do: endless("", "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"),
			act: checkpoint, want: "headers exceeded 16384 bytes"},
		"another protocol": {do: raw("SSH-2.0-OpenSSH_9.9\r\n"),
			act: checkpoint, want: `malformed HTTP response "SSH-2.0`},
		"escapes in a header": {do: raw(ok, "\x1b[2J\x1b]0;title\x07\u202e\r\n\r\n"),
			act: checkpoint, want: "malformed MIME header"},
		"switched protocols": {do: silent("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
			act: checkpoint, want: "answered 101", timeout: short},
		"no answer": {do: raw(""), act: checkpoint, want: "EOF"},
		"reset": {do: reset(ok + "Content-Length: 9\r\n\r\nabc"),
			act: checkpoint, want: "GET /checkpoint: "},
		"cut short": {do: raw(ok, "Content-Length: 99\r\n\r\nabc"),
			act: checkpoint, want: "unexpected EOF"},
		"cut in a chunk": {do: raw(ok, chunked, "\r\n", "ff\r\nabc"),
			act: checkpoint, want: "unexpected EOF"},
		"no chunk": {do: raw(ok, chunked, "\r\n", "xyz\r\n"),
			act: checkpoint, want: "invalid byte in chunk length"},
		"endless chunk length": {do: endless(ok+chunked+"\r\n", "0"),
			act: checkpoint, want: "header line too long"},
		"endless trailers": {do: endless(ok+chunked+"Trailer: A\r\n\r\n0\r\n", "A: b\r\n"),
			act: checkpoint, want: "trailer"},
		"two lengths": {do: raw(ok, "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
			act: checkpoint, want: "Content-Length"},
		"negative length": {do: raw(ok, "Content-Length: -1\r\n\r\n"),
			act: checkpoint, want: "bad Content-Length"},
	}
}

// answers are whole, and not what was asked for.
func answers(elsewhere string) map[string]behaviour {
	long := "the answer is longer than "
	return map[string]behaviour{
		"endless checkpoint": {do: endless(ok+"\r\n", "x"), act: checkpoint, want: long + "131072"},
		"endless chunks": {do: endless(ok+chunked+"\r\n", "1000\r\n"+strings.Repeat("x", 0x1000)+"\r\n"),
			act: checkpoint, want: long + "131072"},
		"endless tile":     {do: endless(ok+"\r\n", zeros), act: tileOf, want: long + "8192"},
		"endless bundle":   {do: endless(ok+"\r\n", zeros), act: bundle, want: long + "16777472"},
		"endless receipt":  {do: endless(ok+"\r\n", "x"), act: proof, want: long + "139264"},
		"endless index":    {do: endless(ok+"\r\n", "1"), act: lookup, want: long + "20"},
		"endless metadata": {do: endless(ok+"\r\n", "["), act: metadata, want: long + "1048576"},
		"endless to fsck":  {do: endless(ok+"\r\n", zeros), act: check, want: long + "131072"},
		"immense length": {do: raw(ok, "Content-Length: 9223372036854775807\r\n\r\nx"),
			act: checkpoint, want: long + "131072"},
		"gzip bomb": {do: func(c *net.TCPConn, path string) { answer("200 OK", bomb(), "Content-Encoding: gzip")(c, path) },
			act: bundle, want: `encoded as "gzip", which was not asked for`},
		"unasked zstd": {do: answer("200 OK", "(\xb5/\xfd", "Content-Encoding: zstd"),
			act: checkpoint, want: `encoded as "zstd"`},
		"encoded twice": {do: answer("200 OK", "x", "Content-Encoding: identity, gzip"),
			act: checkpoint, want: `encoded as "identity, gzip"`},
		"encoded refusal": {do: answer("400 Bad", "\x1f\x8bsecret", "Content-Encoding: gzip"),
			act: checkpoint, want: "the log answered 400"},
		"redirect": {do: answer("302 Found", "", "Location: "+elsewhere+"/checkpoint"),
			act: checkpoint, want: "answered 302 (redirects are not followed"},
		"redirect of entry": {do: answer("307 Temporary", "", "Location: "+elsewhere+"/add"),
			act: submit, want: "answered 307 (redirects are not followed"},
		"redirect loop": {do: answer("301 Moved", "", "Location: /redirect-loop/checkpoint"),
			act: checkpoint, want: "answered 301 (redirects are not followed"},
		"redirect to file": {do: answer("303 See Other", "", "Location: file:///etc/passwd"),
			act: checkpoint, want: "answered 303 (redirects are not followed"},
		"redirect nowhere": {do: answer("302 Found", "", "Location: http://["+strings.Repeat("\x01", 9000)),
			act: checkpoint, want: "GET /checkpoint: "},
		"web page": {do: answer("200 OK", "<html>Please log in</html>", "Content-Type: text/html; charset=utf-8"),
			act: checkpoint, want: "the answer is a web page"},
		"untyped web page": {do: answer("200 OK", "<!DOCTYPE html>\n\n<html>\n"),
			act: follow, want: "checkpoint: "},
		"empty checkpoint": {do: answer("200 OK", ""),
			act: follow, want: "no empty line between text and signatures"},
		"empty tile":      {do: answer("200 OK", ""), act: tileOf, want: "has 0 bytes, want 8192"},
		"no content":      {do: raw("HTTP/1.1 204 No Content\r\n\r\n"), act: checkpoint, want: "answered 204"},
		"partial content": {do: answer("206 Partial Content", "x"), act: checkpoint, want: "answered 206"},
		"not modified":    {do: raw("HTTP/1.1 304 Not Modified\r\n\r\n"), act: checkpoint, want: "answered 304"},
		"JSON too deep": {do: answer("200 OK", strings.Repeat("[", 1<<20)),
			act: metadata, want: "GET /metadata: "},
		"JSON number": {do: answer("200 OK", `{"origin":`+strings.Repeat("9", 1<<19)+`}`), act: metadata,
			want: "cannot unmarshal number"},
	}
}

// refusals are more than one needs to know, or want the client to wait.
func refusals() map[string]behaviour {
	return map[string]behaviour{
		"endless error": {do: endless("HTTP/1.1 500 Bad\r\n\r\n", "x"),
			act: checkpoint, want: "answered 500: xxx"},
		"escapes in an error": {do: answer("404 Not Found", "\x1b[2J\x1b]8;;http://evil.example\x07\u202egnp.exe\r\nmore"),
			act: checkpoint, want: "answered 404: ?[2J?]8;;http://evil.example??gnp.exe"},
		"unknown status": {do: answer("999 Odd", "odd"), act: checkpoint, want: "answered 999: odd"},
		"wait for 30 years": {do: answer("503 Busy", "busy", "Retry-After: 1000000000"),
			act: hasty, want: "answered 503: busy", attempts: 9},
		"wait for less than no": {do: answer("503 Busy", "busy", "Retry-After: -1000000000"),
			act: checkpoint, want: "gave up after 2 attempts", attempts: 2},
		"wait for what overruns": {do: answer("503 Busy", "busy", "Retry-After: 99999999999999999999"),
			act: checkpoint, want: "gave up after 2 attempts", attempts: 2},
		"quota for ever": {do: answer("429 Too Many", "your quota"),
			act: submit, want: "gave up after 3 attempts: POST /add: the log answered 429: your quota", attempts: 3},
		"broken gateway": {do: raw("HTTP/1.0 502 Bad\r\n\r\n"),
			act: checkpoint, want: "gave up after 2 attempts", attempts: 2},
		"no such tile": {do: answer("404 Not Found", "gone"),
			act: tileOf, want: "GET /tile/0/000: the log answered 404: gone"},
	}
}
