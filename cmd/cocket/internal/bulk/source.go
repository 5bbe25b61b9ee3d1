// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"

	"cocket.example/cmd/cocket/internal/progress"
	"cocket.example/declaration/sheet"
)

// firstRow is the number of the first row below the names of the columns.
const firstRow = 2

// source is what a sheet is, as a whole.
type source struct {
	rows  int // below the names of the columns
	names []string
	sum   [sha256.Size]byte
	ends  map[int]rowsSum // by the last row of each batch: of the rows up to it
}

// rowsSum is the hash of rows.
type rowsSum [sha256.Size]byte

// rowHash hashes the values of rows, which is all that openings are made of, from the first on.
type rowHash struct{ h hash.Hash }

func newRowHash() rowHash { return rowHash{sha256.New()} }

func (r rowHash) add(rows sheet.Rows) {
	var b []byte
	for _, record := range rows.Records {
		b = binary.AppendUvarint(b, uint64(len(record)))
		for _, value := range record {
			b = append(binary.AppendUvarint(b, uint64(len(value))), value...)
		}
	}
	r.h.Write(b)
}

func (r rowHash) sum() rowsSum { return rowsSum(r.h.Sum(nil)) }

// input is a sheet that is being read and hashed.
type input struct {
	f      *os.File
	hash   hash.Hash
	reader *sheet.Reader
}

func (c Config) openSource() (*input, error) {
	f, err := os.Open(c.Source)
	if err != nil {
		return nil, err
	}
	in := &input{f: f, hash: sha256.New()}
	in.reader, err = sheet.NewReader(io.TeeReader(f, in.hash), c.Map, c.Form.Event)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", c.Source, err)
	}
	return in, nil
}

func (in *input) close() { in.f.Close() }

func (in *input) next() (sheet.Rows, error) {
	rows, err := in.reader.Next()
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s: %w", in.f.Name(), err)
	}
	return rows, err
}

// sum is the hash of the whole sheet, once all is read.
func (in *input) sum() [sha256.Size]byte { return [sha256.Size]byte(in.hash.Sum(nil)) }

// survey reads the whole sheet, so that what is wrong with it as a whole is known before the first row is sealed.
func (c Config) survey(ctx context.Context) (s source, err error) {
	in, err := c.openSource()
	if err != nil {
		return s, err
	}
	defer in.close()
	info, err := in.f.Stat()
	if err != nil {
		return s, err
	}
	if !info.Mode().IsRegular() {
		return s, fmt.Errorf("%s: want a file, since it is read twice", c.Source)
	}
	s.names = in.reader.Names()
	p := progress.New(c.Progress, "checked bytes", int(info.Size()))
	defer p.Done()
	last, read := 0, newRowHash()
	s.ends = make(map[int]rowsSum)
	for n := 1; ; n++ {
		rows, err := in.next()
		if err == io.EOF {
			s.sum = in.sum()
			s.ends[firstRow-1+s.rows] = read.sum()
			p.Add(int(info.Size()) - last)
			return s, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return s, err
		}
		read.add(rows)
		if s.rows += len(rows.Records); n%c.Batch == 0 {
			s.ends[rows.Last()] = read.sum()
		}
		if n := in.reader.Offset(); n-last > 1<<20 {
			p.Add(n - last)
			last = n
		}
	}
}

// manifest binds a folder to what its openings are made of. Lines that do not matter to them, such as the
// language of messages, do not stand there.
func (c Config) manifest(s source) []string {
	mapping, _ := json.Marshal(c.Map) // of strings alone
	hash := sha256.Sum256(mapping)
	encode := base64.StdEncoding.EncodeToString
	lines := []string{
		"source " + encode(s.sum[:]),
		"mapping " + encode(hash[:]),
		fmt.Sprintf("rows %d", s.rows),
		"log " + c.Form.Log,
		"event " + c.Form.Event,
		"profile " + c.Form.Profile,
		"submitter " + c.Form.Submitter,
		fmt.Sprintf("batch-size %d", c.Batch),
		fmt.Sprintf("width %d", c.Form.Width),
		"public " + strings.Join(c.Form.Public, ","),
		fmt.Sprintf("refuse %v", c.Refuse),
	}
	for _, r := range c.Recipients {
		lines = append(lines, fmt.Sprintf("recipient %v", r))
	}
	return append(lines, c.Options...)
}
