// SPDX-License-Identifier: Apache-2.0

package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"slices"
	"sort"
	"strings"
	"time"
)

// Published checkpoints are kept: all of the last hour, then the first of each minute. They stand
// in one file for each hour and process, kept/<hour>-<number>, record behind record:
//
//	crc32c  length  size  time   checkpoint
//	4       4       8     8      length
//
// A file is written by one process only and never again after a failed write, so a bad record can
// only be its last, which was not acknowledged. An hour that has passed is rewritten once.
const keptHeader = 4 + 4 + 8 + 8

type kept struct {
	fs      FS
	list    []keptAt // ascending by time, and so by size
	file    File
	name    string
	hour    int64
	end     int64
	number  int
	thinned int64 // hours before this one are thinned
}

type keptAt struct {
	size   uint64
	time   int64
	name   string
	offset int64
	length int
}

func openKept(fsys FS) (*kept, error) {
	names, err := fsys.ReadDir("kept")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	k := &kept{fs: fsys}
	for _, name := range names {
		if strings.HasSuffix(name, ".new") {
			continue
		}
		if err := k.read("kept/" + name); err != nil {
			return nil, fmt.Errorf("kept/%s: %w", name, err)
		}
	}
	sort.SliceStable(k.list, func(i, j int) bool { return k.list[i].size < k.list[j].size })
	return k, nil
}

// read lists the records of one file.
func (k *kept) read(name string) error {
	f, err := k.fs.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	var header [keptHeader]byte
	for at := int64(0); at+keptHeader <= size; {
		if _, err := f.ReadAt(header[:], at); err != nil {
			return err
		}
		n := int64(binary.BigEndian.Uint32(header[4:]))
		if n > checkpointLimit || at+keptHeader+n > size {
			break
		}
		k.list = append(k.list, keptAt{
			size: binary.BigEndian.Uint64(header[8:]), time: int64(binary.BigEndian.Uint64(header[16:])),
			name: name, offset: at, length: int(n),
		})
		at += keptHeader + n
	}
	return nil
}

func keptRecord(size uint64, unix int64, checkpoint []byte) []byte {
	b := make([]byte, 8, keptHeader+len(checkpoint))
	binary.BigEndian.PutUint32(b[4:], uint32(len(checkpoint)))
	b = binary.BigEndian.AppendUint64(b, size)
	b = binary.BigEndian.AppendUint64(b, uint64(unix))
	b = append(b, checkpoint...)
	binary.BigEndian.PutUint32(b, crc32.Checksum(b[4:], castagnoli))
	return b
}

// add appends a checkpoint durably.
func (k *kept) add(size uint64, checkpoint []byte) error {
	now := time.Now().Unix()
	if hour := now / 3600; k.file == nil || k.hour != hour {
		if err := k.begin(hour); err != nil {
			return err
		}
	}
	b := keptRecord(size, now, checkpoint)
	if err := writeSynced(k.file, b, k.end); err != nil {
		k.file.Close()
		k.file = nil // never written again
		return err
	}
	k.list = append(k.list, keptAt{size: size, time: now, name: k.name, offset: k.end, length: len(checkpoint)})
	k.end += int64(len(b))
	return nil
}

// begin opens a new file and thins those of the hours before the last.
func (k *kept) begin(hour int64) error {
	if k.file != nil {
		k.file.Close()
		k.file = nil
	}
	for {
		name := fmt.Sprintf("kept/%08d-%06d", hour, k.number)
		k.number++
		f, err := k.fs.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		k.file, k.name, k.hour, k.end = f, name, hour, 0
		break
	}
	if err := k.fs.SyncDir("kept"); err != nil {
		return err
	}
	return k.thin(hour - 1)
}

// thin rewrites the hours before the given one with the first checkpoint of each minute.
func (k *kept) thin(before int64) error {
	files := make(map[string][]keptAt)
	for _, at := range k.list {
		if hour := at.time / 3600; hour < before && hour >= k.thinned {
			files[at.name] = append(files[at.name], at)
		}
	}
	for name, list := range files {
		if err := k.rewrite(name, firsts(list)); err != nil {
			return err
		}
	}
	k.thinned = before
	return nil
}

// firsts returns the first of each minute.
func firsts(list []keptAt) []keptAt {
	var first []keptAt
	for _, at := range list {
		if len(first) == 0 || first[len(first)-1].time/60 != at.time/60 {
			first = append(first, at)
		}
	}
	return first
}

func (k *kept) rewrite(name string, list []keptAt) error {
	var b []byte
	stay := make([]keptAt, 0, len(list))
	for _, at := range list {
		checkpoint, err := k.checkpoint(at)
		if err != nil {
			return err
		}
		at.offset = int64(len(b))
		b = append(b, keptRecord(at.size, at.time, checkpoint)...)
		stay = append(stay, at)
	}
	if err := replaceFile(k.fs, name, b); err != nil {
		return err
	}
	rest := slices.DeleteFunc(k.list, func(at keptAt) bool { return at.name == name })
	k.list = append(rest, stay...)
	sort.SliceStable(k.list, func(i, j int) bool { return k.list[i].size < k.list[j].size })
	return nil
}

// checkpoint reads one record and checks it.
func (k *kept) checkpoint(at keptAt) ([]byte, error) {
	f, err := k.fs.OpenFile(at.name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, keptHeader+at.length)
	if _, err := f.ReadAt(b, at.offset); err != nil {
		return nil, err
	}
	if crc32.Checksum(b[4:], castagnoli) != binary.BigEndian.Uint32(b) {
		return nil, fmt.Errorf("%w: %s at byte %d", ErrDamaged, at.name, at.offset)
	}
	return b[keptHeader:], nil
}

func (k *kept) covering(index uint64) ([]byte, error) {
	i := sort.Search(len(k.list), func(i int) bool { return k.list[i].size > index })
	if i == len(k.list) {
		return nil, fmt.Errorf("no kept checkpoint covers entry %d: %w", index, fs.ErrNotExist)
	}
	return k.checkpoint(k.list[i])
}
