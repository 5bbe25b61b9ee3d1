// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"bufio"
	"errors"
	"io"
	"os"

	"filippo.io/age"
)

const (
	secretMode os.FileMode = 0o600
	openMode   os.FileMode = 0o644
)

// part is a file that is being written and appears whole or not at all:
//
//	write NAME.*.tmp, encrypted where there are recipients ▸ fsync ▸ rename to its name ▸ fsync of the folder
type part struct {
	d      *dir
	f      *os.File
	buffer *bufio.Writer
	sealed io.WriteCloser // nil in clear
}

// create begins a file. Its names, until it is installed, are removed when the folder is opened again.
func (d *dir) create(name string, mode os.FileMode, to []age.Recipient) (*part, error) {
	f, err := os.CreateTemp(d.path, name+".*"+tempSuffix)
	if err != nil {
		return nil, err
	}
	p := &part{d: d, f: f, buffer: bufio.NewWriterSize(f, 1<<20)}
	err = f.Chmod(mode)
	if err == nil && len(to) > 0 {
		p.sealed, err = age.Encrypt(p.buffer, to...)
	}
	if err != nil {
		p.discard()
		return nil, err
	}
	return p, nil
}

func (p *part) Write(b []byte) (int, error) {
	if p.sealed != nil {
		return p.sealed.Write(b)
	}
	return p.buffer.Write(b)
}

// install makes the content durable and gives the file its name.
func (p *part) install(name string) error {
	var err error
	if p.sealed != nil {
		err = p.sealed.Close()
	}
	if err = errors.Join(err, p.buffer.Flush(), p.f.Sync(), p.f.Close()); err != nil {
		return err
	}
	if err := os.Rename(p.f.Name(), p.d.file(name)); err != nil {
		return err
	}
	return p.d.sync()
}

// discard gives up what is not installed.
func (p *part) discard() {
	if p != nil {
		p.f.Close()
		os.Remove(p.f.Name()) // gone already if it was renamed
	}
}
