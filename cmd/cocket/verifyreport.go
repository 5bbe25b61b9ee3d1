// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cocket.example/cmd/cocket/internal/page"
	"cocket.example/cmd/internal/build"
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
		return r.out.check()
	case r.out.force:
		return errors.New("--force is for the file of --report")
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

// shellQuote writes a word as a shell reads it.
func shellQuote(word string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("+-./:=@_", c)
	}
	if word != "" && strings.IndexFunc(word, func(c rune) bool { return !plain(c) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
