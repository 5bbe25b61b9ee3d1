// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"cocket.example/internal/strict"
)

const (
	// MaxLogList bounds a log list in bytes: more than 100,000 logs with Ed25519 keys.
	MaxLogList = 64 << 20
	// MaxQPD is the largest number of queries a day.
	MaxQPD = 1<<31 - 1
	// maxLogLine bounds one line: an ML-DSA-44 vkey has below 2,100 bytes.
	maxLogLine = 4 << 10
)

// ListedLog is a log of a c2sp.org/tlog-list: whom a witness may cosign for, and how often.
//
//	vkey <vkey>
//	origin <origin>               only where it is not the name of the key
//	qpd <decimal>                 add-checkpoint requests a day, 1 … 2^31−1
//	contact <text>                how to reach the operator
type ListedLog struct {
	Key     VerifierKey
	Origin  string // any line, also one that Checkpoint does not take
	QPD     uint32
	Contact string
}

// String prints the lines of the log.
func (l ListedLog) String() string {
	origin := ""
	if l.Origin != l.Key.Name {
		origin = "origin " + l.Origin + "\n"
	}
	return "vkey " + l.Key.String() + "\n" + origin +
		"qpd " + strconv.FormatUint(uint64(l.QPD), 10) + "\n" + "contact " + l.Contact + "\n"
}

// ParseLogList parses a c2sp.org/tlog-list: the line "logs/v0", then the lines of each log. Spaces and
// tabs around a line, empty lines and lines that begin with "#" do not count; what remains is as
// ListedLog prints it. Origins are unique. The list is taken as a whole or not at all, so a key of a
// type that this package does not know is an error; all errors name the line.
func ParseLogList(b []byte) ([]ListedLog, error) {
	if len(b) > MaxLogList {
		return nil, fmt.Errorf("log list: %d bytes, want at most %d", len(b), MaxLogList)
	}
	p := logListParser{text: b, origins: make(map[string]int)}
	if err := p.parse(); err != nil {
		return nil, fmt.Errorf("log list line %d: %w", p.number, err)
	}
	return p.logs, nil
}

// logListParser goes from line to line; an empty line is the end.
type logListParser struct {
	text    []byte // what follows line
	line    string
	number  int            // of line, from 1
	origins map[string]int // lines of their vkeys
	logs    []ListedLog
}

func (p *logListParser) parse() error {
	if err := p.next(); err != nil {
		return err
	}
	if p.line != "logs/v0" {
		return fmt.Errorf("%.40q, want the header logs/v0", p.line)
	}
	if err := p.next(); err != nil {
		return err
	}
	for p.line != "" {
		if err := p.log(); err != nil {
			return err
		}
	}
	return nil
}

// next goes to the next line that counts. The line is a copy, so that what is kept of it does not
// keep the whole list.
func (p *logListParser) next() error {
	p.line = ""
	for len(p.text) > 0 {
		p.number++
		line, rest, _ := bytes.Cut(p.text, []byte("\n"))
		p.text = rest
		line = bytes.Trim(line, " \t")
		if len(line) > maxLogLine {
			return fmt.Errorf("%d bytes, want at most %d", len(line), maxLogLine)
		}
		if err := checkText(line); err != nil {
			return err
		}
		if len(line) > 0 && line[0] != '#' {
			p.line = string(line)
			return nil
		}
	}
	return nil
}

// checkText refuses what is no printable line. Tabs are for comments.
func checkText(line []byte) error {
	comment := len(line) > 0 && line[0] == '#'
	for _, c := range line {
		if c < ' ' && (c != '\t' || !comment) || c == 0x7f {
			return fmt.Errorf("control character 0x%02x: lines end in LF and hold no others", c)
		}
	}
	if !utf8.Valid(line) {
		return errors.New("not UTF-8")
	}
	return nil
}

// value returns what the line says of a key word, and goes on.
func (p *logListParser) value(word string) (string, error) {
	value, ok := strings.CutPrefix(p.line, word+" ")
	if !ok || value != strings.TrimLeft(value, " ") {
		return "", fmt.Errorf("%.40q, want %q, one space, and its value", p.line, word)
	}
	return value, nil
}

// log parses the lines of one log.
func (p *logListParser) log() error {
	at := p.number
	vkey, err := p.value("vkey")
	if err != nil {
		return err
	}
	l := ListedLog{}
	if l.Key, err = ParseVerifierKey(vkey); err != nil {
		return err
	}
	if err := p.next(); err != nil {
		return err
	}
	if err := p.origin(&l); err != nil {
		return err
	}
	if before, ok := p.origins[l.Origin]; ok {
		p.number = at
		return fmt.Errorf("origin %.80q has a log already, in line %d", l.Origin, before)
	}
	p.origins[l.Origin] = at
	return p.rest(l)
}

// origin parses the line that may stand there, and may say the name of the key again.
func (p *logListParser) origin(l *ListedLog) (err error) {
	l.Origin = l.Key.Name
	if !strings.HasPrefix(p.line, "origin") {
		return nil
	}
	if l.Origin, err = p.value("origin"); err != nil {
		return err
	}
	return p.next()
}

// rest parses the lines after the origin.
func (p *logListParser) rest(l ListedLog) error {
	qpd, err := p.value("qpd")
	if err != nil {
		return err
	}
	n, err := strict.Decimal(qpd)
	if err != nil || n < 1 || n > MaxQPD {
		return fmt.Errorf("qpd %.40q, want a decimal from 1 to %d without leading zeros", qpd, MaxQPD)
	}
	l.QPD = uint32(n)
	if err := p.next(); err != nil {
		return err
	}
	if l.Contact, err = p.value("contact"); err != nil {
		return err
	}
	p.logs = append(p.logs, l)
	return p.next()
}
