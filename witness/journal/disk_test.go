// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"io"
	"math/rand/v2"
	"slices"
)

// disk is a file in memory that forgets what was not synced. A sync that fails makes nothing durable,
// and what it was for never becomes so, though reads show it, as on Linux.
type disk struct {
	rand    *rand.Rand
	data    []byte
	durable []byte
	pending []extent

	calls int
	fails func(call int) error // nil: none fails
	lies  func(e extent) bool  // syncs of such a write do nothing
}

type extent struct {
	at   int
	data []byte
}

const sector = 512

func (d *disk) call() error {
	d.calls++
	if d.fails == nil {
		return nil
	}
	return d.fails(d.calls)
}

func (d *disk) ReadAt(b []byte, at int64) (int, error) {
	if int(at)+len(b) > len(d.data) {
		return 0, io.ErrUnexpectedEOF
	}
	return copy(b, d.data[at:]), nil
}

func (d *disk) WriteAt(b []byte, at int64) (int, error) {
	err := d.call()
	if err != nil {
		b = b[:d.rand.IntN(len(b)+1)]
	}
	d.data = write(d.data, b, int(at))
	d.pending = append(d.pending, extent{int(at), slices.Clone(b)})
	return len(b), err
}

func (d *disk) Sync() error {
	if err := d.call(); err != nil {
		d.pending = nil
		return err
	}
	d.pending = slices.DeleteFunc(d.pending, func(e extent) bool {
		if d.lies != nil && d.lies(e) {
			return false
		}
		d.durable = write(d.durable, e.data, e.at)
		return true
	})
	return nil
}

func (d *disk) Size() (int64, error) { return int64(len(d.data)), nil }
func (d *disk) Close() error         { return nil }

// crash returns the disk after the machine went down: of each write that was not synced some sectors
// are there.
func (d *disk) crash() *disk {
	chance := []float64{0, 0.5, 1}[d.rand.IntN(3)]
	b := slices.Clone(d.durable)
	for _, e := range d.pending {
		for at := 0; at < len(e.data); at += sector {
			if d.rand.Float64() < chance {
				b = write(b, e.data[at:min(at+sector, len(e.data))], e.at+at)
			}
		}
	}
	return &disk{rand: d.rand, data: b, durable: slices.Clone(b), lies: d.lies}
}

// restart returns the disk as another process finds it while the machine stays up.
func (d *disk) restart() *disk {
	n := *d
	n.fails = nil
	return &n
}

func write(b, data []byte, at int) []byte {
	if end := at + len(data); end > len(b) {
		b = append(b, make([]byte, end-len(b))...)
	}
	copy(b[at:], data)
	return b
}
