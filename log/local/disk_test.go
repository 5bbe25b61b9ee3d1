// SPDX-License-Identifier: Apache-2.0

package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// disk is a file system in memory that forgets what was not synced.
//
//	write ──▶ data  ──Sync──▶  durable        crash: durable, and any sectors of 512 bytes
//	                                          of the writes since
//	rename ─▶ names ──SyncDir─▶ kept          crash: kept, and any of the changes since that do
//	                                          not need one that is gone
//
// A file whose Sync failed counts as clean afterwards, as on Linux: what it held becomes durable
// never, though reads show it. It fails or dies at the call it is told to.
type disk struct {
	mu    sync.Mutex
	rand  *rand.Rand
	names map[string]*inode // nil: a directory
	kept  map[string]*inode
	ops   []op // changes of names, not in kept yet
	free  uint64
	held  bool // the lock

	wrote  int // bytes
	calls  int
	fails  func(call int, name string) error // nil: no call fails; also asked whether to crash
	after  *disk                             // set by a crash: the disk that is found then
	ignore func(call string) bool            // syncs and renames that lie, to prove that the tests see it
}

type inode struct {
	data    []byte
	durable []byte
	pending []extent // writes since the last sync
}

type extent struct {
	offset int
	data   []byte
}

// op is one change of names: to is linked to the inode, and from is gone.
type op struct {
	from, to string
	inode    *inode
	dir      bool
}

var (
	errCrashed = errors.New("the machine is down")
	errCrash   = errors.New("crash here")
)

const sector = 512

func newDisk(seed uint64) *disk {
	return &disk{
		rand:  rand.New(rand.NewPCG(seed, 1)),
		names: map[string]*inode{".": nil}, kept: map[string]*inode{".": nil}, free: 1 << 40,
	}
}

// call counts a call and decides whether it fails. The caller holds mu.
func (d *disk) call(name string) error {
	if d.after != nil {
		return errCrashed
	}
	d.calls++
	if d.fails == nil {
		return nil
	}
	err := d.fails(d.calls, name)
	if errors.Is(err, errCrash) {
		d.after = d.crash()
		return errCrashed
	}
	return err
}

// failing sets which calls fail from now on; it may be nil.
func (d *disk) failing(f func(call string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails = nil
	if f != nil {
		d.fails = func(_ int, call string) error { return f(call) }
	}
}

// Crash takes the machine down and returns the disk that is found afterwards.
func (d *disk) Crash() *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.after == nil {
		d.after = d.crash()
	}
	return d.after
}

// crash makes the disk after a crash. What was not synced is there as a whole, not at all, or in
// part, at random. This disk goes on as it is, so that one run gives many crashes.
func (d *disk) crash() *disk {
	n := newDisk(d.rand.Uint64())
	n.ignore, n.free = d.ignore, d.free
	chance := []float64{0, 0.25, 0.5, 0.75, 1}[d.rand.IntN(5)]
	kept := maps.Clone(d.kept)
	gone := make(map[string]bool)
	for _, o := range d.ops {
		if gone[o.from] || gone[o.to] || !o.possible(kept) || d.rand.Float64() >= chance {
			gone[o.from], gone[o.to] = true, true
			continue
		}
		o.apply(kept)
	}
	for name, i := range kept {
		if !reachable(kept, name) {
			continue
		}
		if i != nil {
			i = i.crash(d.rand, chance)
		}
		n.names[name], n.kept[name] = i, i
	}
	return n
}

func reachable(names map[string]*inode, name string) bool {
	for ; name != "."; name = path.Dir(name) {
		if i, ok := names[path.Dir(name)]; !ok || i != nil {
			return false
		}
	}
	return true
}

// crash tears the writes that were not synced.
func (i *inode) crash(r *rand.Rand, chance float64) *inode {
	b := slices.Clone(i.durable)
	for _, e := range i.pending {
		for at := 0; at < len(e.data); {
			end := min(len(e.data), at+sector-(e.offset+at)%sector)
			if r.Float64() < chance {
				b = writeAt(b, e.data[at:end], e.offset+at)
			}
			at = end
		}
	}
	return &inode{data: slices.Clone(b), durable: b}
}

func writeAt(b, data []byte, offset int) []byte {
	if end := offset + len(data); end > len(b) {
		b = append(b, make([]byte, end-len(b))...)
	}
	copy(b[offset:], data)
	return b
}

func (o op) apply(names map[string]*inode) {
	if o.from != "" {
		delete(names, o.from)
	}
	if o.to != "" {
		names[o.to] = o.inode
	}
}

// possible: a rename moves a file, and loses none where its target's directory is not there.
func (o op) possible(names map[string]*inode) bool {
	return o.from == "" || o.to == "" || reachable(names, o.to)
}

// change changes names in memory, and remembers that it is not durable.
func (d *disk) change(o op) {
	o.apply(d.names)
	d.ops = append(d.ops, o)
}

func (d *disk) OpenFile(name string, flag int) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("open " + name); err != nil {
		return nil, err
	}
	i, ok := d.names[name]
	switch {
	case ok && flag&os.O_EXCL != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	case !ok && flag&os.O_CREATE == 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case !ok:
		if parent, there := d.names[path.Dir(name)]; !there || parent != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		i = &inode{}
		d.change(op{to: name, inode: i})
	}
	return &diskFile{d, i, name}, nil
}

func (d *disk) MkdirAll(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("mkdir " + dir); err != nil {
		return err
	}
	d.mkdir(dir)
	return nil
}

func (d *disk) mkdir(dir string) {
	if _, ok := d.names[dir]; !ok {
		d.mkdir(path.Dir(dir))
		d.change(op{to: dir, dir: true})
	}
}

func (d *disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("rename " + to); err != nil {
		return err
	}
	i, ok := d.names[from]
	if _, there := d.names[path.Dir(to)]; !ok || !there {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	if d.ignore != nil && d.ignore("rename "+to) {
		return nil
	}
	d.change(op{from: from, to: to, inode: i})
	return nil
}

func (d *disk) Link(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("link " + to); err != nil {
		return err
	}
	i, ok := d.names[from]
	if _, there := d.names[path.Dir(to)]; !ok || i == nil || !there {
		return &fs.PathError{Op: "link", Path: from, Err: fs.ErrNotExist}
	}
	if _, taken := d.names[to]; taken {
		return &fs.PathError{Op: "link", Path: to, Err: fs.ErrExist}
	}
	d.change(op{to: to, inode: i})
	return nil
}

func (d *disk) Map(name string) ([]byte, func() error, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("read " + name); err != nil {
		return nil, nil, err
	}
	i, ok := d.names[name]
	if !ok || i == nil {
		return nil, nil, &fs.PathError{Op: "map", Path: name, Err: fs.ErrNotExist}
	}
	return slices.Clone(i.data), func() error { return nil }, nil
}

// SyncAll makes everything durable. If it fails, some of it has reached the disk, and the rest
// never will.
func (d *disk) SyncAll() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.call("syncall")
	if err == errCrashed || d.ignore != nil && d.ignore("syncall") {
		return err
	}
	for _, i := range d.names {
		if i == nil || len(i.pending) == 0 {
			continue
		}
		if err != nil {
			c := i.crash(d.rand, 0.5)
			i.durable, i.pending = c.durable, nil
		} else {
			i.durable, i.pending = slices.Clone(i.data), nil
		}
	}
	if err == nil {
		for _, o := range d.ops {
			o.apply(d.kept)
		}
		d.ops = nil
	}
	return err
}

func (d *disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("remove " + name); err != nil {
		return err
	}
	if _, ok := d.names[name]; !ok {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	for other := range d.names {
		if strings.HasPrefix(other, name+"/") {
			return &fs.PathError{Op: "remove", Path: name, Err: syscall.ENOTEMPTY}
		}
	}
	d.change(op{from: name})
	return nil
}

func (d *disk) ReadDir(dir string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("readdir " + dir); err != nil {
		return nil, err
	}
	var names []string
	for name := range d.names {
		if name != "." && path.Dir(name) == dir {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}

// SyncDir makes durable every change that touches a name in dir, and those before it that it needs.
func (d *disk) SyncDir(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("syncdir " + dir); err != nil || dir == ".." {
		return err
	}
	if d.ignore != nil && d.ignore("syncdir "+dir) {
		return nil
	}
	need := make(map[string]bool)
	chosen := make(map[int]bool)
	for n, o := range slices.Backward(d.ops) {
		in := o.from != "" && path.Dir(o.from) == dir || o.to != "" && path.Dir(o.to) == dir
		if in || need[o.from] || need[o.to] {
			chosen[n], need[o.from], need[o.to] = true, true, true
			if o.from != "" && o.to != "" {
				need[path.Dir(o.to)] = true
			}
			if o.dir {
				need[path.Dir(o.to)] = true
			}
			delete(need, "")
		}
	}
	var rest []op
	for n, o := range d.ops {
		if chosen[n] {
			o.apply(d.kept)
		} else {
			rest = append(rest, o)
		}
	}
	d.ops = rest
	return nil
}

func (d *disk) Lock(string) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call("lock"); err != nil {
		return nil, err
	}
	if d.held {
		return nil, errors.New("locked")
	}
	d.held = true
	return unlock{d}, nil
}

type unlock struct{ *disk }

func (u unlock) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.held = false
	return nil
}

func (d *disk) Free() (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.free, d.call("free")
}

// clone copies the names, so that two disks can go on from one.
func (d *disk) clone() *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := newDisk(d.rand.Uint64())
	n.names, n.kept = maps.Clone(d.names), maps.Clone(d.kept)
	for name, i := range n.names {
		if i != nil {
			c := &inode{data: slices.Clone(i.data), durable: slices.Clone(i.data)}
			n.names[name], n.kept[name] = c, c
		}
	}
	return n
}

type diskFile struct {
	*disk
	*inode
	name string
}

func (f *diskFile) ReadAt(b []byte, offset int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("read " + f.name); err != nil {
		return 0, err
	}
	if offset >= int64(len(f.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.data[offset:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes; a write that fails may have written a part.
func (f *diskFile) WriteAt(b []byte, offset int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.call("write " + f.name)
	if err == errCrashed {
		return 0, err
	}
	if err != nil {
		b = b[:f.rand.IntN(len(b)+1)]
	}
	f.wrote += len(b)
	f.data = writeAt(f.data, b, int(offset))
	f.pending = append(f.pending, extent{int(offset), slices.Clone(b)})
	return len(b), err
}

func (f *diskFile) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.call("sync " + f.name)
	switch {
	case err == errCrashed:
		return err
	case err != nil: // some of it has reached the disk, the rest never will
		c := f.inode.crash(f.rand, 0.5)
		f.durable, f.pending = c.durable, nil
		return err
	case f.ignore != nil && f.ignore("sync "+f.name):
		return nil
	}
	f.durable, f.pending = slices.Clone(f.data), nil
	return nil
}

func (f *diskFile) Size() (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.data)), f.call("size " + f.name)
}

func (f *diskFile) Close() error { return nil }

func (f *diskFile) String() string { return fmt.Sprintf("%s, %d bytes", f.name, len(f.data)) }
