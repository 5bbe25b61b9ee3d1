// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cocket.example/cmd/cocket/internal/page"
	"cocket.example/cmd/internal/build"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// reporting writes the page, and remembers for it what was read and asked.
type reporting struct {
	command *cobra.Command
	out     output
	files   []page.File
}

func (r *reporting) flags(cmd *cobra.Command) {
	r.out.mode = 0o600 // it holds values
	cmd.Flags().StringVar(&r.out.path, "report", "", "write a page to be printed and filed to `FILE`.html")
	cmd.Flags().BoolVar(&r.out.force, "force", false, "overwrite the file of --report")
}

func (r *reporting) check() error {
	switch {
	case r.out.path != "":
		return errors.Join(r.apart(), r.out.check())
	case r.out.force:
		return errors.New("--force is for the file of --report")
	}
	return nil
}

// apart refuses to write the page over a file that the command names otherwise: what was verified would be gone.
func (r *reporting) apart() error {
	page, err := os.Stat(r.out.path)
	if err != nil {
		return nil // there is none yet
	}
	names := r.command.Flags().Args()
	r.command.Flags().Visit(func(f *pflag.Flag) {
		switch list, several := f.Value.(pflag.SliceValue); {
		case f.Name == "report":
		case several:
			names = append(names, list.GetSlice()...)
		default:
			names = append(names, f.Value.String())
		}
	})
	for _, name := range names {
		if file, err := os.Stat(name); err == nil && os.SameFile(page, file) {
			return fmt.Errorf("--report %s is the file %s, which the page is about: choose another name", r.out.path, name)
		}
	}
	return nil
}

// read reads a file that the page will name with the hash of what was read.
func (r *reporting) read(path string) ([]byte, error) {
	b, err := readFile(path)
	if err == nil && r != nil {
		r.files = append(r.files, page.File{Name: path, SHA256: fmt.Sprintf("%x", sha256.Sum256(b))})
	}
	return b, err
}

func (r *reporting) readPolicy(path string) (receipt.Policy, error) {
	b, err := r.read(path)
	if err != nil {
		return receipt.Policy{}, err
	}
	return parsePolicy(path, b)
}

func (r *reporting) write(p page.Page) error {
	if r.out.path == "" {
		return nil
	}
	p.Again = page.Again{Commands: []string{r.again()}, Files: r.files}
	p.Made = fmt.Sprintf("Made %s by cocket %s", time.Now().UTC().Format("2006-01-02 15:04:05 UTC"), build.Version())
	content, err := p.HTML()
	if err != nil {
		return err
	}
	return r.out.write(content)
}

// again is the command that was given, without what it writes.
func (r *reporting) again() string {
	words := []string{"cocket", "verify"}
	for _, arg := range r.command.Flags().Args() {
		words = append(words, shellQuote(arg))
	}
	r.command.Flags().Visit(func(f *pflag.Flag) {
		switch list, several := f.Value.(pflag.SliceValue); {
		case f.Name == "report" || f.Name == "force" || f.Name == "json" || f.Name == "state":
		case several:
			for _, value := range list.GetSlice() {
				words = append(words, "--"+f.Name, shellQuote(value))
			}
		case f.Value.Type() == "bool":
			words = append(words, "--"+f.Name)
		default:
			words = append(words, "--"+f.Name, shellQuote(f.Value.String()))
		}
	})
	return strings.Join(words, " ")
}

// shellQuote writes a word as a shell reads it. What does not print is written as its bytes, in the form of POSIX
// 2024 that bash, ksh and zsh know.
func shellQuote(word string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("+-./:=@_", c)
	}
	if word != "" && strings.IndexFunc(word, func(c rune) bool { return !plain(c) }) < 0 {
		return word
	}
	if strict.Printable(word, "") == word {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	for _, c := range []byte(word) {
		if plain(rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return "$'" + b.String() + "'"
}
