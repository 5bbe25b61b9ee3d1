// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bytes"
	"testing"

	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/log/storagetest"
)

// fresh lists entries as a record takes them.
func fresh(batch []log.Entry) (list []*log.Entry) {
	for i := range batch {
		list = append(list, &batch[i])
	}
	return list
}

// newLog makes a log on a simulated disk.
func newLog(t *testing.T) *disk {
	t.Helper()
	d := newDisk(1)
	if err := Create(d, "log.example/a"); err != nil {
		t.Fatal(err)
	}
	return d
}

// wantEntries opens a log and compares what it holds.
func wantEntries(t *testing.T, d *disk, want []log.Entry) {
	t.Helper()
	s := open(t, d)
	defer s.Close()
	size := s.tree.Load().Size
	if size != uint64(len(want)) {
		t.Fatalf("size %d, want %d", size, len(want))
	}
	for i, e := range want {
		if leaf, err := tile.ReadLeaf(t.Context(), s, uint64(i), size); err != nil || leaf != e.Leaf {
			t.Errorf("entry %d is another one: %v", i, err)
		}
	}
}

// TestStaleRecords: behind the end of the log stands a whole record that would go on from it, but is of
// another use of the segment, another log, or behind another record. It is nothing.
func TestStaleRecords(t *testing.T) {
	for name, change := range map[string]func(h *head){
		"another generation": func(h *head) { h.generation-- },
		"another log":        func(h *head) { h.id[3] ^= 1 },
		"another chain":      func(h *head) { h.previous[3] ^= 1 },
		"a gap":              func(h *head) { h.first++ },
	} {
		t.Run(name, func(t *testing.T) {
			d := newLog(t)
			s := open(t, d)
			w := s.wal
			if _, err := w.append(nil, fresh(storagetest.Entries(0, 3))); err != nil {
				t.Fatal(err)
			}
			h := head{w.id, w.generation, w.next, 0, w.last}
			change(&h)
			stale := newRecord(nil, h, fresh(storagetest.Entries(100, 4)))
			if err := writeSynced(w.file, stale, w.end); err != nil {
				t.Fatal(err)
			}
			s.Close()
			wantEntries(t, d, storagetest.Entries(0, 3))
		})
	}
}

// TestAbandonedRecord: a record whose sync failed stands whole in its segment, and the next segment goes
// on in its place.
func TestAbandonedRecord(t *testing.T) {
	d := newLog(t)
	s := open(t, d)
	w := s.wal
	if _, err := w.append(nil, fresh(storagetest.Entries(0, 3))); err != nil {
		t.Fatal(err)
	}
	abandoned := newRecord(nil, head{w.id, w.generation, w.next, w.next, w.last}, fresh(storagetest.Entries(100, 4)))
	if err := writeSynced(w.file, abandoned, w.end); err != nil {
		t.Fatal(err)
	}
	if err := w.roll(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.append(nil, fresh(storagetest.Entries(3, 2))); err != nil {
		t.Fatal(err)
	}
	s.Close()
	wantEntries(t, d, storagetest.Entries(0, 5))
}

// TestFormatOfAnother: the file that says what a directory is belongs to its state, and is in no other
// form than the one it was written in.
func TestFormatOfAnother(t *testing.T) {
	for name, change := range map[string]func(b []byte) []byte{
		"of another log": func([]byte) []byte { return formatFile("log.example/a", identity{1}) },
		"CRLF":           func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) },
		"a line more":    func(b []byte) []byte { return append(b, "more\n"...) },
		"capitals":       func(b []byte) []byte { return bytes.ToUpper(b) },
		"no name":        func([]byte) []byte { return formatFile("", identity{1}) },
		"cut short":      func(b []byte) []byte { return b[:len(b)-1] },
	} {
		d := newDisk(1)
		if err := Create(d, "log.example/a"); err != nil {
			t.Fatal(err)
		}
		whole, err := readFile(d, "format", 1<<10)
		if err != nil {
			t.Fatal(err)
		}
		if err := replaceFile(d, "format", change(whole)); err != nil {
			t.Fatal(err)
		}
		if s, err := Open(t.Context(), Config{FS: d, MinFree: 1, Reserve: 4096}); err == nil {
			t.Errorf("%s: opened", name)
			s.Close()
		}
	}
}
