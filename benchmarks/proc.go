// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// memory is what a process holds of memory, in MiB (proc(5)).
type memory struct {
	anonymous float64 // RssAnon: its own
	files     float64 // RssFile: of files, which the system may take back
	peak      float64 // VmHWM: the most that both were
}

func readMemory(pid int) (m memory, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return m, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		var to *float64
		switch name {
		case "RssAnon":
			to = &m.anonymous
		case "RssFile":
			to = &m.files
		case "VmHWM":
			to = &m.peak
		default:
			continue
		}
		if _, err := fmt.Sscan(value, to); err != nil {
			return m, fmt.Errorf("/proc/%d/status: %s: %w", pid, name, err)
		}
		*to /= 1024
	}
	return m, nil
}

// watch samples the memory of a process until it is asked for the samples.
type watch struct {
	mu      sync.Mutex
	samples []memory
}

// startWatch begins to sample, until ctx or the process ends.
func startWatch(ctx context.Context, pid int) *watch {
	w := new(watch)
	go func() {
		for tick := time.NewTicker(20 * time.Millisecond); ctx.Err() == nil; <-tick.C {
			m, err := readMemory(pid)
			if err != nil {
				return
			}
			w.mu.Lock()
			w.samples = append(w.samples, m)
			w.mu.Unlock()
		}
	}()
	return w
}

// take returns the medians since the last call.
func (w *watch) take() memory {
	w.mu.Lock()
	defer w.mu.Unlock()
	var anonymous, files []float64
	for _, m := range w.samples {
		anonymous, files = append(anonymous, m.anonymous), append(files, m.files)
	}
	w.samples = nil
	return memory{anonymous: median(anonymous), files: median(files)}
}

// onDisk returns how many bytes of the disk the files below dir take.
func onDisk(dir string) (total float64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			total += 512 * float64(stat.Blocks)
		}
		return nil
	})
	return total, err
}
