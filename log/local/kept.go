// SPDX-License-Identifier: Apache-2.0

package local

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"cocket.example/internal/strict"
)

// Published checkpoints are kept on two shelves, all of them for Config.KeepAll or a little longer, and the
// first of each minute for ever:
//
//	kept/all-00495833-000000      ▒▒▒▒▒▒▒▒▒▒▒▒▒    one file an hour, removed after that time
//	kept/minutes-00020659-000000  ▒    ▒    ▒      one file a day
type kept struct {
	all, minutes shelf
	minute       int64 // the last one whose first checkpoint is kept
}

func openKept(fsys FS, all time.Duration) (*kept, error) {
	k := &kept{
		all:     shelf{fs: fsys, prefix: "all-", period: 3600, forget: int64((all + time.Hour - 1) / time.Hour)},
		minutes: shelf{fs: fsys, prefix: "minutes-", period: 86400},
		minute:  -1,
	}
	if err := errors.Join(k.all.open(), k.minutes.open()); err != nil {
		return nil, err
	}
	last, ok, err := k.minutes.last()
	if ok {
		k.minute = last.time / 60
	}
	return k, err
}

// add keeps a checkpoint durably.
func (k *kept) add(size uint64, checkpoint []byte) error {
	now := time.Now().Unix()
	if err := k.all.add(size, now, checkpoint); err != nil {
		return err
	}
	if now/60 == k.minute {
		return nil
	}
	if err := k.minutes.add(size, now, checkpoint); err != nil {
		return err
	}
	k.minute = now / 60
	return nil
}

// covering returns the earliest kept checkpoint of more than index entries, on either shelf.
func (k *kept) covering(index uint64) ([]byte, error) {
	first, checkpoint, err := k.minutes.covering(index)
	if err != nil {
		return nil, err
	}
	recent, later, err := k.all.covering(index)
	if err != nil {
		return nil, err
	}
	if checkpoint == nil || later != nil && recent.size < first.size {
		checkpoint = later
	}
	if checkpoint == nil {
		return nil, fmt.Errorf("no kept checkpoint covers entry %d: %w", index, fs.ErrNotExist)
	}
	return checkpoint, nil
}

func (k *kept) close() {
	k.all.close()
	k.minutes.close()
}

func (s *shelf) bookName(period int64, number int) string {
	return fmt.Sprintf("kept/%s%08d-%06d", s.prefix, period, number)
}

// parseBook parses the name of a book in its folder.
func (s *shelf) parseBook(name string) (*book, bool) {
	rest, ours := strings.CutPrefix(name, s.prefix)
	a, b, _ := strings.Cut(rest, "-")
	period, err := strict.Padded(a, 8)
	number, err2 := strict.Padded(b, 6)
	if !ours || err != nil || err2 != nil {
		return nil, false
	}
	return &book{name: "kept/" + name, period: int64(period), number: int(number)}, true
}
