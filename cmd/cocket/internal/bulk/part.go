// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"bufio"
	"errors"
	"io"
	"os"

	"filippo.io/age"

	"cocket.example/cmd/cocket/internal/whole"
)

const (
	secretMode os.FileMode = 0o600
	openMode   os.FileMode = 0o644
)

// part is a file of the folder that is being written, encrypted where there are recipients:
//
//	write ▸ settle: all of it is durable, under a name of its own ▸ name: rename, fsync of the folder
type part struct {
	d      *dir
	file   *whole.File
	buffer *bufio.Writer
	sealed io.WriteCloser // nil in clear
}

// create begins a file. What is left of it when the process is killed is removed by clean.
func (d *dir) create(name string, mode os.FileMode, to []age.Recipient) (*part, error) {
	f, err := whole.Create(d.file(name), mode)
	if err != nil {
		return nil, err
	}
	p := &part{d: d, file: f, buffer: bufio.NewWriterSize(f, 1<<20)}
	if len(to) > 0 {
		if p.sealed, err = age.Encrypt(p.buffer, to...); err != nil {
			p.discard()
			return nil, err
		}
	}
	return p, nil
}

func (p *part) Write(b []byte) (int, error) {
	if p.sealed != nil {
		return p.sealed.Write(b)
	}
	return p.buffer.Write(b)
}

// settle makes the content durable. All that can fail for want of room fails here, before there is a name.
func (p *part) settle() error {
	var err error
	if p.sealed != nil {
		err = p.sealed.Close()
	}
	return errors.Join(err, p.buffer.Flush(), p.file.Sync(), p.file.Close())
}

// name gives the file its name, durably.
func (p *part) name(name string) error {
	if err := p.file.Rename(p.d.file(name)); err != nil {
		return err
	}
	return p.d.sync()
}

// discard gives up what has no name.
func (p *part) discard() {
	if p != nil {
		p.file.Discard()
	}
}
